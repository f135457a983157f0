"""The state of a training: saved now and then, and when it is interrupted, so that it can be resumed."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from grids.errors import BadInput, Damaged
from trainers.blocks import state_file

KIND = "state"

SAVE_EVERY = 60.0
"""Seconds between two saved states."""


class State(Protocol):
    """A training between two epochs; see `trainers.blocks.results.Snapshot`."""

    @property
    def epoch(self) -> int:
        """Epochs done."""

    @property
    def lasting(self) -> bool:
        """Whether the state stays as it is while the training goes on."""

    def keeping(self) -> Callable[[], bytes]:
        """Begin to copy the state; the result waits for the copy and gives it as bytes."""


class SavedState:
    """The file of a training's state.

    Args:
        path: the file.
        identity: of the training, as JSON; a state of another training is not resumed.
        say: gets a line where the file is not used.
        every: seconds between two saved states; `SAVE_EVERY` unless given.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        say: Callable[[str], None],
        every: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path, self.identity, self.say = path, json.loads(json.dumps(identity)), say
        self.every, self.clock = SAVE_EVERY if every is None else every, clock
        self.earlier_seconds, self.resumed = 0.0, 0
        self._begun = self._saved = clock()
        self._latest: State | None = None
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before the state was saved included."""
        return self.clock() - self._begun + self.earlier_seconds

    def load(self) -> bytes | None:
        """The state to go on from, if any."""
        try:
            header, state = state_file.read(self.path, KIND)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self.say(f"{damage}; begun again")
            return None
        if header["identity"] != self.identity:
            self.say(f"{self.path}: the state of another training; begun again")
            return None
        self.earlier_seconds, self.resumed = float(header["seconds"]), int(header["resumed"]) + 1
        return state

    def after_epoch(self, state: State, now: bool = False) -> None:
        """Save the state if that is due, or at once.

        Raises:
            BadInput: it, or the one before, cannot be written.
        """
        self._latest = state
        if now or self.clock() - self._saved >= self.every:
            self._save(wait=now or state.lasting)
        if not state.lasting:
            self._latest = None

    @contextlib.contextmanager
    def when_interrupted(self) -> Iterator[None]:
        """Within the body, Ctrl-C and SIGTERM save the latest state; at its end none is still being written."""
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
        progress = {"epoch": self._latest.epoch, "seconds": self.seconds, "resumed": self.resumed}
        self._saved, content, self._latest = self.clock(), self._latest.keeping(), None

        def write() -> None:
            state_file.write(self.path, KIND, {"identity": self.identity, **progress}, content())

        if wait:
            write()
        else:
            self._writing = self._writer.submit(write)


def epochs_done(path: Path) -> int:
    """The number of epochs after which the state in a file was saved; 0 where there is none."""
    try:
        header, _ = state_file.read(path, KIND)
    except (FileNotFoundError, Damaged):
        return 0
    return int(header["epoch"])
