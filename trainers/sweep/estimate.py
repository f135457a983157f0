"""What a job will cost, before it runs: memory and time from a few real steps on this machine."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grids.errors import BadInput
from trainers.sweep import manifest, shard_file
from trainers.sweep.job import Job
from trainers.sweep.partition import partition
from trainers.sweep.probe import measure, seconds_of
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.trainer import EngineTrainer


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
    sweep, measured = partition(job, workers)
    shards = sweep.shards(range(job.seeds))
    done = sum(_is_there(job, sweep, shard) for shard in shards)
    largest = max(shards, key=lambda shard: shard.cells)
    if measured is None:
        seconds, memory = measure(job, sweep, largest, clock)
    else:
        seconds, memory = seconds_of(job, largest, measured), measured.memory
    left = len(shards) - done
    total = seconds * sum(shard.cells for shard in shards[:left]) / largest.cells
    rounds = -(-left // workers)
    return Estimate(
        task=job.task.name,
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
