"""One worker: resumes, sets damaged files aside, keeps to its time, leaves the rest safe."""

import functools
import itertools
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sweep_fakes
from sweep_fakes import ABOUT, FakeTrainer

from grids import surface_file
from grids.errors import BadInput, Damaged
from grids.surface import Surface
from trainers.blocks.block import Block, Record, Result
from trainers.blocks.locks import is_locked, locked
from trainers.blocks.saved_state import State
from trainers.blocks.store import BlockStore, block_file
from trainers.blocks.worker import Limit, Worker
from trainers.sweep.folder import SweepFolder
from trainers.sweep.merge import merge, tidy
from trainers.sweep.sweep import Sweep


@dataclass
class OnFolder:
    """A worker on a sweep's folder."""

    folder: SweepFolder
    sweep: Sweep
    worker: Worker

    @property
    def store(self) -> BlockStore:
        return self.worker.store

    @property
    def train(self) -> FakeTrainer:
        assert isinstance(self.worker.train, FakeTrainer)
        return self.worker.train

    def run(self, seeds: Iterable[int]) -> bool:
        return self.worker.run(sweep_fakes.blocks(self.sweep, seeds))


def worker(tmp_path: Path, said: list[str] | None = None, seeds: int = 2, **changes: Any) -> OnFolder:
    folder, sweep = SweepFolder.of(tmp_path, "fake", "adam"), sweep_fakes.sweep()
    folder.adopt(sweep, seeds, None, False)
    say = print if said is None else said.append
    pause = functools.partial(time.sleep, 0.01)
    options: dict[str, Any] = {"train": FakeTrainer(), "say": say, "save_every": 0.0, "pause": pause}
    return OnFolder(folder, sweep, Worker(folder.store(sweep), **{**options, **changes}))


def finished(one: OnFolder, seeds: int = 2) -> Surface:
    """As `trainers.sweep.run` does it: a shard that merging finds damaged is trained again."""
    for _ in range(2):
        assert one.run(range(seeds))
        if merge(one.folder, one.sweep, range(seeds), "test", one.worker.say, ABOUT) is not None:
            break
    return surface_file.load(one.folder.surface)


def same(one: Surface, other: Surface) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "train_loss")
        for name in ("value", "diverged", "curve", "train_loss")
    )


def test_a_sweep_from_start_to_surface(tmp_path: Path) -> None:
    one = worker(tmp_path)
    surface = finished(one)
    assert surface.name == "fake/adam"
    assert surface.seeds == (0, 1)
    expected = sum(np.log10(0.01) ** 2 + 1 + 1.0 / (epoch + 1) for epoch in range(4))
    assert surface.value[0, 2, 1] == pytest.approx(expected)
    assert surface.diverged[3].all()
    assert not surface.diverged[:3].any()
    assert (surface.value[3] == 90).all()
    assert surface.provenance.fixed["beta1"] == 0.9
    assert surface.provenance.fixed["timing"]["shards"] == 6
    assert surface.provenance.device == "fake"
    assert sorted(path.suffix for path in one.folder.path.iterdir()) == [".json", ".lock", *[".parquet"] * 6]


def test_nothing_is_trained_twice_and_more_seeds_add(tmp_path: Path) -> None:
    finished(worker(tmp_path))
    again = worker(tmp_path, seeds=3)
    surface = finished(again, seeds=3)
    assert surface.seeds == (0, 1, 2)
    assert [name[:5] for name, _ in again.train.began] == ["seed2"] * 3


def test_a_draft_is_removed_once_nobody_can_be_writing_it(tmp_path: Path) -> None:
    one = worker(tmp_path)
    draft = one.store.result(".writing-0000")
    draft.touch()
    with locked(one.store.lock("seed2-cells00000-00001")):
        finished(one)
        assert draft.exists()
    tidy(one.folder, one.sweep, range(2))
    assert not draft.exists()


