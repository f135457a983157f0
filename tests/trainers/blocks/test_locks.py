"""Locks on shards: one holder at a time, and none after its process has ended."""

import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grids.errors import BadInput
from trainers.blocks.locks import is_locked, locked


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a" / "shard.lock"
    assert not is_locked(path)
    with locked(path) as first:
        assert first
        with locked(path) as second:
            assert not second
        assert is_locked(path)
    assert not is_locked(path)


def test_released_by_an_error(tmp_path: Path) -> None:
    path = tmp_path / "shard.lock"
    with pytest.raises(KeyboardInterrupt), locked(path):
        raise KeyboardInterrupt
    assert not is_locked(path)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "shard.lock"
    hold = "import pathlib, sys, time; from trainers.blocks.locks import locked\n"
    hold += "with locked(pathlib.Path(sys.argv[1])): time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", hold, str(path)])
    deadline = time.monotonic() + 60
    while not is_locked(path):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    holder.kill()
    holder.wait()
    with locked(path) as ours:
        assert ours


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be locked"), locked(tmp_path / "file" / "shard.lock"):
        pass


def _contend(folder: Path, go: float) -> list[str]:
    got = []
    time.sleep(max(0.0, go - time.time()))
    for k in range(40):
        with locked(folder / f"{k}.lock") as ours:
            if ours and not (folder / f"{k}.done").exists():
                got.append(str(k))
                (folder / f"{k}.done").touch()
    return got


def test_many_processes_share_without_doubling(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(6) as pool:
        got = pool.starmap(_contend, [(tmp_path, time.time() + 0.2)] * 6)
    assert sorted(int(k) for one in got for k in one) == list(range(40))


def test_threads_too(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: _contend(tmp_path, 0), range(8)))
    assert sorted(int(k) for one in got for k in one) == list(range(40))
