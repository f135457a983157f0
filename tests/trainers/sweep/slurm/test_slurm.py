"""`grid submit` against a real Slurm on this machine, which `one_machine.sh` starts in a temporary folder and stops."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from grids import surface_file
from grids.surface import Surface
from trainers.blocks.locks import is_locked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCRIPT = Path(__file__).parent / "one_machine.sh"
TUNECOST = [sys.executable, "-c", "from tuning.cli import main; main()"]
SWEEP = ["digits-mlp", "-o", "adam", "--space", "alpha=1e-3,0.01,0.1,1,epsilon=1e-8,1e-4", "--block", "1"]
EPOCHS = ["--epochs", "150"]
"""Enough that on a fast machine too no task is done before the last one has begun."""
CLUSTER = ["--partition", "main", "--gpus-per-shard", "0"]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which Slurm's commands find it."""
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([str(SCRIPT), "start", str(folder)], capture_output=True, text=True, check=False)
    if started.returncode == 77:
        pytest.skip(started.stderr.strip())
    assert started.returncode == 0, started.stderr
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    yield {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "OMP_NUM_THREADS": "1", "PATH": path}
    subprocess.run([str(SCRIPT), "stop", str(folder)], check=True)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    out = tmp_path_factory.mktemp("local")
    words = [*TUNECOST, "grid", "run", *SWEEP, *EPOCHS, "--device", "cpu", "--quiet", "--out", str(out)]
    subprocess.run(words, check=True)
    return surface_file.load(out / "digits-mlp/adam.parquet")


def submit(slurm: dict[str, str], out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [*TUNECOST, "grid", "submit", *SWEEP, *EPOCHS, *CLUSTER, "--out", str(out), *more]
    return subprocess.run(words, env=slurm, capture_output=True, text=True, check=False)


def ask(slurm: dict[str, str], *words: str) -> str:
    return subprocess.run(words, env=slurm, capture_output=True, text=True, check=True).stdout.strip()


def until(what: Callable[[], bool], seconds: float = 400) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.2)


def queue_is_empty(slurm: dict[str, str]) -> bool:
    """Whether nothing waits or runs; a node that Slurm took out of service is put back.

    On a busy machine it sometimes takes its own step daemon for a step that cannot be killed, and drains the node.
    """
    node, state = ask(slurm, "sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()[0].split()
    if "drain" in state:
        subprocess.run(["scontrol", "update", f"nodename={node}", "state=resume"], env=slurm, check=False)
    return not ask(slurm, "squeue", "--noheader", "--format=%i")


def at_work(out: Path) -> list[Path]:
    return [path for path in (out / "digits-mlp/adam.shards").glob("seed*.lock") if is_locked(path)]


def assert_same(out: Path, local: Surface) -> Surface:
    found = surface_file.load(out / "digits-mlp/adam.parquet")
    for name in ("value", "diverged", "curve", "train_loss"):
        np.testing.assert_array_equal(getattr(found, name), getattr(local, name))
    return found


def test_an_array_of_8_shards_one_preempted_one_requeued(slurm: dict[str, str], tmp_path: Path, local: Surface) -> None:
    sent = submit(slurm, tmp_path)
    assert sent.returncode == 0, sent.stderr
    number = sent.stdout.strip()
    until(lambda: len(at_work(tmp_path)) == 8)
    time.sleep(5)
    # All 8 cores are taken: an urgent job gets its own by preemption, which Slurm's own rules decide.
    ask(slurm, "sbatch", "--partition=urgent", "--ntasks=1", "--output=/dev/null", "--wrap=sleep 3")
    until(lambda: "PENDING" in ask(slurm, "squeue", "--noheader", "--partition=main", "--array", "--format=%T"))
    # Another is sent the signal with which a cluster announces a time-out: it requeues itself.
    running = ask(slurm, "squeue", "--noheader", "--states=RUNNING", "--job", number, "--array", "--format=%i").split()
    ask(slurm, "scancel", "--signal=USR2", running[0])
    until(lambda: queue_is_empty(slurm))
    found = assert_same(tmp_path, local)
    assert found.provenance.fixed["timing"]["resumed"] >= 1
    assert not at_work(tmp_path)


def test_cancelled_tasks_are_sent_again(slurm: dict[str, str], tmp_path: Path, local: Surface) -> None:
    sent = submit(slurm, tmp_path, "--array-parallelism", "3")
    number = sent.stdout.strip()
    until(lambda: len(at_work(tmp_path)) == 3)
    ask(slurm, "scancel", f"{number}_1")
    ask(slurm, "scancel", "--signal=KILL", f"{number}_2")
    ask(slurm, "scancel", f"{number}_7")
    until(lambda: queue_is_empty(slurm))
    # The last never began. The others were at work; should one have ended before the signal came, it is not missing.
    missing = 8 - len(list((tmp_path / "digits-mlp/adam.shards").glob("*.parquet")))
    assert 1 <= missing <= 3
    status = [*TUNECOST, "grid", "status", str(tmp_path)]
    assert subprocess.run(status, capture_output=True, check=False).returncode == 3
    again = submit(slurm, tmp_path)
    tasks = ask(slurm, "squeue", "--noheader", "--array", "--format=%i", "--job", again.stdout.strip()).split()
    assert len(tasks) == missing
    until(lambda: queue_is_empty(slurm))
    assert subprocess.run(status, capture_output=True, check=False).returncode == 0
    assert_same(tmp_path, local)
    nothing = submit(slurm, tmp_path)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing to submit" in nothing.stderr


def test_what_slurm_refuses_is_one_line(slurm: dict[str, str], tmp_path: Path) -> None:
    refused = submit(slurm, tmp_path, "--partition", "none-such")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "invalid partition" in refused.stderr.lower()


def test_an_own_task_is_found_where_it_was_submitted_from(slurm: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "own_digits.py").write_text(
        "from dataclasses import replace\n"
        "from trainers.tasks import get_task\n"
        "task = replace(get_task('digits-mlp'), name='own-digits')\n"
    )
    sweep = ["own_digits:task", "-o", "adam", "--space", "alpha=0.01,0.1", "--block", "1", "--epochs", "2"]
    words = [*TUNECOST, "grid", "submit", *sweep, *CLUSTER]
    sent = subprocess.run(words, env=slurm, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr
    until(lambda: queue_is_empty(slurm))
    assert surface_file.load(tmp_path / "surfaces/own-digits/adam.parquet").value.shape == (2, 1)
