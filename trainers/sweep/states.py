"""The state of a shard in training: saved now and then, and when it is interrupted, so that it can be resumed."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grids.errors import BadInput, Damaged
from trainers import state_file
from trainers.sweep.sweep import Shard, Sweep

KIND = "state"


class State(Protocol):
    """A training between two epochs; see `trainers.engine.Snapshot`."""

    @property
    def epoch(self) -> int:
        """Epochs done."""

    @property
    def lasting(self) -> bool:
        """Whether the state stays as it is while the training goes on."""

    def keeping(self) -> Callable[[], bytes]:
        """Begin to copy the state; the result waits for the copy and gives it as bytes."""


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


class SavedStates:
    """A shard's saved state, at its path while the shard is in training.

    Args:
        path: the state's file.
        sweep, shard: whose.
        limit: of the run's time.
        every: seconds between two saved states.
        say: gets a line where a file is not used.
    """

    def __init__(
        self, path: Path, sweep: Sweep, shard: Shard, limit: Limit, every: float, say: Callable[[str], None]
    ) -> None:
        self.path, self.sweep, self.shard = path, sweep, shard
        self.limit, self.every, self.say = limit, every, say
        self.earlier_seconds, self.resumed = 0.0, 0
        self._begun = self._saved = limit.clock()
        self._latest: State | None = None
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before the state was saved included."""
        return self.limit.clock() - self._begun + self.earlier_seconds

    def load(self) -> bytes | None:
        """The state to go on from, if any."""
        try:
            header, state = state_file.read(self.path, KIND)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self.say(f"{damage}; its shard starts over")
            return None
        if header["sweep"] != self.sweep.id or header["shard"] != self.shard.name:
            self.say(f"{self.path}: not of this shard; it starts over")
            return None
        self.earlier_seconds, self.resumed = float(header["seconds"]), int(header["resumed"]) + 1
        return state

    def on_epoch(self, state: State) -> None:
        """Save the state after an epoch, if that is due.

        Raises:
            OutOfTime: the time is over; the state is saved.
            BadInput: it cannot be written.
        """
        if state.epoch == self.sweep.epochs:
            return  # the result itself comes next
        self._latest = state
        if not self.limit.allows(share=0.0):
            self._save()
            raise OutOfTime
        if self.limit.clock() - self._saved >= self.every:
            self._save(wait=state.lasting)
        if not state.lasting:
            self._latest = None

    @contextlib.contextmanager
    def saved_when_interrupted(self) -> Iterator[None]:
        """Within the body, Ctrl-C and SIGTERM save the latest state; at its end no state is still being written."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            with contextlib.suppress(BadInput):
                self._save()
            raise
        self._finish()

    def _finish(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _save(self, wait: bool = True) -> None:
        """Save the latest state; a device goes on training while it is written, unless that is to be waited for."""
        self._finish()
        if self._latest is None:
            return
        header = {
            "sweep": self.sweep.id,
            "shard": self.shard.name,
            "epoch": self._latest.epoch,
            "seconds": self.seconds,
            "resumed": self.resumed,
        }
        self._saved, content, self._latest = self.limit.clock(), self._latest.keeping(), None

        def write() -> None:
            state_file.write(self.path, KIND, header, content())

        if wait:
            write()
        else:
            self._writing = self._writer.submit(write)


def share_left(path: Path, sweep: Sweep) -> float:
    """The share of a shard's epochs that are still to be trained, by its saved state."""
    try:
        header, _ = state_file.read(path, KIND)
    except (FileNotFoundError, Damaged):
        return 1.0
    return 1.0 - float(header["epoch"]) / sweep.epochs