def test_what_cannot_be_removed_does_not_spoil_the_end(tmp_path: Path) -> None:
    one = worker(tmp_path)
    stuck = one.folder.path / ".writing-0000"  # a folder, which unlink refuses as NFS does an open file
    stuck.mkdir()
    assert finished(one).seeds == (0, 1)
    assert stuck.exists()


class Stopping(FakeTrainer):
    """Is interrupted after so many epochs in all, as by Ctrl-C."""

    epochs_left = 0

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        def counted(state: State) -> None:
            on_epoch(state)
            self.epochs_left -= 1
            if not self.epochs_left:
                raise KeyboardInterrupt

        return super().__call__(block, state, counted)


@pytest.mark.parametrize("epochs", range(1, 26, 3))
def test_interrupted_anywhere_gives_the_same_surface(tmp_path: Path, epochs: int) -> None:
    expected = finished(worker(tmp_path / "whole"))
    trainer = Stopping()
    trainer.epochs_left = epochs
    one = worker(tmp_path, train=trainer)
    interrupted = False
    try:
        one.run(range(2))
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted == (epochs <= 24)
    assert not any(is_locked(path) for path in one.folder.path.glob("*.lock"))
    again = FakeTrainer()
    assert same(finished(worker(tmp_path, train=again)), expected)
    resumed = [first for _, first in again.began if first]
    # After its last epoch a shard keeps no new state: its file comes next.
    assert resumed == ([epochs % 4 or 3] if interrupted else [])


def test_the_state_of_a_killed_worker_is_used(tmp_path: Path) -> None:
    trainer = Stopping()
    trainer.epochs_left = 3
    one = worker(tmp_path, train=trainer)
    with pytest.raises(KeyboardInterrupt):
        one.run([0])
    (state,) = one.folder.path.glob("*.state")
    assert state.stat().st_size > 0
    again = worker(tmp_path)
    finished(again)
    assert again.train.began[0] == (state.stem, 3)
    assert not state.exists()


@pytest.mark.parametrize("kept", [0, 10, 100, 300, -1])
def test_a_shard_cut_short_is_set_aside_and_done_again(tmp_path: Path, kept: int) -> None:
    one = worker(tmp_path)
    expected = finished(one)
    victim = sorted(one.folder.path.glob("*.parquet"))[2]
    content = victim.read_bytes()
    victim.write_bytes(content[:kept])
    one.folder.surface.unlink()  # which has its runs too
    said: list[str] = []
    again = worker(tmp_path, said)
    assert same(finished(again), expected)
    assert [name for name, _ in again.train.began] == [victim.stem]
    assert len(said) == 1
    assert str(victim) in said[0]
    assert victim.with_suffix(".damaged").exists()


def test_the_runs_of_a_damaged_shard_are_taken_from_the_surface(tmp_path: Path) -> None:
    one = worker(tmp_path)
    expected = finished(one)
    victim = sorted(one.folder.path.glob("*.parquet"))[2]
    victim.write_bytes(victim.read_bytes()[:-1])
    again = worker(tmp_path)
    assert same(finished(again), expected)
    assert again.train.began == []


