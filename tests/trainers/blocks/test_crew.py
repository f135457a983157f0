"""Workers of one machine: they share blocks, stay from one call to the next, and what one leaves, the first does."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from trainers.blocks import Block, BlockStore, Crew, Record, Result, crew, train_blocks
from trainers.blocks.saved_state import State


@dataclass
class Noting:
    """Gives the number of its process for a value; in the first process it begins when another has begun."""

    folder: Path
    first: int
    dies: bool = False
    epochs: int = 1
    keeps_state: bool = False

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        begun = self.folder / "begun"
        if os.getpid() != self.first:
            begun.touch()
            if self.dies:
                os.kill(os.getpid(), signal.SIGKILL)
        deadline = time.monotonic() + 100
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        values = np.full(block.cells, float(os.getpid()))
        return Result(values, values < 0, values.astype(np.float32)[:, None], values, {})

    def record(self) -> Record:
        return Record("none", 0, {})


def trained(workers: Crew, store: BlockStore, names: str) -> list[float]:
    """The process that trained each block."""
    seed = np.zeros(1, np.int64)
    blocks = [Block(name, {"seed": seed}, {}, seed) for name in names]
    done: list[str] = []
    assert train_blocks(blocks, store, workers, advance=lambda block: done.append(block.name), poll=0.05)
    assert sorted(done) == sorted(names)
    files = [store.read(name) for name in names]
    return [file.table.column("value")[0].as_py() for file in files if file is not None]


def test_workers_share_blocks_and_stay(tmp_path: Path) -> None:
    store, here = BlockStore(tmp_path, {"task": "none"}), os.getpid()
    with crew([Noting(tmp_path, here)] * 2) as workers:
        first, second = trained(workers, store, "abcd"), trained(workers, store, "efgh")
    assert len(set(first)) == 2
    assert here in first
    assert set(second) == set(first)


def test_the_blocks_of_a_killed_worker_are_done_by_the_first(tmp_path: Path) -> None:
    store, here = BlockStore(tmp_path, {"task": "none"}), os.getpid()
    with crew([Noting(tmp_path, here, dies=True)] * 2) as workers:
        assert set(trained(workers, store, "abcd")) == {here}
        assert not workers.others
        assert set(trained(workers, store, "ef")) == {here}


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_block_that_is_there_is_not_trained(tmp_path: Path, name: str) -> None:
    store = BlockStore(tmp_path, {"task": "none"})
    (tmp_path / "begun").touch()
    with crew([Noting(tmp_path, os.getpid())]) as workers:
        trained(workers, store, name)
        before = store.result(name).read_bytes()
        trained(workers, store, "ab")
    assert store.result(name).read_bytes() == before
