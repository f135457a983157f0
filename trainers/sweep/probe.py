"""What training a shard takes, time and memory, from a part of its work on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from trainers.device import arithmetic
from trainers.engine import train_block
from trainers.engine.measure import Measured
from trainers.procedures import procedure_of
from trainers.procedures.base import Size
from trainers.sweep.job import Job
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.trainer import EngineTrainer, single_threaded

PROBE_SECONDS = 0.5
"""What is timed should take this much; less says more of the machine's other work than of ours."""

FORWARD = 1 / 3
"""An evaluation's share of a step's work: its forward pass."""

FEW = 16
"""Examples of a batch that are timed first, on a CPU: of a big network whole steps would take minutes."""

Line = tuple[float, float]
"""Seconds to start, and seconds of an epoch."""


def measure(job: Job, sweep: Sweep, shard: Shard, clock: Callable[[], float] = time.perf_counter) -> tuple[float, int]:
    """Seconds that a shard takes from its start to its end, and the bytes that it needs.

    Cells that diverge are dropped in a real run, so the estimate is rather too long than too short. Memory is the
    peak of what was run, and counted from the network's shapes where that was only a part of a batch.
    """
    work = _Work(job, sweep, shard, clock)
    if job.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(job.device)  # bigger blocks than this may have been tried
    before, counted = work.peak(), 0
    line = _by_part_of_a_batch(work) if job.device.type == "cpu" else None  # a GPU would measure its launches
    if line is not None:
        counted = before + shard.cells * procedure_of(job.task).bytes_of_cell(
            job.task, job.data, job.rule, arithmetic(job.device)
        )
    start, epoch = line or _by_batches(work) or _by_epochs(work)
    return start + job.all_epochs * epoch, max(work.peak(), counted)


def seconds_of(job: Job, shard: Shard, measured: Measured) -> float:
    """Seconds that a shard takes, by what choosing its size and backend has shown already."""
    return job.all_epochs * measured.epoch(shard.cells, procedure_of(job.task).size(job.task, job.data))


@dataclass(frozen=True)
class _Work:
    """A shard's training, of which parts are run and timed."""

    job: Job
    sweep: Sweep
    shard: Shard
    clock: Callable[[], float]

    @property
    def whole(self) -> Size:
        """The work of an epoch."""
        return procedure_of(self.job.task).size(self.job.task, self.job.data)

    def seconds(self, epochs: int, size: Size) -> float:
        """Run epochs of so much work."""
        job = self.job
        task, data = procedure_of(job.task).part(job.task, job.data, size)
        with single_threaded(job.device):
            begun = self.clock()
            hyper = self.sweep.hyper(self.shard)
            train_block(
                task,
                data,
                job.rule,
                hyper,
                self.shard.seed,
                epochs=epochs,
                device=job.device,
                backend=self.sweep.backend,
            )
            return self.clock() - begun

    def epoch(self, step: float) -> float:
        """Seconds of an epoch of which a step takes so many."""
        return step * (self.whole.steps + FORWARD * self.whole.evaluation)

    def peak(self) -> int:
        """The most bytes that have been in use."""
        return int(EngineTrainer(self.job, self.sweep).record()["memory"])


def _by_part_of_a_batch(work: _Work) -> Line | None:
    """For big networks; None where it is too quick to be timed."""
    batch = work.whole.batch
    few = Size(min(FEW, batch), 1, 1)
    work.seconds(1, few)  # the first call pays for compiling, caches and allocation
    part = work.seconds(1, few)
    if part < PROBE_SECONDS:
        return None
    return 0.0, work.epoch(part * batch / few.batch / (1 + FORWARD))


def _by_batches(work: _Work) -> Line | None:
    """From an epoch's first batches, at two lengths; None where all of them are too quick to be timed."""
    whole = work.whole
    few = min(2, whole.steps)

    def seconds(batches: int) -> float:
        return work.seconds(1, Size(whole.batch, batches, 1))

    seconds(few)  # pays for what comes first, as above
    step, start, enough = _slope(seconds, few, whole.steps)
    return (start, work.epoch(step)) if enough else None


def _by_epochs(work: _Work) -> Line:
    """From whole epochs, at two lengths where there are two."""
    epoch, start, _ = _slope(lambda epochs: work.seconds(epochs, work.whole), 1, work.job.all_epochs)
    return start, epoch


def _slope(seconds: Callable[[int], float], low: int, high: int) -> tuple[float, float, bool]:
    """The cost of one more, of none, and whether the two lengths that say so lie `PROBE_SECONDS` apart."""
    length, base = low, seconds(low)
    longer = base
    while length < high and longer - base < PROBE_SECONDS:
        length = min(2 * length, high)
        longer = seconds(length)
    each = max(longer - base, 0.0) / (length - low) if length > low else base / low
    return each, max(base - low * each, 0.0), longer - base >= PROBE_SECONDS
