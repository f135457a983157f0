"""Runs a job on this machine, one worker for each device or core, next to any others of the folder; merges at the end.

On a CPU every worker trains on one thread, and there are as many workers as cores: sums that are split over
threads come out a little otherwise for each number of threads, so that a surface would depend on the machine. It is
also the faster way: threads wait for each other after every small operation, and the more so on a machine with other
work (2 busy cores, 56 cells of `digits-mlp`: two threads took 7 times as long as one).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from trainers.blocks import Block, Limit, Training, crew, train_blocks
from trainers.blocks.processes import termination_interrupts
from trainers.device import devices
from trainers.sweep.job import SweepJob
from trainers.sweep.kept import Kept
from trainers.sweep.merge import is_merged, merge, tidy
from trainers.sweep.plan import expected, partition, seconds_of
from trainers.sweep.sweep import part


@dataclass(frozen=True)
class RunOptions:
    """Options of a run; nothing here changes a value.

    Args:
        shard: (index, count) of the part of the shards to train; None for all of them.
        end: wall-clock time (seconds since 1970) by which everything must have ended; None for no limit.
        shard_seconds: how long a shard is expected to take, where there is a limit; measured unless given.
        fresh: remove what is there first.
        command: as typed, for the surface's header.
        save_every: seconds between the saved states of a shard in training.
        poll: seconds until a worker looks again at shards that others are training.
    """

    shard: tuple[int, int] | None = None
    end: float | None = None
    shard_seconds: float | None = None
    fresh: bool = False
    command: str = ""
    save_every: float | None = None
    poll: float = 1.0


def run(
    job: SweepJob,
    options: RunOptions,
    say: Callable[[str], None] = print,
    advance: Callable[[Block], None] = lambda block: None,
) -> bool:
    """Train what is missing of a job and merge its surface; True where the surface is there at the end.

    Raises:
        BadInput: the folder holds something else or cannot be written, or the data is not what it should be.
        KeyboardInterrupt: Ctrl-C or SIGTERM; finished shards and states stay, locks are released.
    """
    first, *others = (replace(job, device_name=name) for name in devices(job.device_name))
    planned, measured = partition(first, 1 + len(others))
    sweep, seeds = job.folder.adopt(planned, job.seeds, job.block, options.fresh), range(job.seeds)
    store, shards = job.folder.store(sweep), sweep.shards(seeds)
    kept = Kept(sweep, store, None) if options.fresh else Kept.of(job.folder, sweep)
    if kept.words(seeds):
        say(f"{job.folder.surface}: {kept.words(seeds)}")
    mine = shards if options.shard is None else part(shards, *options.shard)
    missing = sum(not kept.has(shard) for shard in mine)
    seconds = options.shard_seconds
    if options.end is not None and seconds is None and missing and time.time() < options.end:
        largest = max(shards, key=lambda shard: shard.cells)
        known = measured if sweep == planned else None  # else another worker began the folder meanwhile
        seconds = seconds_of(first, largest, known) if known else expected(first, sweep, shards)
    limit = Limit(None if options.end is None else time.monotonic() + options.end - time.time(), seconds)
    trainers = [Training(one, sweep.backend) for one in (first, *others[: max(missing - 1, 0)])]
    with termination_interrupts() as check, crew(trainers) as workers:

        def advance_if_wanted(block: Block) -> None:
            advance(block)
            check()

        while True:
            blocks = []
            for shard in mine:
                if store.is_done(shard.name) or not kept.has(shard):
                    blocks.append(sweep.block_of(shard))
                else:
                    advance_if_wanted(sweep.block_of(shard))
            complete = train_blocks(
                blocks,
                store,
                workers,
                limit=limit,
                say=say,
                advance=advance_if_wanted,
                save_every=options.save_every,
                poll=options.poll,
            )
            if is_merged(job.folder, sweep, seeds):
                tidy(job.folder, sweep, seeds)
                return True
            if merge(job.folder, sweep, seeds, options.command, say, job.about, kept) is not None:
                return True
            # Somebody else's shards, or no time left; else a shard was damaged, and is trained again.
            there = all(map(kept.has, shards))
            if not complete or options.shard is not None or there:
                return False
