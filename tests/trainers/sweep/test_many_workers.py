"""Several processes on one folder, killed at any moment; a disk that fills up. All on the sweep of `sweep_fakes`."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import sweep_fakes

from grids import surface_file
from grids.errors import BadInput
from grids.surface import Surface
from trainers.blocks.locks import is_locked
from trainers.blocks.worker import Worker
from trainers.sweep.folder import SweepFolder

FAKES = Path(sweep_fakes.__file__)


def start(folder: Path, epoch_seconds: float = 0.0) -> subprocess.Popen[str]:
    words = [sys.executable, str(FAKES), str(folder / "out"), str(folder / "log"), str(epoch_seconds)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def surface(folder: Path) -> Surface:
    return surface_file.load(folder / "out/fake/adam.parquet")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    folder = tmp_path_factory.mktemp("whole")
    finish(start(folder))
    return surface(folder)


def assert_same(one: Surface, other: Surface) -> None:
    for name in ("value", "diverged", "curve", "train_loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def assert_tidy(folder: Path) -> None:
    names = [path.name for path in (folder / "out/fake/adam.shards").iterdir()]
    # A killed worker's draft stays while another worker may be writing one.
    assert sorted(Path(name).suffix for name in names if not name.startswith(".")) == [
        ".json",
        ".lock",
        *[".parquet"] * 6,
    ]


def test_four_workers_train_each_shard_once(tmp_path: Path, expected: Surface) -> None:
    processes = [start(tmp_path, 0.05) for _ in range(4)]
    for process in processes:
        finish(process)
    trained = Counter((tmp_path / "log").read_text().split())
    assert len(trained) == 6
    assert set(trained.values()) == {1}
    assert_same(surface(tmp_path), expected)
    assert_tidy(tmp_path)


def test_four_workers_two_of_them_killed(tmp_path: Path, expected: Surface) -> None:
    processes = [start(tmp_path, 0.15) for _ in range(4)]
    shards = tmp_path / "out/fake/adam.shards"
    deadline = time.monotonic() + 30
    while len(list(shards.glob("seed*.lock"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    for process in processes[:2]:
        process.kill()
        process.communicate()
    for process in processes[2:]:
        finish(process)
    trained = Counter((tmp_path / "log").read_text().split())
    assert len(trained) == 6
    assert trained.total() <= 8
    assert_same(surface(tmp_path), expected)
    assert_tidy(tmp_path)


@pytest.mark.parametrize("moments", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_again_and_again_then_resumed(tmp_path: Path, expected: Surface, moments: int) -> None:
    random = np.random.default_rng(0)
    for _ in range(moments):
        process = start(tmp_path, 0.05)
        while not at_work(tmp_path) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
    finish(start(tmp_path))
    assert_same(surface(tmp_path), expected)
    assert_tidy(tmp_path)
    assert not list((tmp_path / "out/fake/adam.shards").glob(".*"))


def at_work(folder: Path) -> bool:
    return any(is_locked(path) for path in (folder / "out/fake/adam.shards").glob("seed*.lock"))


@pytest.mark.parametrize("small_disk", ["64k"], indirect=True)
@pytest.mark.parametrize("room", [0, 6000, 10000, 20000])
def test_a_full_disk_is_one_line_and_the_rest_is_safe(
    small_disk: Path, tmp_path: Path, expected: Surface, room: int
) -> None:
    sweep = sweep_fakes.sweep(1)
    folder = SweepFolder.of(small_disk / "out", "fake", "adam")
    folder.adopt(sweep, 2, None, False)
    filler = small_disk / "filler"
    filler.write_bytes(b"0" * (free(small_disk) - room))
    store = folder.store(sweep)
    worker = Worker(store, sweep_fakes.FakeTrainer())
    with pytest.raises(BadInput, match=r"(written|locked) \(No space left on device\)"):
        worker.run(sweep_fakes.blocks(sweep, range(6)))
    kept = list(folder.path.glob("*.parquet"))
    assert not any(is_locked(path) for path in folder.path.glob("*.lock"))
    assert not list(folder.path.glob(".*"))
    filler.unlink()
    again = sweep_fakes.FakeTrainer()
    blocks = sweep_fakes.blocks(sweep, [0])
    assert Worker(store, again).run(blocks)
    assert len(again.began) == len(blocks) - len(kept)


def free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_bsize
