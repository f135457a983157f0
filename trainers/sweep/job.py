"""The job of one `grid run` for one optimizer, with its sweep and its folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trainers.job import Job
from trainers.procedures import procedure_of
from trainers.sweep.folder import SweepFolder
from trainers.sweep.sweep import Sweep


@dataclass(frozen=True)
class SweepJob(Job):
    """The training of every cell of a job's space, with so many seeds.

    Args:
        out: the folder of surfaces.
        block: cells of a shard at most; chosen unless given.
    """

    seeds: int = 1
    out: Path = Path("surfaces")
    block: int | None = None

    @cached_property
    def folder(self) -> SweepFolder:
        return SweepFolder.of(self.out, self.task.name, self.optimizer)

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep as it would begin in an empty folder."""
        identity = self.identity(self.space)
        counted = self.default_block  # also where another is given: a class may refuse this network
        if self.backend is not None:
            procedure_of(self.task).check_backend(self.task, self.data, self.kind, self.backend)
        return Sweep(identity, self.block or counted, self.backend)
