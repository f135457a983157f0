"""Rounds of live trainings: what is asked for in one go is split into blocks, trained, and kept."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grids.space import Space
from trainers.blocks import Block, Crew, train_blocks
from trainers.blocks.measure import choose_block
from trainers.job import Job
from trainers.live.journal import Journal, live_block


class LiveTrainer:
    """Trains the cells of a round, but for those that the journal knows.

    Args:
        space: of which cells are given.
        journal: where trainings are kept.
        workers: which train them.
        advance: called with a number of trainings when they are done.
    """

    def __init__(self, space: Space, journal: Journal, workers: Crew, advance: Callable[[int], None]) -> None:
        self.space, self.journal, self.workers, self.advance = space, journal, workers, advance

    def __call__(self, cells: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Train a round.

        Args:
            cells: flat numbers, int64 `[studies]`.
            seeds: of each training, int64 `[studies]`.

        Returns:
            Values, float64 `[studies]`, and whether a training diverged, bool `[studies]`.

        Raises:
            BadInput: see `train_blocks`.
        """
        runs = list(zip(cells.tolist(), seeds.tolist(), strict=True))
        missing: list[Block] = []
        for part in split(len(runs), self.journal.block, 1 + len(self.workers.others)):
            if any(self.journal.get(*runs[at]) is None for at in part):
                missing.append(live_block(self.space, [runs[at] for at in part]))
            else:
                self.advance(len(part))
        while missing:
            train_blocks(
                missing,
                self.journal.store,
                self.workers,
                say=self.journal.say,
                advance=lambda block: self.advance(block.cells),
            )
            missing = [block for block in missing if self.journal.take(block.name) is None]
        known = [self.journal.get(*run) for run in runs]
        done = [outcome for outcome in known if outcome is not None]
        return np.array([value for value, _ in done], np.float64), np.array([lost for _, lost in done], bool)


def split(count: int, block: int, workers: int) -> list[np.ndarray]:
    """`count` trainings in parts of at most `block`, of equal size to one, and equally many for each worker.

    >>> [len(part) for part in split(130, 56, 2)]
    [33, 33, 32, 32]
    """
    parts = math.ceil(count / block)
    parts = min(count, math.ceil(parts / workers) * workers)
    return np.array_split(np.arange(count), parts)


def block_size(job: Job, count: int, workers: int) -> int:
    """Cells to train at once, of `count` in a round: as `grid run` has it; measured on a GPU, counted on a CPU.

    Raises:
        BadInput: the data are not what the task expects, or a class refuses this network.
    """
    share = math.ceil(count / workers)
    if job.device.type == "cuda":
        return choose_block(job.task, job.data, job.rule, job.device, share).cells
    return min(share, job.default_block)


def folder_of(out: Path) -> Path:
    """The folder of the trainings of the table `out`, until that is written."""
    return out.with_name(f"{out.name}.parts")
