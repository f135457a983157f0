"""A job: its space, its fixed hyperparameters, and how many of its cells are trained together."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from grids.errors import BadInput
from grids.space import PRESETS
from trainers.job import BUDGET, MOST_CELLS, Job
from trainers.procedures.supervised import Supervised
from trainers.rules import get_rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task


def data(*shape: int) -> Dataset:
    x, y = torch.zeros(2, *shape), torch.zeros(2, dtype=torch.int64)
    return Dataset("none", x, y, x, y, "")


def wide(channels: int) -> Task:
    def network() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, channels), nn.BatchNorm1d(channels), nn.Linear(channels, 10))

    return replace(get_task("digits-mlp"), network=network)


def test_a_known_network_is_counted() -> None:
    parameters = 64 * 100 + 100 + 2 * 100 + 100 * 10 + 10
    outputs = 64 * (64 + 100 + 100 + 10)
    for rule, state in (("sgd", parameters), ("adam", 2 * parameters)):
        counted = Supervised.bytes_of_cell(wide(100), data(64), get_rule(rule), torch.float32)
        # Rules may keep a few numbers a cell besides, as the step's.
        assert counted == pytest.approx(4 * (5 * parameters + state) + 2 * 4 * outputs, abs=200)


@pytest.mark.parametrize(("channels", "cells"), [(32, MOST_CELLS), (100_000, None), (2_000_000, 1)])
def test_big_networks_share_a_shard_with_few(channels: int, cells: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number follows from task, rule and kind of device alone."""
    job = Job("digits-mlp", "adam", device_name="cpu")
    monkeypatch.setattr(Job, "task", wide(channels))
    monkeypatch.setattr(Job, "data", data(64))
    fit = job.default_block
    if cells is not None:
        assert fit == cells
    else:
        assert 1 < fit < MOST_CELLS
        assert fit * job.bytes_of_cell <= BUDGET["cpu"]


@pytest.mark.parametrize(("task", "space"), [("digits-mlp", "paper-cifar"), ("kjv-lstm", "paper-ptb")])
def test_a_task_names_the_space_that_it_is_swept_over_unless_told(task: str, space: str) -> None:
    assert Job(task, "adam").space == PRESETS[space]
    assert Job(task, "adam", "tiny").space == PRESETS["tiny"]


def test_sgd_has_an_axis_of_its_own_in_the_papers_space_for_gans() -> None:
    (alpha,) = Job("digits-gan", "sgd").space.axes
    assert len(alpha) == 13
    assert (alpha.values[:3], alpha.values[-1]) == ((1e-6, 2e-6, 1e-5), 1.0)
    assert Job("digits-gan", "adam").space == PRESETS["paper-gan"]
    assert Job("digits-gan", "torch.optim:Adam").space.names == ("lr", "eps")
    assert Job("digits-mlp", "adam").space == PRESETS["paper-cifar"]


def test_a_gans_first_beta_is_one_half_unless_told() -> None:
    def fixed(text: str) -> float:
        found = Job("digits-gan", text).identity(None)["fixed"]
        return float(found.get("beta1", found.get("betas.0")))

    assert fixed("adam") == fixed("avagrad") == fixed("torch.optim:Adam") == 0.5
    assert fixed("adam:beta1=0.9") == fixed("torch.optim:Adam:betas.0=0.9") == 0.9


def test_an_empty_space_is_not_the_tasks_own() -> None:
    assert Job("digits-mlp", "sgd", device_name="cpu").space.names == ("alpha",)
    with pytest.raises(BadInput, match="unknown space ''"):
        _ = Job("digits-mlp", "sgd", "", device_name="cpu").space
