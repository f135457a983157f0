"""Claims: exactly one holder, the dead detected, the living respected."""

import errno
import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trainers.sweep.claims import Pace, age, claimed, holder, is_live, machine, process_start

PACE = Pace(heartbeat=0.05, stale=0.5, poll=0.01)


def abandoned(path: Path, **changes: object) -> None:
    """A claim as a process that has ended leaves it."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    start = process_start(ended.pid)
    ended.wait()
    content = {"token": "dead", "machine": machine(), "pid": ended.pid, "start": start, **changes}
    path.write_text(json.dumps(content))


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    with claimed(path, PACE) as first:
        assert first
        with claimed(path, PACE) as second:
            assert not second
        assert is_live(path, PACE)
    assert list(tmp_path.iterdir()) == []


def test_released_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path / "a.claim", PACE):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_of_this_machine_is_seen_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    abandoned(path)
    assert not is_live(path, Pace())
    with claimed(path, Pace()) as ours:
        assert ours


def test_a_pid_used_again_is_not_its_first_user(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    abandoned(path, pid=os.getpid(), start="1")
    with claimed(path, Pace()) as ours:
        assert ours


def test_another_machine_is_given_time(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    abandoned(path, machine="elsewhere")
    with claimed(path, PACE) as ours:
        assert not ours
    old = time.time() - 10
    os.utime(path, (old, old))
    with claimed(path, PACE) as ours:
        assert ours


def test_the_heartbeat_keeps_a_claim_alive(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    with claimed(path, PACE) as ours:
        assert ours
        path.write_text(path.read_text().replace(machine(), "elsewhere"))
        time.sleep(3 * PACE.stale)
        assert is_live(path, PACE)


def test_a_claim_of_no_sense_ages_too(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    path.write_text("{")
    assert is_live(path, PACE)
    os.utime(path, (0, 0))
    with claimed(path, PACE) as ours:
        assert ours


def test_the_release_leaves_a_claim_that_another_took_over(tmp_path: Path) -> None:
    path = tmp_path / "a.claim"
    with claimed(path, Pace(heartbeat=100)) as ours:
        assert ours
        abandoned(path, machine="elsewhere")
    found = holder(path)
    assert found is not None
    assert found.token == "dead"


def test_a_claim_that_goes_while_it_is_read_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS answers ESTALE where a local disk says that there is no such file."""
    path = tmp_path / "a.claim"
    abandoned(path)

    def stale(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "read_text", stale)
    assert holder(path) is None
    monkeypatch.setattr(Path, "stat", stale)
    assert age(path) == 0.0


def _contend(folder: Path, go: float) -> list[str]:
    got = []
    time.sleep(max(0.0, go - time.time()))
    for k in range(40):
        with claimed(folder / f"{k}.claim", Pace()) as ours:
            if ours and not (folder / f"{k}.done").exists():
                got.append(str(k))
                (folder / f"{k}.done").touch()
    return got


def test_many_processes_share_without_doubling(tmp_path: Path) -> None:
    for k in range(0, 40, 2):
        abandoned_now = tmp_path / f"{k}.claim"
        abandoned_now.write_text(json.dumps({"token": "x", "machine": machine(), "pid": 2**22 + 5, "start": "1"}))
    with multiprocessing.get_context("fork").Pool(6) as pool:
        got = pool.starmap(_contend, [(tmp_path, time.time() + 0.2)] * 6)
    assert sorted(int(k) for one in got for k in one) == list(range(40))


def test_threads_too(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: _contend(tmp_path, 0), range(8)))
    assert sorted(int(k) for one in got for k in one) == list(range(40))
