"""What a job will cost, before it runs: memory and time from a few real steps on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from grids.errors import BadInput
from trainers.engine import train_block
from trainers.sweep import manifest, shard_file
from trainers.sweep.job import EngineTrainer, Job
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.sweep import Shard, Sweep
from trainers.task import Dataset

PROBE_SECONDS = 1.0
"""How long the steps that are timed should take in all; fewer make the estimate worse than its use."""


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


def estimate(job: Job, workers: int = 1, clock: Callable[[], float] = time.perf_counter) -> Estimate:
    """Measure a few steps of a job's largest shard, and scale them up. Writes nothing.

    Raises:
        BadInput: whatever `grid run` would refuse.
    """
    sweep = job.sweep
    found = manifest.read(job.layout)
    if found is not None and found[0].id == sweep.id:
        sweep = found[0]
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
    )


def _is_there(job: Job, sweep: Sweep, shard: Shard) -> bool:
    try:
        return shard_file.load(job.layout, sweep, shard) is not None
    except (Damaged, BadInput):
        return False


def measure(job: Job, sweep: Sweep, shard: Shard, clock: Callable[[], float]) -> tuple[float, int]:
    """Seconds that a shard takes from its start to its end, and the bytes that it needs, from a few of its steps.

    One epoch on a handful of batches is timed at two lengths: the difference is what a step costs, and what the
    shorter one takes beyond its steps is the cost of starting. Cells that diverge are dropped in a real run, so
    the estimate is rather too long than too short.
    """
    data, batch = job.data, job.task.batch_size
    steps_an_epoch = len(data.train_y) // batch

    def seconds(steps: int, validation: int) -> float:
        small = _cut(data, steps * batch, validation)
        begun = clock()
        train_block(job.task, small, job.rule, sweep.hyper(shard), shard.seed, epochs=1, device=job.device)
        return clock() - begun

    few = min(2, steps_an_epoch)
    if job.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(job.device)
    seconds(few, batch)  # the first call pays for compiling, caches and allocation
    base = seconds(few, batch)
    more = min(max(few + 1, few * round(PROBE_SECONDS / max(base, 1e-4))), steps_an_epoch)
    step = max(seconds(more, batch) - base, 0.0) / (more - few) if more > few else base / few
    start = max(base - few * step, 0.0)
    # An evaluation is a forward pass, about a third of a step's work.
    evaluation = step * len(data.valid_y) / batch / 3
    total = start + job.all_epochs * (steps_an_epoch * step + evaluation)
    return total, int(EngineTrainer(job, sweep).record()["memory"])


def _cut(data: Dataset, train: int, valid: int) -> Dataset:
    return replace(
        data,
        train_x=data.train_x[:train],
        train_y=data.train_y[:train],
        valid_x=data.valid_x[:valid],
        valid_y=data.valid_y[:valid],
    )
