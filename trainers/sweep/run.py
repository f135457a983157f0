"""Runs a job on the devices of this machine, beside any other workers of the same folder, and merges at the end."""

import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any

import torch

from grids.errors import BadInput
from trainers.sweep import manifest
from trainers.sweep.claims import Pace
from trainers.sweep.job import EngineTrainer, Job
from trainers.sweep.merge import is_merged, merge
from trainers.sweep.signals import termination_interrupts
from trainers.sweep.sweep import Shard, Sweep, part
from trainers.sweep.worker import Limit, Trainer, Worker


@dataclass(frozen=True)
class Terms:
    """How a run goes about its work; nothing here changes a value.

    Args:
        shard: (index, count) of the part of the shards to train; None for all, staying until they are there.
        end: wall-clock time (seconds since 1970) by which everything must have ended; None for no limit.
        fresh: remove what is there first.
        command: as typed, for the surface's header.
        save_every: seconds between the saved states of a shard in training.
    """

    shard: tuple[int, int] | None = None
    end: float | None = None
    fresh: bool = False
    command: str = ""
    pace: Pace = field(default_factory=Pace)
    save_every: float = 60.0


def devices(name: str) -> list[str]:
    """The devices that one run uses: every GPU of the machine for `cuda` (or `auto` where there is one)."""
    if name in ("cuda", "auto") and torch.cuda.is_available():
        return [f"cuda:{k}" for k in range(torch.cuda.device_count())]
    return [name]


def run(
    job: Job,
    terms: Terms,
    say: Callable[[str], None] = print,
    advance: Callable[[Shard], None] = lambda shard: None,
) -> bool:
    """Train what is missing of a job and merge its surface; True where the surface is there at the end.

    Raises:
        BadInput: the folder holds something else or cannot be written, or the data is not what it should be.
        RuntimeError: a worker process died.
        KeyboardInterrupt: Ctrl-C or SIGTERM; finished shards and states stay, claims are released.
    """
    sweep = manifest.adopt(job.layout, job.sweep, job.seeds, job.block, terms.fresh)
    seeds = range(job.seeds)
    shards = sweep.shards(seeds)
    mine = shards if terms.shard is None else part(shards, *terms.shard)
    names = devices(job.device_name)
    with termination_interrupts():
        while True:
            if len(names) == 1:
                complete = work(job, sweep, mine, terms, say, advance)
            else:
                complete = _in_processes(job, sweep, mine, terms, names, say, advance)
            if is_merged(job.layout, sweep, seeds):
                return True
            if merge(job.layout, sweep, seeds, terms.command, say, terms.pace) is not None:
                return True
            # Somebody else's shards, or no time left; else a shard was damaged since we looked, and is done again.
            if not complete or terms.shard is not None:
                return False


def work(
    job: Job,
    sweep: Sweep,
    shards: Sequence[Shard],
    terms: Terms,
    say: Callable[[str], None],
    advance: Callable[[Shard], None],
    trainer: Trainer | None = None,
) -> bool:
    """One worker in this process; see `Worker.run`."""
    limit = Limit(None if terms.end is None else time.monotonic() + terms.end - time.time())
    worker = Worker(
        job.layout,
        sweep,
        trainer or EngineTrainer(job, sweep),
        limit,
        terms.pace,
        say,
        advance,
        wait=terms.shard is None,
        save_every=terms.save_every,
    )
    return worker.run(shards)


def _in_processes(
    job: Job,
    sweep: Sweep,
    shards: Sequence[Shard],
    terms: Terms,
    names: Sequence[str],
    say: Callable[[str], None],
    advance: Callable[[Shard], None],
) -> bool:
    """One worker process for each device, all on the same folder."""
    context = multiprocessing.get_context("spawn")
    running: list[tuple[Any, Connection]] = []
    try:
        for name in names:
            ours, theirs = context.Pipe(duplex=False)
            arguments = (replace(job, device_name=name), sweep, list(shards), terms, theirs)
            process = context.Process(target=_process, args=arguments, name=f"tunecost {name}")
            process.start()
            theirs.close()
            running.append((process, ours))
        return _listen(running, say, advance)
    finally:
        for process, _ in running:
            process.terminate()
        for process, _ in running:
            process.join()


def _listen(
    running: Sequence[tuple[Any, Connection]], say: Callable[[str], None], advance: Callable[[Shard], None]
) -> bool:
    """Pass on what the workers tell until all have ended."""
    open_ends = [connection for _, connection in running]
    told: set[object] = set()  # every worker sees every shard, and every damaged file
    outcomes: list[bool] = []
    while open_ends:
        for connection in multiprocessing.connection.wait(open_ends):
            assert isinstance(connection, Connection)
            try:
                kind, content = connection.recv()
            except EOFError:
                open_ends.remove(connection)
                continue
            if kind in ("say", "advance"):
                if content not in told:
                    (say if kind == "say" else advance)(content)
                told.add(content)
            elif kind == "bad input":
                raise BadInput(content)
            elif kind == "done":
                outcomes.append(content)
    for process, _ in running:
        process.join()
    if len(outcomes) < len(running):
        raise RuntimeError("a worker process died; finished shards stay, the same command goes on")
    return all(outcomes)


def _process(job: Job, sweep: Sweep, shards: list[Shard], terms: Terms, out: Connection) -> None:
    """A worker process's body."""
    try:
        with termination_interrupts():
            done = work(
                job,
                sweep,
                shards,
                terms,
                lambda line: out.send(("say", line)),
                lambda shard: out.send(("advance", shard)),
            )
        out.send(("done", done))
    except BadInput as error:
        out.send(("bad input", str(error)))
    except KeyboardInterrupt:
        pass
