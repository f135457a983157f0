"""One worker: claims one shard after another, trains it, writes its file, until none of its own are left."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from grids.errors import BadInput
from trainers.sweep import claims, sealed_file, shard_file
from trainers.sweep.claims import Pace
from trainers.sweep.layout import Layout
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.shard_file import Result
from trainers.sweep.sweep import Shard, Sweep

SNAPSHOT = "snapshot"

Keeping = Callable[[], Callable[[], bytes]]
"""Begins to copy a state, and gives a function that waits for the copy and gives it as bytes."""


class OnEpoch(Protocol):
    """Called after each epoch."""

    def __call__(self, epoch: int, keeping: Keeping, lasting: bool = True) -> None:
        """Take notice, and keep the state if one is due.

        Args:
            epoch: epochs done.
            keeping: of the state then.
            lasting: whether that may be called later, too; else only before this returns.
        """
        ...


class Trainer(Protocol):
    """Trains a shard, from a state that `on_epoch` once gave or from the start; both end in the same result."""

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: OnEpoch) -> Result: ...

    def record(self) -> dict[str, Any]:
        """Where the last shard was trained: `device`, `software`, `memory` (peak, bytes), as JSON."""
        ...


class OutOfTime(Exception):
    """The time limit came in the middle of a shard; its state is kept."""


@dataclass
class Limit:
    """When to stop, and how long a shard takes here: nothing is started that would not end in time.

    Args:
        end: by `clock`; None for no limit.
        shard_seconds: expected time of one shard, at first an estimate, then the longest seen; None if unknown.
        clock: seconds, from anywhere.
    """

    end: float | None = None
    shard_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic

    def allows(self, share: float = 1.0) -> bool:
        """Whether a shard, or the `share` of it that is left, would end in time."""
        if self.end is None:
            return True
        now = self.clock()
        return now < self.end and now + share * (self.shard_seconds or 0.0) <= self.end

    def saw(self, seconds: float) -> None:
        self.shard_seconds = max(self.shard_seconds or 0.0, seconds)


@dataclass
class Worker:
    """Works through shards of one sweep beside any number of others.

    Args:
        say: gets one line where a person should know (a damaged file set aside, time over).
        advance: gets each shard once it is there, whoever trained it.
        save_every: seconds between two saved states of a shard in training.
    """

    layout: Layout
    sweep: Sweep
    train: Trainer
    limit: Limit = field(default_factory=Limit)
    pace: Pace = field(default_factory=Pace)
    say: Callable[[str], None] = print
    advance: Callable[[Shard], None] = lambda shard: None
    save_every: float = 60.0

    def run(self, shards: Sequence[Shard]) -> bool:
        """Work until every shard is there (True), or no time is left for what is not (False).

        Shards that others are at are waited for, and taken over where they are abandoned.

        Raises:
            BadInput: a file of another sweep, or a folder that cannot be written.
        """
        left = [shard for shard in shards if not self._is_there(shard)]
        while left:
            tried, too_long = 0, 0
            for shard in left:
                if not self.limit.allows(self._share_left(shard)):
                    too_long += 1
                    continue
                with claims.claimed(self.layout.claim(shard.name), self.pace) as ours:
                    # Its last holder may have finished it between our look and our claim.
                    if ours and not self._is_there(shard, count=False):
                        tried += 1
                        try:
                            self._train(shard)
                        except OutOfTime:
                            return False
            left = [shard for shard in left if not self._is_there(shard)]
            if left and not tried:
                if too_long:
                    return False
                time.sleep(self.pace.poll)
        return True

    def _share_left(self, shard: Shard) -> float:
        """The share of a shard's epochs that are still to be trained, where that matters: under a time limit."""
        if self.limit.end is None:
            return 1.0
        try:
            header, _ = sealed_file.read(self.layout.snapshot(shard.name), SNAPSHOT)
        except (FileNotFoundError, Damaged):
            return 1.0
        return 1.0 - float(header["epoch"]) / float(self.sweep.identity["fixed"]["epochs"])

    def _is_there(self, shard: Shard, count: bool = True) -> bool:
        """Whether a shard's file is there and whole; a damaged one is set aside, to be trained again."""
        try:
            found = shard_file.load(self.layout, self.sweep, shard) is not None
        except Damaged as damage:
            set_aside(self.layout, shard, damage, self.say)
            found = False
        if found and count:
            self.advance(shard)
        return found

    def _train(self, shard: Shard) -> None:
        begun = self.limit.clock()
        states = _States(self, shard)
        with states.kept_when_interrupted():
            result = self.train(shard, states.load(), states.on_epoch)
        states.finish()
        seconds = self.limit.clock() - begun
        self.limit.saw(seconds)
        record = {**self.train.record(), "seconds": seconds + states.earlier_seconds, "resumed": states.resumed}
        shard_file.save(self.layout, self.sweep, shard, result, record)
        self.layout.snapshot(shard.name).unlink(missing_ok=True)


