"""`grid run` killed, several times over and in company, on real training; a disk that fills up under it."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from grids import surface_file
from grids.surface import Surface
from trainers.blocks.locks import is_locked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

COMMAND = [sys.executable, "-c", "from tuning.cli import main; main()", "grid", "run", "digits-mlp", "-o", "adam"]
SWEEP = ["--space", "tiny", "--seeds", "2", "--block", "2", "--epochs", "20", "--device", "cpu", "--quiet"]


def start(out: Path, threads: int = 1) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    return subprocess.Popen([*COMMAND, *SWEEP, "--out", str(out)], env=environment, stderr=subprocess.PIPE, text=True)


SAVING = """
from trainers.blocks import saved_state
saved_state.SAVE_EVERY = 0.0
from tuning.cli import main
main()
"""
"""`tunecost` that keeps a state after every epoch, so that one killed within a shard has something to go on from."""


def begin(words: list[str], out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SAVING, *words, "--device", "cpu", "--quiet", "--out", str(out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def kill_three_times(words: list[str], out: Path) -> None:
    """Each time once a state is kept that was not there before; at least one of them within a shard's training."""
    within = 0
    for _ in range(3):
        before = states(out)
        process = begin(words, out)
        deadline = time.monotonic() + 120
        while process.poll() is None and states(out) <= before and time.monotonic() < deadline:
            time.sleep(0.02)
        within += process.poll() is None
        process.kill()
        process.communicate()
    assert within


def states(out: Path) -> set[tuple[str, int]]:
    found = set()
    for path in out.glob("*/*.shards/*.state"):
        with contextlib.suppress(FileNotFoundError):
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=700)
    assert process.returncode == 0, said
    assert said == ""


def surface(out: Path) -> Surface:
    return surface_file.load(out / "digits-mlp/adam.parquet")


def assert_same(one: Surface, other: Surface) -> None:
    for name in ("value", "diverged", "curve", "train_loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    out = tmp_path_factory.mktemp("whole")
    finish(start(out))
    return surface(out)


def await_work(out: Path, shards_in_training: int = 1) -> None:
    shards = out / "digits-mlp/adam.shards"
    deadline = time.monotonic() + 100
    while sum(map(is_locked, shards.glob("seed*.lock"))) < shards_in_training and time.monotonic() < deadline:
        if (out / "digits-mlp/adam.parquet").exists():
            return
        time.sleep(0.02)


def test_killed_at_20_random_moments(tmp_path: Path, expected: Surface) -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        process = start(tmp_path, threads=2)
        await_work(tmp_path)
        time.sleep(random.uniform(0.0, 2.0))
        process.kill()
        process.communicate()
    finish(start(tmp_path))
    assert_same(surface(tmp_path), expected)
    names = sorted(path.name for path in (tmp_path / "digits-mlp/adam.shards").glob("*.*"))
    assert len([name for name in names if name.endswith(".parquet")]) == 10
    assert not [name for name in names if name.endswith((".state", ".damaged"))]


def test_a_character_model_killed_three_times(tmp_path: Path) -> None:
    # Masks, segments and carried state begin anew with each epoch: what a killed run goes on from must say it all.
    words = ["grid", "run", "kjv-lstm", "-o", "avagrad", "--space", "alpha=0.1,1,10,epsilon=1e-8,1", "--epochs", "4"]
    words += ["--block", "3"]
    finish(begin(words, tmp_path / "whole"))
    kill_three_times(words, tmp_path / "killed")
    finish(begin(words, tmp_path / "killed"))
    whole, killed = (surface_file.load(tmp_path / name / "kjv-lstm/avagrad.parquet") for name in ("whole", "killed"))
    assert_same(killed, whole)
    assert 1 < whole.value.min() < 4 < whole.value.max() <= np.log2(68)


def test_four_workers_two_of_them_killed(tmp_path: Path, expected: Surface) -> None:
    processes = [start(tmp_path) for _ in range(4)]
    await_work(tmp_path, shards_in_training=3)
    for process in processes[:2]:
        process.kill()
        process.communicate()
    for process in processes[2:]:
        finish(process)
    assert_same(surface(tmp_path), expected)


@pytest.mark.parametrize("small_disk", ["28k"], indirect=True)
def test_a_full_disk(small_disk: Path, expected: Surface) -> None:
    process = start(small_disk)
    _, said = process.communicate(timeout=700)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert "No space left on device" in said
    assert list(small_disk.rglob("seed*.parquet"))
    subprocess.run(["mount", "-o", "remount,size=2m", str(small_disk)], check=True)
    finish(start(small_disk))
    assert_same(surface(small_disk), expected)


BARE = """
import sys
sys.modules.update(dict.fromkeys(["pandas", "matplotlib", "optuna", "cma", "numba", "submitit"]))
from tuning.cli import main
main()
"""


def test_training_needs_no_plots_tuners_or_compiler(tmp_path: Path) -> None:
    words = ["grid", "run", "digits-mlp", "-o", "adam", "--space", "tiny", "--epochs", "1", "--out", str(tmp_path)]
    bare = subprocess.run([sys.executable, "-c", BARE, *words], capture_output=True, text=True, check=False)
    assert bare.returncode == 0, bare.stderr
    assert surface(tmp_path).value.shape == (3, 3, 1)


def test_a_gan_killed_three_times(tmp_path: Path) -> None:
    # Two networks, two states of the rule, a stream of batches that goes on over points of the curve.
    words = ["grid", "run", "digits-gan", "-o", "avagrad", "--space", "alpha=1e-3,0.1,epsilon=1e-8,1e-4"]
    words += ["--epochs", "6"]
    finish(begin(words, tmp_path / "whole"))
    kill_three_times(words, tmp_path / "killed")
    finish(begin(words, tmp_path / "killed"))
    whole, killed = (surface_file.load(tmp_path / name / "digits-gan/avagrad.parquet") for name in ("whole", "killed"))
    assert_same(killed, whole)
    assert whole.fidelity is not None
    assert (whole.fidelity.name, whole.fidelity.values) == ("step", (100.0, 200.0, 300.0, 400.0, 500.0, 600.0))
    assert whole.value.min() < 100 < whole.value.max() <= 230
