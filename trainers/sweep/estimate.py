"""What a job will cost, before it runs: memory and time from a few real steps on this machine."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from grids.errors import BadInput
from trainers.device import arithmetic
from trainers.engine import train_block
from trainers.sweep import manifest, shard_file
from trainers.sweep.job import Job
from trainers.sweep.memory import bytes_of_cell
from trainers.sweep.partition import partition
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.trainer import EngineTrainer, settled
from trainers.task import Dataset

PROBE_SECONDS = 0.5
"""What is timed should take this much; less says more of the machine's other work than of ours."""

FORWARD = 1 / 3
"""An evaluation's share of a step's work: its forward pass."""

FEW = 16
"""Examples of a batch that are timed first, on a CPU: of a big network whole steps would take minutes."""


@dataclass(frozen=True)
class Estimate:
    """What training a job takes.

    Args:
        cells, seeds, epochs, shards, block: the sweep; `block` is the largest shard's number of cells.
        done: shards that are there already.
        shard_seconds: one shard, on one device of this machine.
        hours: all shards that are still to be trained, on `workers` devices side by side.
        device_hours: the same, summed over devices: GPU-hours where they are GPUs.
        memory: bytes a worker needs, at its peak.
        obstacle: why `grid run` would refuse to train into this folder; None where it would not.
    """

    task: str
    optimizer: str
    cells: int
    seeds: int
    epochs: int
    shards: int
    block: int
    done: int
    shard_seconds: float
    hours: float
    device_hours: float
    memory: int
    workers: int
    device: str
    obstacle: str | None


def estimate(job: Job, workers: int = 1, clock: Callable[[], float] = time.perf_counter) -> Estimate:
    """Measure a few steps of a job's largest shard, and scale them up. Writes nothing.

    Raises:
        BadInput: whatever `grid run` would refuse, but for a folder that holds something else.
    """
    sweep = partition(job, workers)
    shards = sweep.shards(range(job.seeds))
    done = sum(_is_there(job, sweep, shard) for shard in shards)
    largest = max(shards, key=lambda shard: shard.cells)
    seconds, memory = measure(job, sweep, largest, clock)
    left = len(shards) - done
    total = seconds * sum(shard.cells for shard in shards[:left]) / largest.cells
    rounds = -(-left // workers)
    return Estimate(
        task=job.task_name,
        optimizer=job.optimizer,
        cells=sweep.space.size,
        seeds=job.seeds,
        epochs=job.all_epochs,
        shards=len(shards),
        block=largest.cells,
        done=done,
        shard_seconds=seconds,
        hours=min(total, rounds * seconds) / 3600,
        device_hours=total / 3600,
        memory=memory,
        workers=workers,
        device=EngineTrainer(job, sweep).record()["device"],
        obstacle=_obstacle(job, sweep),
    )


def _obstacle(job: Job, sweep: Sweep) -> str | None:
    try:
        manifest.check(job.layout, sweep, job.block)
    except BadInput as error:
        return str(error)
    return None


def _is_there(job: Job, sweep: Sweep, shard: Shard) -> bool:
    try:
        return shard_file.load(job.layout, sweep, shard) is not None
    except (Damaged, BadInput):
        return False


def measure(job: Job, sweep: Sweep, shard: Shard, clock: Callable[[], float] = time.perf_counter) -> tuple[float, int]:
    """Seconds that a shard takes from its start to its end, and the bytes that it needs, from a part of its work.

    Timed at two lengths, of which the difference is what more of it costs and the rest what starting costs: batches
    of one epoch where a few of them take long enough to be timed, else whole epochs. Of a big network on a CPU
    a part of a batch has to do. Cells that diverge are dropped in a real run, so the estimate is rather too long than
    too short. Memory is the peak of what was run, and counted from the network's shapes where that was only a part.
    """
    data, batch = job.data, job.task.batch_size
    steps = max(len(data.train_y) // batch, 1)

    def seconds(epochs: int, batches: int, validation: int, size: int = batch) -> float:
        task, cut = replace(job.task, batch_size=size), _cut(data, batches * size, validation)
        with settled(job.device):
            begun = clock()
            train_block(task, cut, job.rule, sweep.hyper(shard), shard.seed, epochs=epochs, device=job.device)
            return clock() - begun

    def peak() -> int:
        return int(EngineTrainer(job, sweep).record()["memory"])

    part, needed = 0.0, 0
    if job.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(job.device)  # bigger blocks than this may have been tried
    if job.device.type == "cpu":  # a GPU would measure its launches
        few, before = min(FEW, batch), peak()
        seconds(1, 1, few, few)  # the first call pays for compiling, caches and allocation
        part = seconds(1, 1, few, few)
    if part >= PROBE_SECONDS:
        step, start, enough = part * batch / few / (1 + FORWARD), 0.0, True
        needed = before + shard.cells * bytes_of_cell(job.task, data, job.rule, arithmetic(job.device))
    else:
        seconds(1, min(2, steps), batch)
        step, start, enough = _slope(lambda batches: seconds(1, batches, batch), min(2, steps), steps)
    if enough:
        epoch = step * (steps + FORWARD * len(data.valid_y) / batch)
    else:
        epoch, start, _ = _slope(lambda epochs: seconds(epochs, steps, len(data.valid_y)), 1, job.all_epochs)
    return start + job.all_epochs * epoch, max(peak(), needed)


def _slope(seconds: Callable[[int], float], low: int, high: int) -> tuple[float, float, bool]:
    """The cost of one more, of none, and whether the two lengths that say so lie `PROBE_SECONDS` apart."""
    length, base = low, seconds(low)
    longer = base
    while length < high and longer - base < PROBE_SECONDS:
        length = min(2 * length, high)
        longer = seconds(length)
    each = max(longer - base, 0.0) / (length - low) if length > low else base / low
    return each, max(base - low * each, 0.0), longer - base >= PROBE_SECONDS


def _cut(data: Dataset, train: int, valid: int) -> Dataset:
    return replace(
        data,
        train_x=data.train_x[:train],
        train_y=data.train_y[:train],
        valid_x=data.valid_x[:valid],
        valid_y=data.valid_y[:valid],
    )


def expected(job: Job, sweep: Sweep, shards: Sequence[Shard]) -> float:
    """Seconds that the longest of the shards takes here: as those that were done on such a device, else measured.

    Raises:
        BadInput: whatever `grid run` would refuse.
    """
    device = EngineTrainer(job, sweep).record()["device"]
    known = []
    for shard in shards:
        with contextlib.suppress(Damaged):
            found = shard_file.load(job.layout, sweep, shard)
            if found is not None and found.record["device"] == device:
                known.append(float(found.record["seconds"]))
    return max(known) if known else measure(job, sweep, max(shards, key=lambda shard: shard.cells))[0]
