"""The split by seed, and every image task trained for a moment on a small set of the real layout."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grids.errors import BadInput
from trainers.blocks.epochs import train_block
from trainers.rules import get_rule
from trainers.task import Dataset
from trainers.tasks import TASKS, get_task
from trainers.tasks.images.split import Split


def load(fake: Any, folder: Path, train: int = 400, validation: int = 100, seed: int = 0) -> Dataset:
    split = Split(fake.source, train, validation, ((120.0, 120.0, 110.0), (60.0, 60.0, 60.0)))
    return split(folder, seed)


def without(folder: Path, number: str) -> Path:
    (folder / "cifar-10-batches-bin" / f"{number}.bin").unlink()
    return folder


@pytest.fixture
def folder(cifar10: Any, tmp_path: Path) -> Path:
    cifar10.write["cifar-10-batches-bin"](tmp_path / "cifar-10-batches-bin")
    return tmp_path


def rows(*images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for part in images for image in part}


def test_the_split_uses_every_training_image_once(cifar10: Any, folder: Path) -> None:
    data = load(cifar10, folder)
    assert data.name == "cifar10"
    assert (len(data.train_y), len(data.valid_y)) == (400, 100)
    assert data.train_x.dtype == torch.uint8
    assert rows(data.train_x).isdisjoint(rows(data.valid_x))
    assert rows(data.train_x, data.valid_x) == rows(torch.from_numpy(cifar10.train_x))
    label = {x.tobytes(): y for x, y in zip(cifar10.train_x, cifar10.train_y, strict=True)}
    assert all(label[x.numpy().tobytes()] == y for x, y in zip(data.train_x, data.train_y, strict=True))


def test_the_seed_alone_decides_the_split(cifar10: Any, folder: Path) -> None:
    first, again, other = (load(cifar10, folder, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.train_x, again.train_x)
    assert rows(first.valid_x) != rows(other.valid_x)
    assert first.sha256 == other.sha256


def test_a_set_without_its_test_images_is_the_same_to_train_on(cifar10: Any, folder: Path) -> None:
    whole = load(cifar10, folder)
    known = replace(cifar10, source=replace(cifar10.source, sha256=whole.sha256))
    lacking = load(known, without(folder, "test_batch"))
    assert torch.equal(whole.train_x, lacking.train_x)
    assert (lacking.name, lacking.sha256) == (whole.name, whole.sha256)
    assert whole.test_x is not None
    assert lacking.test_x is None


def test_a_set_without_some_training_images_is_another_and_says_so(cifar10: Any, folder: Path) -> None:
    whole = load(cifar10, folder, train=300)
    lacking = load(cifar10, without(folder, "data_batch_4"), train=300)
    assert lacking.name == "cifar10 without data_batch_4.bin"
    assert lacking.sha256 != whole.sha256
    assert rows(lacking.train_x, lacking.valid_x) == rows(
        torch.from_numpy(np.delete(cifar10.train_x, range(300, 400), 0))
    )
    with pytest.raises(BadInput, match=r"400 training images where 500 are needed \(data_batch_4\.bin missing\)"):
        load(cifar10, folder)


def test_a_subset_judges_by_the_same_images_and_says_that_it_is_one(cifar10: Any, folder: Path) -> None:
    whole, part = load(cifar10, folder), load(cifar10, folder, train=50)
    assert torch.equal(whole.valid_x, part.valid_x)
    assert torch.equal(whole.train_x[:50], part.train_x)
    assert part.name == "cifar10, 150 of its 500 training images"
    with pytest.raises(BadInput, match="500 training images where 600 are needed"):
        load(cifar10, folder, train=500)


def test_every_image_task_is_registered_and_needs_data(tmp_path: Path) -> None:
    tasks = [task for task in TASKS.values() if isinstance(task.load, Split)]
    assert len(tasks) >= 8
    for task in tasks:
        assert task.needs_data
        with pytest.raises(BadInput, match="no such folder; 'tunecost data get"):
            task.load(tmp_path / "nowhere", 0)


@pytest.mark.parametrize("name", ["cifar10-wrn-28-4", "cifar10-wrn-28-10", "cifar100-wrn-28-10"])
def test_the_papers_schedule(name: str) -> None:
    task = get_task(name)
    assert (task.epochs, task.batch_size, task.schedule.factor, task.weight_decay) == (200, 128, 0.2, 5e-4)
    assert [task.epochs * m for m in task.schedule.milestones] == [60, 120, 160]
    assert isinstance(task.load, Split)
    assert (task.load.train, task.load.validation) == (45_000, 5_000)
    assert task.classes == (100 if name.startswith("cifar100") else 10)


@pytest.mark.parametrize(
    "name", ["fashion-mlp", "fashion-conv", "cifar10-convnet", pytest.param("cifar10-resnet20", marks=pytest.mark.slow)]
)
def test_a_task_trains_and_a_cell_does_not_depend_on_its_block(name: str, request: Any, tmp_path: Path) -> None:
    fake = request.getfixturevalue("fashion" if name.startswith("fashion") else "cifar10")
    below, write = next(iter(fake.write.items()))
    write(tmp_path / below)
    task = replace(get_task(name), batch_size=8)
    assert isinstance(task.load, Split)
    data = replace(task.load, source=fake.source, train=16, validation=10)(tmp_path, 0)
    alphas = np.array([1e-3, 0.1, 1e30])
    block = train_block(task, data, get_rule("sgd"), {"alpha": alphas}, seed=1, epochs=2)
    alone = train_block(task, data, get_rule("sgd"), {"alpha": alphas[1:2]}, seed=1, epochs=2)
    assert block.diverged.tolist() == [False, False, True]
    assert block.value[2] == task.metric.failure
    assert block.curve[1].tolist() == alone.curve[0].tolist()
    assert block.train_loss[1] == pytest.approx(alone.train_loss[0], rel=1e-6)
