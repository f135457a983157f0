"""Training many cells at once: `train_block`."""

from trainers.engine.block import train_block
from trainers.engine.results import BlockResult, Snapshot

__all__ = ["BlockResult", "Snapshot", "train_block"]
