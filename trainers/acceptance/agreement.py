"""Check that a device computes what the simplest way on a CPU computes, and a recorded step what the plain one does."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainers.blocks.epochs import hyper_tensors
from trainers.device import arithmetic, prepared
from trainers.engine.backends import BACKENDS, has_numba
from trainers.procedures.supervised import State, Supervised
from trainers.rules import get_rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task

TASK, STEPS, ALPHAS = "digits-conv", 12, (1e-4, 1e-3, 1e-2)
"""A built-in task with every kind of layer; float64 differences grow with the steps."""

RULES = ("adam", "avagrad", "sgd", "adashift")

AGREES = 1e-9
"""Of the largest parameter: two ways agree in float64 where no parameter differs by more."""


def backends(device: torch.device) -> tuple[str, ...]:
    """Those that run on such a device and can be had here."""
    return tuple(name for name in BACKENDS if name != "direct" or (device.type == "cpu" and has_numba()))


def agreement(device: torch.device) -> list[dict[str, Any]]:
    """A row for each backend and rule: the largest difference after a few steps, over the largest parameter."""
    rows = []
    for rule in RULES:
        expected = parameters_of(torch.device("cpu"), torch.float64, "vmap", rule)
        for backend in backends(device):
            found = parameters_of(device, torch.float64, backend, rule)
            worst = float((found - expected).abs().max() / expected.abs().max())
            rows.append({"backend": backend, "rule": rule, "difference": worst, "agrees": worst <= AGREES})
    return rows


def recording(device: torch.device) -> list[dict[str, Any]]:
    """A row for each rule: whether its step was recorded, and how far its results are from those of the plain step."""
    rows = []
    for rule in RULES:
        plain = parameters_of(device, arithmetic(device), None, rule, record=False)
        procedure, recorded = _trained(device, arithmetic(device), None, rule, record=True)
        worst = float((recorded - plain).abs().max() / plain.abs().max())
        rows.append({"rule": rule, "recorded": procedure.recorded is not None, "difference": worst})
    return rows


def parameters_of(
    device: torch.device, dtype: torch.dtype, backend: str | None, rule: str, record: bool = True
) -> Tensor:
    return _trained(device, dtype, backend, rule, record)[1]


def _trained(
    device: torch.device, dtype: torch.dtype, backend: str | None, name: str, record: bool
) -> tuple[Supervised, Tensor]:
    """The procedure, and the parameters of a few cells after a few steps, float64 on the CPU."""
    task, data = _few(get_task(TASK))
    rule = get_rule(name)
    with prepared(device):
        procedure = Supervised(task, data, rule, device, dtype, 1, backend)
        procedure.recordable = record
        kind = dtype if dtype == torch.float64 else torch.float32
        hyper = hyper_tensors(task, rule, {rule.rate: np.array(ALPHAS)}, device, kind)
        seeds = torch.zeros(len(ALPHAS), dtype=torch.int64)
        state: State
        state, _ = procedure.train(procedure.start(seeds), hyper, seeds, 0)
        return procedure, state.params.double().cpu()


def _few(task: Task) -> tuple[Task, Dataset]:
    data = task.load(None, 0)
    size = STEPS * task.batch_size
    return task, replace(data, train_x=data.train_x[:size], train_y=data.train_y[:size])
