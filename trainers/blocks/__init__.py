"""Training blocks of cells to their end, whatever happens: `train_blocks(blocks, store, workers)`.

A sweep, a transfer and live tuning say which blocks there are, and read what came of them; how a block is trained,
resumed, shared by processes and machines, and kept, stands here alone.
"""

from trainers.blocks.block import Block, Record, Result
from trainers.blocks.crew import Crew, crew, train_blocks
from trainers.blocks.store import BlockFile, BlockStore
from trainers.blocks.training import Training
from trainers.blocks.worker import Limit

__all__ = [
    "Block",
    "BlockFile",
    "BlockStore",
    "Crew",
    "Limit",
    "Record",
    "Result",
    "Training",
    "crew",
    "train_blocks",
]
