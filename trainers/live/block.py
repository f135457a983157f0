"""One block of cells with seeds of their own, trained in whichever process, from where it was last kept."""

import hashlib
import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from grids.space import Space, axis_values
from trainers.engine import Snapshot, train_block
from trainers.job import Job
from trainers.saved_state import KIND, SavedState


@dataclass(frozen=True)
class Block:
    """Cells trained together. Picklable, for worker processes.

    Args:
        job: the task and optimizer; where they train.
        space: what the cells are cells of.
        cells: flat numbers.
        seeds: of initialisation, data order and augmentation, one for each cell.
        folder: where its state is kept while it trains.
    """

    job: Job
    space: Space
    cells: tuple[int, ...]
    seeds: tuple[int, ...]
    folder: Path

    @property
    def hyper(self) -> dict[str, np.ndarray]:
        """Each axis's value in the cells, float64 `[cells]`."""
        places = np.unravel_index(np.array(self.cells), self.space.shape)
        return {
            axis.name: axis_values(axis)[place].astype(np.float64)
            for axis, place in zip(self.space.axes, places, strict=True)
        }

    @property
    def identity(self) -> dict[str, Any]:
        """The block that a saved state must belong to, as JSON; the study's own identity is its folder's."""
        return {"cells": list(self.cells), "seeds": list(self.seeds)}

    @property
    def path(self) -> Path:
        """The file of its state."""
        digest = hashlib.sha256(json.dumps(self.identity).encode()).hexdigest()
        return self.folder / f"{digest[:16]}.{KIND}"


def train(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Values, float64 `[cells]`, and whether a cell diverged, bool `[cells]`: each as if it were trained alone.

    Raises:
        BadInput: data, memory, or a user's own task or class is not as it must be.
    """
    job = _known(block.job)
    hyper = block.hyper
    hyper |= {name: np.full(len(block.cells), value) for name, value in job.told.items()}
    saved = SavedState(block.path, block.identity, lambda line: print(line, file=sys.stderr, flush=True))
    state = saved.load()

    def on_epoch(snapshot: Snapshot) -> None:
        if snapshot.epoch < job.all_epochs:
            saved.after_epoch(snapshot)

    with job.training(len(block.cells)), saved.when_interrupted():
        result = train_block(
            job.task,
            job.data,
            job.rule,
            hyper,
            np.array(block.seeds),
            epochs=job.all_epochs,
            device=job.device,
            snapshot=None if state is None else Snapshot.from_bytes(state),
            on_epoch=on_epoch,
        )
    return result.value, result.diverged


@lru_cache(maxsize=4)
def _known(job: Job) -> Job:
    """The first job equal to this one that this process has met: it has task, rule and device ready."""
    return job
