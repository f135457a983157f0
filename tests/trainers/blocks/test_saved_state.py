"""The saved state of a training: when it is written, whose it is, and what an interruption leaves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from grids.errors import BadInput
from trainers.blocks.saved_state import SavedState, epochs_done


@dataclass
class Fake:
    epoch: int
    lasting: bool = True
    release: threading.Event | None = None

    def keeping(self) -> Callable[[], bytes]:
        def content() -> bytes:
            if self.release is not None:
                self.release.wait(60)
            return f"epoch {self.epoch}".encode()

        return content


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def saved(path: Path, said: list[str] | None = None, identity: str = "a", clock: Clock | None = None) -> SavedState:
    say = print if said is None else said.append
    return SavedState(path / "x.state", {"who": (identity,)}, say, every=10.0, clock=clock or Clock())


def test_a_state_is_written_when_it_is_due(tmp_path: Path) -> None:
    clock = Clock()
    one = saved(tmp_path, clock=clock)
    assert one.load() is None
    for epoch in range(1, 7):
        clock.now += 4
        one.after_epoch(Fake(epoch))
    assert epochs_done(one.path) == 6
    assert saved(tmp_path).load() == b"epoch 6"
    one.after_epoch(Fake(7))
    assert epochs_done(one.path) == 6
    one.after_epoch(Fake(8), now=True)
    assert epochs_done(one.path) == 8


def test_time_and_resumptions_add_up(tmp_path: Path) -> None:
    for number in range(3):
        clock = Clock()
        one = saved(tmp_path, clock=clock)
        one.load()
        assert one.resumed == number
        clock.now = 5.0
        one.after_epoch(Fake(number + 1), now=True)
        assert one.seconds == 5.0 * (number + 1)


def interrupted_after(one: SavedState, state: Fake) -> None:
    with one.when_interrupted():
        one.after_epoch(state)
        raise KeyboardInterrupt


def test_an_interruption_saves_the_latest_state(tmp_path: Path) -> None:
    one = saved(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted_after(one, Fake(3))
    assert saved(tmp_path).load() == b"epoch 3"


def test_a_state_that_the_training_overwrites_is_not_saved_later(tmp_path: Path) -> None:
    one = saved(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted_after(one, Fake(3, lasting=False))
    assert epochs_done(one.path) == 0


def test_training_goes_on_while_a_state_is_copied(tmp_path: Path) -> None:
    clock, release = Clock(), threading.Event()
    one = saved(tmp_path, clock=clock)
    clock.now = 11.0
    with one.when_interrupted():
        one.after_epoch(Fake(1, lasting=False, release=release))
        assert epochs_done(one.path) == 0
        release.set()
    assert epochs_done(one.path) == 1


@pytest.mark.parametrize("lasting", [True, False])
def test_a_state_that_cannot_be_written_is_told(tmp_path: Path, lasting: bool) -> None:
    (tmp_path / "file").touch()
    clock = Clock()
    one = saved(tmp_path / "file", clock=clock)
    clock.now = 11.0
    with pytest.raises(BadInput, match="cannot be written"), one.when_interrupted():
        one.after_epoch(Fake(1, lasting=lasting))


def test_the_state_of_another_training_and_a_damaged_one_are_not_used(tmp_path: Path) -> None:
    one = saved(tmp_path)
    one.after_epoch(Fake(1), now=True)
    said: list[str] = []
    assert saved(tmp_path, said, identity="b").load() is None
    one.path.write_bytes(one.path.read_bytes()[:-1])
    assert saved(tmp_path, said).load() is None
    assert said == [
        f"{one.path}: the state of another training; begun again",
        f"{one.path}: cut short or altered since it was written; begun again",
    ]
