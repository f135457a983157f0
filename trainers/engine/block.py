"""The loop that trains a block of cells: schedule, curves, divergence, snapshots."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from grids.errors import unknown
from trainers.device import arithmetic, prepare
from trainers.engine.procedure import Procedure, Supervised
from trainers.engine.results import BlockResult, Snapshot
from trainers.engine.schedule import factor
from trainers.rules.base import Rule
from trainers.task import Dataset, Task


def train_block(
    task: Task,
    data: Dataset,
    rule: Rule,
    hyper: Mapping[str, np.ndarray],
    seed: int,
    *,
    epochs: int | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    way: str | None = None,
    snapshot: Snapshot | None = None,
    on_epoch: Callable[[Snapshot], None] | None = None,
) -> BlockResult:
    """Train a block of cells together, each as if it were alone.

    A cell has diverged once a loss, a parameter or an output on the validation set is not finite. It then carries
    the error of guessing, and is dropped at the end of the epoch (on a GPU, where another number of cells means
    another recording, once an eighth of the block has diverged). A cell that is merely bad keeps its own error.

    Args:
        task, data, rule: what is trained, on what, and how.
        hyper: float64 `[cells]` for any of the rule's hyperparameters. The others keep the rule's default, and
            `weight_decay` the task's.
        seed: of initialisation, data order and augmentation; all cells share them.
        epochs: instead of the task's; the schedule's milestones move along.
        device: `cpu`, `cuda`, `cuda:1`.
        dtype: of arithmetic: by default float32 on a CPU and bfloat16 on a GPU, where parameters, statistics and
            the rule stay float32.
        way: how the network is run, one of `trainers.engine.ways.WAYS`; by default the best known for it.
        snapshot: continue from here, with the same other arguments. The result is that of never stopping.
        on_epoch: called after every epoch with what is needed to continue from there.

    Raises:
        BadInput: a hyperparameter that the rule does not have.
    """
    device = torch.device(device)
    prepare(device)
    epochs = task.epochs if epochs is None else epochs
    procedure: Procedure = Supervised(task, data, rule, seed, device, dtype or arithmetic(device), way)
    values = hyper_tensors(task, rule, hyper, device, torch.float64 if dtype == torch.float64 else torch.float32)
    cells = len(values["alpha"])

    state = procedure.start(cells)
    if snapshot is None:
        snapshot = Snapshot(
            epoch=0,
            alive=torch.arange(cells),
            state=[],
            diverged=torch.zeros(cells, dtype=torch.bool),
            curve=torch.full((cells, epochs), task.guessing, dtype=torch.float64),
            train_loss=torch.full((cells,), float("nan"), dtype=torch.float64),
        )
    else:
        _, structure = pytree.tree_flatten(state)
        state = pytree.tree_unflatten([t.to(device, copy=True) for t in snapshot.state], structure)
    alive, diverged = snapshot.alive, snapshot.diverged.clone()
    curve, train_loss = snapshot.curve.clone(), snapshot.train_loss.clone()

    for epoch in range(snapshot.epoch, epochs):
        if len(alive):
            now = scheduled({k: v[alive.to(device)] for k, v in values.items()}, task, epoch, epochs)
            state, losses = procedure.train(state, now, epoch)
            errors = procedure.evaluate(state)
            good = (losses.finite & errors.finite).cpu() & ~diverged[alive]
            curve[alive[good], epoch] = errors.value.cpu()[good]
            train_loss[alive] = losses.value.cpu()
            diverged[alive[~good]] = True
            train_loss[alive[~good]] = float("nan")
            if len(alive) - int(good.sum()) >= (len(alive) / 8 if device.type == "cuda" else 1):
                state = procedure.keep(state, good.to(device))
                alive = alive[good]
        if on_epoch is not None:
            leaves = [t.detach().to("cpu", copy=True) for t in pytree.tree_leaves(state)]
            on_epoch(Snapshot(epoch + 1, alive, leaves, diverged.clone(), curve.clone(), train_loss.clone()))

    return BlockResult(
        value=np.where(diverged.numpy(), task.guessing, curve[:, -1].numpy()),
        diverged=diverged.numpy(),
        curve=curve.float().numpy(),
        train_loss=train_loss.numpy(),
    )


def hyper_tensors(
    task: Task, rule: Rule, hyper: Mapping[str, np.ndarray], device: torch.device, dtype: torch.dtype
) -> dict[str, Tensor]:
    """Every hyperparameter of the rule as `[cells, 1]`; what is not given stands at its default."""
    for name in hyper:
        if name not in rule.hyperparameters:
            raise unknown(f"hyperparameter of {rule.name}", name, rule.hyperparameters)
    cells = len(next(iter(hyper.values()))) if hyper else 1
    defaults = dict(rule.hyperparameters)
    if "weight_decay" in defaults:
        defaults["weight_decay"] = task.weight_decay
    columns = {name: hyper.get(name, np.full(cells, default)) for name, default in defaults.items()}
    return {
        name: torch.tensor(np.asarray(column), dtype=dtype, device=device).view(-1, 1)
        for name, column in columns.items()
    }


def scheduled(values: dict[str, Tensor], task: Task, epoch: int, epochs: int) -> dict[str, Tensor]:
    """The hyperparameters of an epoch: α times the schedule's factor, and that factor as `schedule`."""
    by = factor(epoch, epochs, task.milestones, task.factor)
    alpha = values["alpha"]
    return {**values, "alpha": alpha * by, "schedule": torch.full_like(alpha, by)}
