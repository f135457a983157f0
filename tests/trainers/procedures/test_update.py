"""Schedules and gradient clipping against the plain training of one network in float64."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from trainers.blocks.epochs import train_block
from trainers.order import batches
from trainers.procedures.update import clipped
from trainers.rules import get_rule
from trainers.schedule import Schedule
from trainers.task import Task
from trainers.tasks import get_task

EPOCHS, STEPS, ALPHAS = 4, 5, np.array([1e-3, 0.05, 0.3])
BASE = get_task("digits-mlp")
DATA = replace(BASE.load(None, 0), train_x=BASE.load(None, 0).train_x[: 64 * STEPS])


def plain(
    task: Task, alpha: float, scheduler: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]
) -> np.ndarray:
    """The mean training loss of each epoch, stepped by torch's own scheduler at every step."""
    torch.manual_seed(1)
    network = task.network().double()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=alpha, momentum=0.9, nesterov=True, weight_decay=task.weight_decay
    )
    following = scheduler(optimizer)
    losses = np.zeros((EPOCHS, STEPS))
    for epoch in range(EPOCHS):
        for step, batch in enumerate(batches(64 * STEPS, 64, 1, epoch)):
            loss = nn.functional.cross_entropy(network(DATA.train_x[batch].double()), DATA.train_y[batch])
            optimizer.zero_grad()
            loss.backward()
            if task.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), task.clip)
            optimizer.step()
            following.step()
            losses[epoch, step] = loss.item()
    return losses.mean(axis=1)


def compare(task: Task, scheduler: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]) -> None:
    found = [
        train_block(
            replace(task, epochs=EPOCHS),
            DATA,
            get_rule("sgd"),
            {"alpha": ALPHAS},
            1,
            epochs=EPOCHS,
            dtype=torch.float64,
        ).train_loss
    ]
    expected = np.array([plain(task, alpha, scheduler) for alpha in ALPHAS])
    np.testing.assert_allclose(found[0], expected[:, -1], rtol=1e-10)


TOTAL = EPOCHS * STEPS
SCHEDULERS: dict[str, tuple[Schedule, Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]]] = {
    "step": (
        Schedule("step", milestones=(0.5,), factor=0.1),
        lambda o: lr_scheduler.MultiStepLR(o, [TOTAL // 2], gamma=0.1),
    ),
    "constant": (Schedule("constant"), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
    "linear": (
        Schedule("linear"),
        lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=1e-300, total_iters=TOTAL),
    ),
    "cosine": (Schedule("cosine"), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=TOTAL)),
    "linear after a warm-up": (
        Schedule("linear", warmup=1.6),
        lambda o: lr_scheduler.LambdaLR(o, lambda s: (s + 1) / 8 if s < 8 else 1 - (s - 8) / (TOTAL - 8)),
    ),
    "constant after a warm-up": (
        Schedule("constant", warmup=1),
        lambda o: lr_scheduler.LinearLR(o, start_factor=1 / STEPS, total_iters=STEPS - 1),
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedule_is_that_of_torch(name: str) -> None:
    schedule, reference = SCHEDULERS[name]
    compare(replace(BASE, schedule=schedule), reference)


@pytest.mark.parametrize("limit", [0.05, 1.0, 1e6])
def test_clipping_is_that_of_torch_for_each_cell(limit: float) -> None:
    compare(replace(BASE, clip=limit, schedule=Schedule("constant")), SCHEDULERS["constant"][1])


def test_a_cell_is_clipped_by_its_own_norm_alone() -> None:
    grads = torch.tensor([[3.0, 4.0], [0.3, 0.4], [float("nan"), 1.0], [float("inf"), 1.0]])
    found = clipped(grads, 1.0)
    torch.testing.assert_close(found[0], torch.tensor([0.6, 0.8]), rtol=1e-6, atol=0)
    assert torch.equal(found[1], grads[1])
    assert not found[2:].isfinite().all(dim=1).any()
