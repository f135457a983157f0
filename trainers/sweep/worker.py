"""One worker: locks one shard after another, trains it, writes its file, until none of its own are left."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from grids.errors import Damaged
from trainers.saved_state import SAVE_EVERY, SavedState, State, epochs_done
from trainers.sweep import shards as shard_files
from trainers.sweep.folder import SweepFolder
from trainers.sweep.locks import locked
from trainers.sweep.shards import Record, Result
from trainers.sweep.sweep import Shard, Sweep


class Trainer(Protocol):
    """Trains a shard, from a state that `on_epoch` once got or from the start; both end in the same result."""

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: Callable[[State], None]) -> Result: ...

    def record(self) -> Record:
        """Where the last shard was trained."""
        ...


class OutOfTime(BaseException):
    """The time limit came in the middle of a shard; its state is saved. No error: nothing but the worker catches it."""


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
    """Trains shards of one sweep, next to any number of others.

    Args:
        advance: gets each shard once it is there, whoever trained it.
        say: gets one line where a person should know (a damaged state).
        save_every: seconds between two saved states of a shard in training.
        poll: seconds until it looks again at shards that others are training.
    """

    folder: SweepFolder
    sweep: Sweep
    train: Trainer
    limit: Limit = field(default_factory=Limit)
    say: Callable[[str], None] = print
    advance: Callable[[Shard], None] = lambda shard: None
    save_every: float = SAVE_EVERY
    poll: float = 1.0

    def run(self, shards: Sequence[Shard]) -> bool:
        """Work until every shard is there (True), or no time is left for what is not (False).

        Shards that others train are waited for, and taken over where their lock is released without a file.

        Raises:
            BadInput: the folder cannot be written.
        """
        left = self._left(shards)
        while left:
            tried, too_long = 0, 0
            for shard in left:
                if not self.limit.allows(self._share_left(shard)):
                    too_long += 1
                    continue
                with locked(self.folder.lock(shard.name)) as ours:
                    # Its last holder may have finished it between our look and our lock.
                    if ours and not self._path(shard).exists():
                        tried += 1
                        try:
                            self._train(shard)
                        except OutOfTime:
                            return False
            left = self._left(left)
            if left and not tried:
                if too_long:
                    return False
                time.sleep(self.poll)
        return True

    def _path(self, shard: Shard) -> Path:
        return self.folder.shard(shard.name)

    def _left(self, shards: Sequence[Shard]) -> list[Shard]:
        """The shards that are not there; `advance` gets the others."""
        there = [self._path(shard).exists() for shard in shards]
        for shard in (shard for shard, done in zip(shards, there, strict=True) if done):
            self.advance(shard)
        return [shard for shard, done in zip(shards, there, strict=True) if not done]

    def _share_left(self, shard: Shard) -> float:
        """The share of a shard that is still to be trained, where that matters: under a time limit."""
        if self.limit.end is None:
            return 1.0
        return 1.0 - epochs_done(self.folder.state(shard.name)) / self.sweep.epochs

    def _train(self, shard: Shard) -> None:
        path, begun = self.folder.state(shard.name), self.limit.clock()
        identity = {"sweep": self.sweep.id, "shard": shard.name}
        saved = SavedState(path, identity, self.say, self.save_every, self.limit.clock)

        def on_epoch(state: State) -> None:
            if state.epoch == self.sweep.epochs:
                return  # the result itself comes next
            late = not self.limit.allows(share=0.0)
            saved.after_epoch(state, now=late)
            if late:
                raise OutOfTime

        with saved.when_interrupted():
            result = self.train(shard, saved.load(), on_epoch)
        self.limit.saw(self.limit.clock() - begun)
        record = replace(self.train.record(), seconds=saved.seconds, resumed=saved.resumed)
        shard_files.write(self._path(shard), self.sweep, shard, result, record)
        path.unlink(missing_ok=True)


def set_aside(folder: SweepFolder, shard: Shard, damage: Damaged, say: Callable[[str], None]) -> None:
    """Rename a damaged shard's file, so that it is trained again and can still be looked at."""
    path = folder.shard(shard.name)
    aside = path.with_suffix(".damaged")
    with contextlib.suppress(FileNotFoundError):
        path.replace(aside)
    say(f"{damage}; kept as {aside.name}, its {shard.cells} cells are trained again")
