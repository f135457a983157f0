"""Rounds of live trainings: what is asked for in one go is split into blocks, trained, and kept."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from grids.space import Space
from trainers.engine.measure import choose_block
from trainers.job import Job
from trainers.live.block import Block
from trainers.live.crew import Work
from trainers.live.journal import Journal


class LiveTrainer:
    """Trains the cells of a round, but for those that the journal knows.

    Args:
        job, space: what is trained, and the space of which cells are given.
        journal: where it is kept.
        work: see `trainers.live.crew`.
        workers: how many share a round.
        advance: called with a number of trainings when they are done.
    """

    def __init__(
        self, job: Job, space: Space, journal: Journal, work: Work, workers: int, advance: Callable[[int], None]
    ) -> None:
        self.job, self.space, self.journal, self.work = job, space, journal, work
        self.workers, self.advance = workers, advance

    def __call__(self, cells: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Train a round.

        Args:
            cells: flat numbers, int64 `[studies]`.
            seeds: of each training, int64 `[studies]`.

        Returns:
            Values, float64 `[studies]`, and whether a training diverged, bool `[studies]`.

        Raises:
            BadInput: as `trainers.live.block.train`; or the journal cannot be written.
        """
        runs = list(zip(cells.tolist(), seeds.tolist(), strict=True))
        missing = []
        for part in split(len(runs), self.journal.block, self.workers):
            if any(self.journal.get(*runs[at]) is None for at in part):
                missing.append(self._block([runs[at] for at in part]))
            else:
                self.advance(len(part))
        for number, values, diverged in self.work(missing):
            block = missing[number]
            self.journal.add(block.cells, block.seeds, values, diverged)
            block.path.unlink(missing_ok=True)
            self.advance(len(block.cells))
        found = [self.journal.get(*run) for run in runs]
        done = [one for one in found if one is not None]
        return np.array([value for value, _ in done], np.float64), np.array([lost for _, lost in done], bool)

    def _block(self, runs: Sequence[tuple[int, int]]) -> Block:
        cells, seeds = zip(*runs, strict=True)
        return Block(self.job, self.space, cells, seeds, self.journal.folder)


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
    """Where the trainings of the table `out` are kept until it is written."""
    return out.with_name(f"{out.name}.parts")
