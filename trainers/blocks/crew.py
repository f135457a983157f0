"""The workers of this machine, this process and others next to it, and the blocks that they train together."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from trainers.blocks.block import Block
from trainers.blocks.processes import helping
from trainers.blocks.store import BlockStore
from trainers.blocks.worker import Limit, Trainer, Worker


@dataclass
class Crew:
    """Workers: this process, and one for each connection.

    Args:
        trainer: of this process.
        others: to the other processes, as far as they have not ended.
    """

    trainer: Trainer
    others: list[Connection]


@contextlib.contextmanager
def crew(trainers: Sequence[Trainer]) -> Iterator[Crew]:
    """Yield workers, one for each of the trainers, of which the first works in this process.

    The processes stay from one call of `train_blocks` to the next, so that imports, data and compiled kernels are paid
    for once, and end with this one, however it ends (see `helping`).
    """
    pipes = [multiprocessing.Pipe() for _ in trainers[1:]]
    with helping(_serve, [(trainer, theirs) for trainer, (_, theirs) in zip(trainers[1:], pipes, strict=True)]):
        for _, theirs in pipes:
            theirs.close()  # so that a process which ends closes its pipe
        others = [ours for ours, _ in pipes]
        try:
            yield Crew(trainers[0], others)
        finally:
            for ours in others:
                ours.close()


def train_blocks(
    blocks: Sequence[Block],
    store: BlockStore,
    workers: Crew,
    *,
    limit: Limit | None = None,
    say: Callable[[str], None] = print,
    advance: Callable[[Block], None] = lambda block: None,
    on_epoch: Callable[[Block, int], None] = lambda block, epochs: None,
    save_every: float | None = None,
    poll: float = 1.0,
) -> bool:
    """Train every block whose result is not there, next to whoever else does; True where all are there at the end.

    The other processes need no supervision: what one leaves undone, killed or failed, this one finds and does itself.

    Args:
        blocks: what is wanted.
        store: where results and states are, and locks that keep two workers from training one block.
        workers: of this machine.
        limit: when to stop; never unless given.
        say, advance, on_epoch, save_every: see `Worker`; the first three are called in this process alone.
        poll: seconds until blocks that others are training are looked at again.

    Raises:
        BadInput: the folder cannot be written, or data, memory or a user's own code are not as they must be.
        KeyboardInterrupt: Ctrl-C or SIGTERM; results and states stay, locks are released.
    """
    limit = limit or Limit()
    missing = sum(not store.is_done(block.name) for block in blocks)
    busy = [
        other for other in workers.others[: max(missing - 1, 0)] if _sent(other, (blocks, store, limit, save_every))
    ]

    def pause() -> None:
        if not busy:
            time.sleep(poll)
        for other in wait(busy, poll) if busy else ():
            assert isinstance(other, Connection)
            busy.remove(other)
            try:
                other.recv()
            except (EOFError, OSError):  # it failed or was killed
                workers.others.remove(other)

    complete = Worker(store, workers.trainer, limit, say, advance, on_epoch, save_every, pause).run(blocks)
    while busy:
        pause()
    return complete


def _sent(other: Connection, work: object) -> bool:
    try:
        other.send(work)
    except OSError:  # it has ended; what it leaves is done by others
        return False
    return True


def _serve(trainer: Trainer, connection: Connection, say: Callable[[str], None]) -> None:
    """A worker process: trains blocks as they are sent, and answers when it finds none left to begin."""
    with contextlib.suppress(EOFError, ConnectionError):  # the first process has ended, or needs this one no more
        while True:
            blocks, store, limit, save_every = connection.recv()
            Worker(store, trainer, limit, say, save_every=save_every, pause=None).run(blocks)
            connection.send(None)