def test_every_altered_byte_is_seen(tmp_path: Path) -> None:
    one = worker(tmp_path)
    finished(one)
    shard = one.sweep.shards([0])[0]
    path = one.store.result(shard.name)
    content = path.read_bytes()
    for place in itertools.chain(range(150), range(150, len(content), 37)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(Damaged):
            one.store.read(shard.name)


def test_a_shard_under_a_wrong_name_is_not_believed(tmp_path: Path) -> None:
    one = worker(tmp_path)
    expected = finished(one)
    first, second = one.sweep.shards([0])[:2]
    one.store.result(second.name).write_bytes(one.store.result(first.name).read_bytes())
    said: list[str] = []
    assert same(finished(worker(tmp_path, said)), expected)
    assert "not what its name says" in said[0]


def test_a_shard_of_another_sweep_is_refused(tmp_path: Path) -> None:
    one = worker(tmp_path)
    finished(one)
    shard = one.sweep.shards([0])[1]
    other = sweep_fakes.sweep(optimizer="sgd")
    block = other.block_of(shard)
    result = FakeTrainer()(block, None, lambda _: None)
    one.folder.store(other).write(shard.name, block_file(block.columns, result, Record("", 0, {})))
    with pytest.raises(BadInput, match=r"cells00004-00007\.parquet: belongs to another sweep"):
        finished(worker(tmp_path))
    assert one.store.result(shard.name).exists()


def test_a_damaged_state_starts_its_shard_over(tmp_path: Path) -> None:
    one = worker(tmp_path)
    one.store.state(one.sweep.shards([0])[0].name).write_bytes(b"tunecost-state 1 abc\n{}")
    said: list[str] = []
    again = worker(tmp_path, said)
    finished(again)
    assert "begun again" in said[0]
    assert again.train.began[0][1] == 0


@pytest.mark.parametrize("other", ["shard", "sweep"])
def test_the_state_of_something_else_is_not_gone_on_with(tmp_path: Path, other: str) -> None:
    expected = finished(worker(tmp_path / "whole"))
    one = worker(tmp_path)
    first, second = one.sweep.shards([0])[:2]
    trainer = Stopping()
    trainer.epochs_left = 3
    one = worker(tmp_path, train=trainer)
    if other == "sweep":
        one.worker.store = one.folder.store(sweep_fakes.sweep(optimizer="sgd"))
    with pytest.raises(KeyboardInterrupt):
        one.worker.run([one.sweep.block_of(first)])
    path = one.store.state(first.name)
    if other == "shard":
        path = path.replace(one.store.state(second.name))
    said: list[str] = []
    assert same(finished(worker(tmp_path, said)), expected)
    assert said == [f"{path}: the state of another training; begun again"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Timed(FakeTrainer):
    """Takes 10 seconds an epoch, by the clock it is given."""

    clock: Clock

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        def slow(state: State) -> None:
            self.clock.now += 10
            on_epoch(state)

        return super().__call__(block, state, slow)


@pytest.mark.parametrize(("minutes", "begun"), [(0.0, 0), (39, 1), (40, 1), (79, 1), (80, 2), (239, 5), (240, 6)])
def test_nothing_is_started_that_would_not_end_in_time(tmp_path: Path, minutes: float, begun: int) -> None:
    clock = Clock()
    trainer = Timed()
    trainer.clock = clock
    one = worker(tmp_path, train=trainer, limit=Limit(minutes, None if minutes < 40 else 40.0, clock))
    assert one.run(range(2)) == (minutes >= 240)
    assert len(trainer.began) == begun
    assert clock.now <= max(minutes, 0) + 10


def test_a_shard_whose_rest_fits_is_gone_on_with(tmp_path: Path) -> None:
    clock, trainer = Clock(), Timed()
    trainer.clock = clock
    one = worker(tmp_path, train=trainer, limit=Limit(25.0, None, clock))
    assert not one.run([0])
    assert clock.now == 30
    again = worker(tmp_path, train=trainer, limit=Limit(clock.now + 20, 40.0, clock))
    assert not again.run([0])
    assert [first for _, first in trainer.began] == [0, 3]
    assert len(list(one.folder.path.glob("*.parquet"))) == 1


def test_a_worker_waits_for_another_and_takes_over_what_it_leaves(tmp_path: Path) -> None:
    one = worker(tmp_path)
    shard = one.sweep.shards([0])[0]
    with ThreadPoolExecutor(1) as pool, locked(one.store.lock(shard.name)) as ours:
        assert ours
        done = pool.submit(one.run, [0])
        deadline = time.monotonic() + 60
        while len(one.train.began) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not done.done()
    assert done.result(timeout=60)
    assert one.train.began[-1][0] == shard.name