def set_aside(layout: Layout, shard: Shard, damage: Damaged, say: Callable[[str], None]) -> None:
    """Rename a damaged shard's file, so that it is trained again and can still be looked at."""
    path = layout.shard(shard.name)
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_suffix(".damaged"))
    say(f"{damage}; kept as {path.with_suffix('.damaged').name}, its {shard.cells} cells are trained again")


class _States:
    """A shard's state at its epochs' ends: saved now and then, and when the training is interrupted."""

    def __init__(self, worker: Worker, shard: Shard) -> None:
        self._worker, self._shard = worker, shard
        self._path = worker.layout.snapshot(shard.name)
        self._clock = worker.limit.clock
        self._begun = self._saved = self._clock()
        self._latest: tuple[int, Keeping] | None = None
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self.earlier_seconds = 0.0
        self.resumed = 0

    def load(self) -> bytes | None:
        """The state to go on from, if any."""
        try:
            header, state = sealed_file.read(self._path, SNAPSHOT)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._worker.say(f"{damage}; its shard starts over")
            return None
        if header["sweep"] != self._worker.sweep.id or header["shard"] != self._shard.name:
            self._worker.say(f"{self._path}: not of this shard; it starts over")
            return None
        self.earlier_seconds, self.resumed = float(header["seconds"]), int(header["resumed"]) + 1
        return state

    def on_epoch(self, epoch: int, keeping: Keeping, lasting: bool = True) -> None:
        """Raises OutOfTime where the time is over."""
        if epoch == self._worker.sweep.identity["fixed"]["epochs"]:
            return  # the result itself comes next
        self._latest = (epoch, keeping)
        if not self._worker.limit.allows(share=0.0):
            self._save()
            raise OutOfTime
        if self._clock() - self._saved >= self._worker.save_every:
            self._save(wait=lasting)
        if not lasting:
            self._latest = None

    @contextlib.contextmanager
    def kept_when_interrupted(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            with contextlib.suppress(BadInput):
                self._save()
            raise

    def finish(self) -> None:
        """Wait for a state that is being written.

        Raises:
            BadInput: it could not be.
        """
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _save(self, wait: bool = True) -> None:
        """Keep the latest state; a device that trains goes on while it is written, unless it is to be waited for."""
        self.finish()
        if self._latest is None:
            return
        epoch, keeping = self._latest
        header = {
            "sweep": self._worker.sweep.id,
            "shard": self._shard.name,
            "epoch": epoch,
            "seconds": self._clock() - self._begun + self.earlier_seconds,
            "resumed": self.resumed,
        }
        self._saved, self._latest, state = self._clock(), None, keeping()

        def write() -> None:
            sealed_file.write(self._path, SNAPSHOT, header, state())

        if wait:
            write()
        else:
            self._writing = self._writer.submit(write)
