"""Every registered task that needs no files keeps what `Task` and `Dataset` promise."""

import pytest
import torch

from grids.errors import BadInput
from trainers.procedures import procedure_of
from trainers.procedures.supervised import Supervised
from trainers.rules import get_rule
from trainers.tasks import TASKS, get_task
from trainers.tasks.check import check_data

FREE = sorted(name for name, task in TASKS.items() if not task.needs_data)


@pytest.mark.parametrize("name", FREE)
def test_task_keeps_its_promises(name: str) -> None:
    task = get_task(name)
    data = task.load(None, 0)
    assert task.name == name
    assert len(task.summary) > 0
    assert len(data.sha256) == 64
    check_data(task, data, name)
    metric = task.metric.resolved(data)
    assert metric.targets
    procedure = procedure_of(task)
    begun = procedure(task, data, get_rule("sgd"), torch.device("cpu"), torch.float32, task.epochs)
    found = begun.evaluate(begun.start(torch.zeros(1, dtype=torch.int64)))
    assert found.finite.all()
    assert 0 < float(found.value) <= metric.failure_value * 1.1  # before training
    if procedure is not Supervised:
        return
    assert metric.score is not None
    targets = data.train_y[: task.batch_size]
    outputs = task.network()(data.train_x[: task.batch_size])
    assert task.loss(outputs, targets).shape == ()
    scores = metric.score(outputs, targets)
    assert scores.shape == (task.batch_size,)
    if task.classes is not None:
        assert set(data.valid_y.tolist()) == set(range(task.classes))
        assert metric.failure_value == pytest.approx(100 * (task.classes - 1) / task.classes)
        assert metric.resolution == pytest.approx(100 / len(data.valid_y))


def test_digits_are_split_by_seed() -> None:
    task = get_task("digits-mlp")
    first, again, other = task.load(None, 0), task.load(None, 0), task.load(None, 1)
    assert (len(first.train_y), len(first.valid_y)) == (1297, 500)
    assert torch.equal(first.train_x, again.train_x)
    assert not torch.equal(first.valid_x, other.valid_x)
    assert first.sha256 == other.sha256
    assert abs(first.train_x.mean()) < 0.05
    assert abs(first.train_x.std() - 1) < 0.05
    both = torch.cat([first.train_x, first.valid_x])
    everything = torch.cat([other.train_x, other.valid_x])
    assert torch.equal(both.sum(1).sort().values, everything.sum(1).sort().values)


def test_both_digits_tasks_see_the_same_digits() -> None:
    flat, images = get_task("digits-mlp").load(None, 3), get_task("digits-conv").load(None, 3)
    assert torch.equal(flat.valid_x, images.valid_x.flatten(1))
    assert torch.equal(flat.valid_y, images.valid_y)


@pytest.mark.parametrize(("name", "parameters"), [("digits-mlp", 3530), ("digits-conv", 4258)])
def test_digits_networks_have_the_size_they_say(name: str, parameters: int) -> None:
    assert sum(p.numel() for p in get_task(name).network().parameters()) == parameters


def test_unknown_task_is_named_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"digits-mpl.*did you mean 'digits-mlp'"):
        get_task("digits-mpl")
