"""Runs a job on this machine, one worker for each device or core, beside any others of the folder; merges at the end.

On a CPU every worker trains on one thread, and there are as many workers as cores: sums that are split over
threads come out a little otherwise for each number of threads, so that a surface would depend on the machine. It is
also the faster way: threads wait for each other after every small operation, and the more so on a machine with other
work (2 busy cores, 56 cells of `digits-mlp`: two threads took 7 times as long as one).
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch

from trainers.sweep import manifest, shard_file
from trainers.sweep.claims import Pace
from trainers.sweep.estimate import expected
from trainers.sweep.helpers import helping
from trainers.sweep.job import Job
from trainers.sweep.merge import is_merged, merge, tidy
from trainers.sweep.partition import partition
from trainers.sweep.probe import seconds_of
from trainers.sweep.signals import termination_interrupts
from trainers.sweep.sweep import Shard, Sweep, part
from trainers.sweep.trainer import EngineTrainer
from trainers.sweep.worker import Limit, Worker


@dataclass(frozen=True)
class Terms:
    """How a run goes about its work; nothing here changes a value.

    Args:
        shard: (index, count) of the part of the shards to train; None for all of them.
        end: wall-clock time (seconds since 1970) by which everything must have ended; None for no limit.
        shard_seconds: how long a shard is expected to take, where there is a limit; measured unless given.
        fresh: remove what is there first.
        command: as typed, for the surface's header.
        save_every: seconds between the saved states of a shard in training.
    """

    shard: tuple[int, int] | None = None
    end: float | None = None
    shard_seconds: float | None = None
    fresh: bool = False
    command: str = ""
    pace: Pace = field(default_factory=Pace)
    save_every: float = 60.0


def devices(name: str) -> list[str]:
    """The devices that one run uses, a worker each: every GPU for `cuda`, every core for `cpu`; `auto` chooses."""
    if name == "cuda" or (name == "auto" and torch.cuda.is_available()):
        return [f"cuda:{k}" for k in range(torch.cuda.device_count())] or [name]
    return ["cpu"] * cores() if name in ("auto", "cpu") else [name]


def cores() -> int:
    """Cores that this process may use: what the scheduler gave it, and no more than `OMP_NUM_THREADS` says."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for variable in ("SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "")
        if text.isdigit() and int(text) > 0:
            usable = min(usable, int(text))
    return usable


def run(
    job: Job,
    terms: Terms,
    say: Callable[[str], None] = print,
    advance: Callable[[Shard], None] = lambda shard: None,
) -> bool:
    """Train what is missing of a job and merge its surface; True where the surface is there at the end.

    Raises:
        BadInput: the folder holds something else or cannot be written, or the data is not what it should be.
        KeyboardInterrupt: Ctrl-C or SIGTERM; finished shards and states stay, claims are released.
    """
    first, *others = devices(job.device_name)
    planned, measured = partition(replace(job, device_name=first), 1 + len(others))
    sweep = manifest.adopt(job.layout, planned, job.seeds, job.block, terms.fresh)
    seeds = range(job.seeds)
    shards = sweep.shards(seeds)
    mine = shards if terms.shard is None else part(shards, *terms.shard)
    missing = sum(not job.layout.shard(shard.name).exists() for shard in mine)
    if terms.end is not None and terms.shard_seconds is None and missing and time.time() < terms.end:
        here, largest = replace(job, device_name=first), max(shards, key=lambda shard: shard.cells)
        known = measured is not None and sweep == planned  # else another worker began the folder meanwhile
        longest = seconds_of(here, largest, measured) if known and measured else expected(here, sweep, shards)
        terms = replace(terms, shard_seconds=longest)
    with termination_interrupts():
        while True:
            with helping(
                work, [(replace(job, device_name=name), sweep, mine, terms) for name in others[: max(missing - 1, 0)]]
            ):
                complete = work(replace(job, device_name=first), sweep, mine, terms, say, advance)
            if is_merged(job.layout, sweep, seeds):
                tidy(job.layout, sweep, seeds, terms.pace)
                return True
            if merge(job.layout, sweep, seeds, terms.command, say, terms.pace, job.about) is not None:
                return True
            # Somebody else's shards, or no time left; else a shard was damaged since we looked, and is done again.
            if not complete or terms.shard is not None or shard_file.all_there(job.layout, shards):
                return False


def work(
    job: Job,
    sweep: Sweep,
    shards: Sequence[Shard],
    terms: Terms,
    say: Callable[[str], None],
    advance: Callable[[Shard], None] = lambda shard: None,
) -> bool:
    """One worker in this process; see `Worker.run`."""
    end = None if terms.end is None else time.monotonic() + terms.end - time.time()
    limit = Limit(end, terms.shard_seconds)
    worker = Worker(
        job.layout,
        sweep,
        EngineTrainer(job, sweep),
        limit,
        terms.pace,
        say,
        advance,
        save_every=terms.save_every,
    )
    return worker.run(shards)
