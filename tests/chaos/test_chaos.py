"""Long commands whose processes are killed, whose disk fills, and which run twice at once: all end as uninterrupted.

`make chaos KILLS=1000` runs as many kills over all commands; each prints a line of the table in the README.
"""

import contextlib
import itertools
import json
import os
import random
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grids import replay_table, surface_file

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(36_000)]

KILLS = int(os.environ.get("KILLS", "30"))
TUNECOST = [sys.executable, "-m", "tuning"]
COMMANDS = {
    "grid run": "grid run digits-mlp -o adam --space tiny --seeds 2 --block 2 --epochs 10 --device cpu --out s -q",
    "tune": "tune digits-mlp -o adam -s random -s gld --space tiny --epochs 4 --trials 4 --repeats 4 --jobs 2 "
    "--surface none --device cpu --out tuned.parquet -q",
    "transfer": "transfer digits-mlp/adam --to digits-mlp-wide --seeds 2 --epochs 8 --jobs 2 --device cpu --out t.json "
    "-q",
    "replay": "replay digits-mlp/adam -s random -s tpe -s cmaes --repeats 60 --jobs 2 --out r.parquet -q",
}
OUT = {"grid run": "s/digits-mlp/adam.parquet", "tune": "tuned.parquet", "transfer": "t.json", "replay": "r.parquet"}
CHANGING = ("created", "command", "device", "sha256", "timing", "software", "seconds", "surfaces")
"""What may differ between two runs of one command."""
LEVELS = (0, 1, 100, 1000, 5000, 20_000, 100_000, 10_000_000)
"""Largest files in bytes."""


def result(name: str, folder: Path) -> Any:
    """What a command wrote, without what may differ."""
    path = folder / OUT[name]
    if path.suffix == ".json":
        return _steady(json.loads(path.read_text()))
    if name == "grid run":
        one = surface_file.load(path)
        arrays = [one.value, one.diverged, one.curve, one.train_loss, *one.extra.values()]
        return [
            one.seeds,
            one.space.to_json(),
            _steady(dict(one.provenance.fixed)),
            [np.asarray(a).tolist() for a in arrays],
        ]
    frame, header = replay_table.load(path)
    return frame, _steady(header)


def _steady(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _steady(inner) for key, inner in item.items() if key not in CHANGING}
    return [_steady(inner) for inner in item] if isinstance(item, list) else item


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, tuple):
        pd.testing.assert_frame_equal(one[0], other[0])
        one, other = one[1], other[1]
    assert one == other


def start(name: str, folder: Path, cache: Path | None = None, largest: int | None = None) -> subprocess.Popen[str]:
    """A command in a session of its own, with a cold cache of kernels where `cache` is a new folder."""

    def limited() -> None:
        os.setsid()
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    environment = os.environ | {"OMP_NUM_THREADS": "1"} | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    words = [*TUNECOST, *shlex.split(COMMANDS[name])]
    pipes: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(words, cwd=folder, env=environment, preexec_fn=limited, **pipes)


def family(parent: int) -> list[int]:
    """A process and those below it, but for Python's own helper that counts semaphores."""
    found = [parent]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return [one for one in found if b"resource_tracker" not in command_of(one)]


def command_of(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def ended(name: str, process: subprocess.Popen[str]) -> str:
    """The line with which a process ended; none of its session is left, nor a file that it had not finished."""
    err = process.communicate(timeout=600)[1]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"{name}: processes are left")
    assert "Traceback" not in err, err
    return err


def unfinished(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".writing-*"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, float]]:
    """By command, what it writes uninterrupted, and how many seconds it takes."""
    found = {}
    for name in COMMANDS:
        folder, begin = tmp_path_factory.mktemp("whole"), time.monotonic()
        process = start(name, folder)
        assert ended(name, process) == ""
        assert process.returncode == 0
        found[name] = result(name, folder), time.monotonic() - begin
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_kills(name: str, whole: dict[str, tuple[Any, float]], tmp_path: Path) -> None:
    rng, kills, ends = random.Random(name), 0, 0
    reference, seconds = whole[name]
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        for _ in range(4):
            process = start(name, folder)
            time.sleep(rng.uniform(0.1, 1.1) * seconds)
            members = family(process.pid)
            victim = rng.choice(members)
            how = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL if victim != process.pid else how)
                    kills += 1
            err = ended(name, process)
            assert process.returncode in (0, 2, 130, -signal.SIGKILL), err
            if process.returncode in (2, 130):
                assert err.splitlines()[-1].startswith("tunecost: "), err
                assert not unfinished(folder)
            if process.returncode == 0:
                break
        else:
            process = start(name, folder)
            assert (ended(name, process), process.returncode) == ("", 0)
        assert_same(result(name, folder), reference)
        ends += 1
        if kills >= KILLS / len(COMMANDS):
            break
    print(f"| {name} | {kills} kills | {ends} runs, all as uninterrupted |")


@pytest.mark.parametrize("name", COMMANDS)
def test_full_disk(name: str, whole: dict[str, tuple[Any, float]], tmp_path: Path) -> None:
    reference, done = whole[name][0], 0
    for level in LEVELS:
        folder = tmp_path / str(level)
        folder.mkdir()
        process = start(name, folder, largest=level)
        err = ended(name, process)
        assert process.returncode in (0, 1, 2), err
        assert not unfinished(folder)
        if process.returncode:
            assert re.search("File too large|No usable temporary directory", err.splitlines()[-1]), err
            process = start(name, folder)
            ended(name, process)
        done += process.returncode == 0
        assert_same(result(name, folder), reference)
    print(f"| {name} | {len(LEVELS)} sizes of a disk | {done} went on to the same result |")


@pytest.mark.parametrize("name", COMMANDS)
def test_two_at_once_with_cold_caches(name: str, whole: dict[str, tuple[Any, float]], tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    both = [start(name, tmp_path / "both", tmp_path / "cache") for _ in range(2)]
    lines = [ended(name, one) for one in both]
    codes = sorted(one.returncode for one in both)
    assert codes in ([0, 0], [0, 2]), lines
    if codes == [0, 2]:
        assert any(line.endswith("is running here\n") for line in lines), lines
    assert_same(result(name, tmp_path / "both"), whole[name][0])
    print(f"| {name} | two at once, cold caches | codes {codes} |")
