"""Plans a job before it runs: its partition into shards, and the memory and time that a shard takes on this machine."""

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from grids.errors import BadInput
from trainers.blocks import measure as block
from trainers.blocks.measure import Measured
from trainers.device import describe, peak_memory, single_threaded
from trainers.procedures import procedure_of
from trainers.procedures.base import Size
from trainers.sweep.job import SweepJob
from trainers.sweep.kept import Kept
from trainers.sweep.sweep import Shard, Sweep

PROBE_SECONDS = 0.5
"""What is timed should take this much; less says more of the machine's other work than of ours."""

FEW = 16
"""Examples of a batch that are timed first, on a CPU: of a big network whole steps would take minutes."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Estimate:
    """An estimate of a job's training.

    Args:
        cells, seeds, epochs, shards: the sweep.
        cells_per_shard: of the largest shard.
        shards_done: those that are there already.
        memory_gib: what a worker needs, at its peak.
        seconds_per_shard: of the largest shard, on one device of this machine.
        hours: all shards that are still to be trained, on `workers` devices side by side.
        gpu_hours: the same, summed over the devices; 0 on a CPU.
        obstacle: why `grid run` would refuse to train into this folder; None where it would not.
    """

    task: str
    optimizer: str
    cells: int
    seeds: int
    epochs: int
    shards: int
    cells_per_shard: int
    shards_done: int
    memory_gib: float
    seconds_per_shard: float
    hours: float
    gpu_hours: float
    workers: int
    device: str
    obstacle: str | None


def partition(job: SweepJob, workers: int) -> tuple[Sweep, Measured | None]:
    """The job's sweep with the partition to use, on a machine with so many workers; and what measuring it showed.

    The partition is the one that the folder began with, else measured on a GPU, else counted (`Job.default_block`).
    On a GPU the block and the backend that take the least time for a cell depend on how much of the machine one launch
    fills, so they are tried; but no worker is left without a block.

    Raises:
        BadInput: the folder's `sweep.json` cannot be read.
    """
    if job.block is not None:
        return job.sweep, None
    held = job.folder.read()
    if held is not None and held.sweep.id == job.sweep.id:
        return held.sweep, None
    if job.device.type != "cuda":
        return job.sweep, None
    share = math.ceil(job.space.size * job.seeds / workers)
    backends = (job.backend,) if job.backend is not None else procedure_of(job.task).backends_on_gpu(job.task, job.data)
    best = block.choose_block(job.task, job.data, job.rule, job.device, min(share, job.space.size), backends)
    return replace(job.sweep, block=best.cells, backend=best.backend), best


def estimate(job: SweepJob, workers: int = 1, clock: Clock = time.perf_counter) -> Estimate:
    """Measure a few steps of a job's largest shard, and scale them up. Writes nothing.

    Raises:
        BadInput: whatever `grid run` would refuse, but for a folder that holds something else.
    """
    sweep, measured = partition(job, workers)
    shards = sweep.shards(range(job.seeds))
    obstacle = None
    try:
        job.folder.check(sweep, job.block)
    except BadInput as error:
        obstacle = str(error)
    kept = Kept(sweep, job.folder.store(sweep), None) if obstacle else Kept.of(job.folder, sweep)
    done = sum(map(kept.has, shards))
    largest = max(shards, key=lambda shard: shard.cells)
    measured = measured or measure(job, sweep, largest, clock)
    seconds = seconds_of(job, largest, measured)
    left = len(shards) - done
    total = seconds * sum(shard.cells for shard in shards[:left]) / largest.cells
    return Estimate(
        task=job.task.name,
        optimizer=job.optimizer,
        cells=sweep.space.size,
        seeds=job.seeds,
        epochs=job.all_epochs,
        shards=len(shards),
        cells_per_shard=largest.cells,
        shards_done=done,
        memory_gib=round(measured.memory / 2**30, 2),
        seconds_per_shard=seconds,
        hours=min(total, -(-left // workers) * seconds) / 3600,
        gpu_hours=total / 3600 if job.device.type == "cuda" else 0.0,
        workers=workers,
        device=_device(job),
        obstacle=obstacle,
    )


def expected(job: SweepJob, sweep: Sweep, shards: Sequence[Shard]) -> float:
    """Seconds that the longest of the shards takes here: as those that were done on such a device, else measured.

    Raises:
        BadInput: whatever `grid run` would refuse.
    """
    device, store, known = _device(job), job.folder.store(sweep), []
    for shard in shards:
        with contextlib.suppress(BadInput):
            file = store.read(shard.name)
            if file is not None and file.record.device == device:
                known.append(file.record.seconds)
    largest = max(shards, key=lambda shard: shard.cells)
    return max(known) if known else seconds_of(job, largest, measure(job, sweep, largest))


def _device(job: SweepJob) -> str:
    with single_threaded(job.device):
        return describe(job.device)


def seconds_of(job: SweepJob, shard: Shard, measured: Measured) -> float:
    """Seconds that a shard takes, by the time of a step and of judging a batch.

    Cells that diverge are dropped in a real run, so this is rather too long than too short.
    """
    return job.all_epochs * measured.epoch(shard.cells, procedure_of(job.task).size(job.task, job.data))


def measure(job: SweepJob, sweep: Sweep, shard: Shard, clock: Clock = time.perf_counter) -> Measured:
    """Time a step of a shard on this machine, and count the bytes that a worker needs.

    On a CPU so much work is timed as takes `PROBE_SECONDS`, beginning with a part of a batch; memory is then counted
    from the network's shapes, and is otherwise the peak of what was run.
    """
    whole = procedure_of(job.task).size(job.task, job.data)

    def timed(work: Size | None) -> Measured:
        with single_threaded(job.device):
            return block.measure(job.task, job.data, job.rule, job.device, shard.cells, sweep.backend, work, clock)

    if job.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(job.device)  # bigger blocks than this may have been tried
        return timed(None)
    before = peak_memory(job.device)
    few = Size(min(FEW, whole.batch), 1, 1.0)
    found = timed(few)
    if shard.cells * found.seconds >= PROBE_SECONDS:
        scale = whole.batch / few.batch
        memory = max(peak_memory(job.device), before + shard.cells * job.bytes_of_cell)
        return replace(found, seconds=scale * found.seconds, judging=scale * found.judging, memory=memory)
    found = timed(None)
    enough = min(PROBE_SECONDS / max(shard.cells * found.seconds, 1e-9), whole.steps)
    if enough > block.STEPS:
        found = timed(replace(whole, steps=math.ceil(enough)))
    return replace(found, memory=peak_memory(job.device))
