"""The partition follows from task, rule and kind of device alone."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from trainers.procedures.supervised import Supervised
from trainers.rules import get_rule
from trainers.sweep.memory import BUDGET, MOST, cells_that_fit
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


@pytest.mark.parametrize(("channels", "cells"), [(32, MOST), (100_000, None), (2_000_000, 1)])
def test_big_networks_share_a_shard_with_few(channels: int, cells: int | None) -> None:
    task, rule = wide(channels), get_rule("adam")
    fit = cells_that_fit(task, data(64), rule, "cpu", torch.float32)
    if cells is not None:
        assert fit == cells
    else:
        assert 1 < fit < MOST
        assert fit * Supervised.bytes_of_cell(task, data(64), rule, torch.float32) <= BUDGET["cpu"]
