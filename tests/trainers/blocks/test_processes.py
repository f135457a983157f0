"""Worker processes: they work next to the main one and end with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import process_helper
import pytest
from process_helper import beat

from trainers.blocks.processes import helping, termination_interrupts


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def gone(path: Path) -> bool:
    """Whether the process has ended; one that nobody has waited for yet has ended too."""
    try:
        state = Path(f"/proc/{int(path.read_text())}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


def test_each_helper_gets_its_work_and_is_waited_for(tmp_path: Path) -> None:
    with helping(beat, [(tmp_path / "a", 0), (tmp_path / "b", 0)]):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
    assert (tmp_path / "a").read_text() != str(os.getpid())


def test_an_interrupted_body_interrupts_them(tmp_path: Path) -> None:
    def interrupted() -> None:
        with helping(beat, [(tmp_path / "a", 60)]):
            until((tmp_path / "a").exists)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gone(tmp_path / "a")
    assert (tmp_path / "a.interrupted").exists()


@pytest.mark.parametrize("first", ["helper", "parent"])
def test_ctrl_c_while_they_are_starting_is_no_traceback(first: str, tmp_path: Path) -> None:
    """A terminal sends it to all of them, in any order, while the helpers still import."""
    importing = tmp_path / "a.importing"
    process = subprocess.Popen(
        [sys.executable, process_helper.__file__, str(tmp_path / "a")],
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: importing.exists() and importing.read_text() != "")
    os.kill(int(importing.read_text()), signal.SIGINT)
    if first == "helper":
        (tmp_path / "a.imported").touch()
        until(lambda: gone(importing))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said == ""
    assert gone(importing)


def test_a_killed_parent_takes_them_along(tmp_path: Path) -> None:
    (tmp_path / "a.imported").touch()
    process = subprocess.Popen([sys.executable, process_helper.__file__, str(tmp_path / "a")])
    until((tmp_path / "a").exists)
    process.kill()
    process.wait()
    until((tmp_path / "a.interrupted").exists)
    until(lambda: gone(tmp_path / "a"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_whose_exception_is_dropped_is_not_lost() -> None:
    class Terminating:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with termination_interrupts() as check:
        check()
        Terminating()
        with pytest.raises(KeyboardInterrupt):
            check()
