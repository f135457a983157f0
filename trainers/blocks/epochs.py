"""The training loop of a block of cells: epochs, learning curves, divergence, snapshots."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from grids.errors import unknown
from trainers.blocks.results import BlockResult, Snapshot
from trainers.device import arithmetic, prepared
from trainers.engine.sizes import are_cells, rows_of, rows_to_keep
from trainers.procedures import procedure_of
from trainers.procedures.base import Procedure
from trainers.rules.base import Rule
from trainers.task import Dataset, Task


def train_block(
    task: Task,
    data: Dataset,
    rule: Rule,
    hyper: Mapping[str, np.ndarray],
    seed: int | Sequence[int] | np.ndarray,
    *,
    epochs: int | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    backend: str | None = None,
    snapshot: Snapshot | None = None,
    on_epoch: Callable[[Snapshot], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> BlockResult:
    """Train a block of cells together, each as if it were alone.

    A cell has diverged once a loss, a parameter or an output on the validation set is not finite. It then carries
    the metric's failure value, and is dropped at the end of the epoch (on a GPU as `sizes` says). A cell that is
    merely bad keeps its own value where the metric is bounded; where it is not, a value worse than failure is recorded
    as failure, and a cell that ends there has diverged.

    Args:
        task, data, rule: what is trained, on what, and how.
        hyper: float64 `[cells]` for any of the rule's hyperparameters. The others keep their default (`Task.defaults`).
        seed: of initialisation, data order and augmentation: one for all cells, or one for each, int `[cells]`. A
            cell's result does not depend on the seeds of the others.
        epochs: instead of the task's; the schedule moves along.
        device: `cpu`, `cuda`, `cuda:1`.
        dtype: of arithmetic: by default float32 on a CPU and bfloat16 on a GPU, where parameters, statistics and
            the rule stay float32.
        backend: the execution backend, one of `trainers.engine.backends.BACKENDS`; by default the fastest known for
            the network.
        snapshot: continue from here, with the same other arguments. The result is that of never stopping.
        on_epoch: called after every epoch with what is needed to continue from there. On a GPU the snapshot's state is
            the one in use, which the next epoch changes: copy it with `Snapshot.keeping`, before returning.
        clock: seconds since some moment, for the time that cells take.

    Raises:
        BadInput: a hyperparameter that the rule does not have.
    """
    with prepared(torch.device(device)):
        return _train(
            task, data, rule, hyper, seed, epochs, torch.device(device), dtype, backend, snapshot, on_epoch, clock
        )


def _train(
    task: Task,
    data: Dataset,
    rule: Rule,
    hyper: Mapping[str, np.ndarray],
    seed: int | Sequence[int] | np.ndarray,
    epochs: int | None,
    device: torch.device,
    dtype: torch.dtype | None,
    backend: str | None,
    snapshot: Snapshot | None,
    on_epoch: Callable[[Snapshot], None] | None,
    clock: Callable[[], float],
) -> BlockResult:
    epochs = task.epochs if epochs is None else epochs
    exact = torch.float64 if dtype == torch.float64 or rule.by_value else torch.float32
    values = hyper_tensors(task, rule, hyper, device, exact)
    cells = len(next(iter(values.values())))
    seeds = torch.as_tensor(np.broadcast_to(np.asarray(seed, np.int64), cells).copy())
    procedure: Procedure = procedure_of(task)(task, data, rule, device, dtype or arithmetic(device), epochs, backend)
    metric = task.metric.resolved(data)

    if snapshot is None:
        snapshot = _beginning(rows_of(cells, device), cells, epochs, metric.failure_value)
        state = procedure.start(seeds[snapshot.alive])
    else:
        state = procedure.start(seeds)
        state = _restored(state, snapshot)
    alive, diverged = snapshot.alive, snapshot.diverged.clone()
    curve, train_loss = snapshot.curve.clone(), snapshot.train_loss.clone()
    seconds = torch.full((cells,), float("nan"), dtype=torch.float64)
    if snapshot.seconds is not None:
        seconds = snapshot.seconds.clone()

    def remaining() -> dict[str, Tensor]:
        return {name: value[alive.to(device)] for name, value in values.items()}

    for epoch in range(snapshot.epoch, epochs):
        if len(alive):
            began, trained = clock(), alive
            state, losses = procedure.train(state, remaining(), seeds[alive], epoch)
            found = procedure.evaluate(state)
            good = (losses.finite & found.finite).cpu() & ~diverged[alive]
            cell = are_cells(alive)
            curve[alive[cell & good], epoch] = found.value.double().cpu()[cell & good]
            train_loss[alive[cell]] = losses.value.double().cpu()[cell]
            diverged[alive[cell & ~good]] = True
            train_loss[diverged] = float("nan")
            kept = rows_to_keep(~diverged[alive], device)
            if kept is not None:
                state = procedure.keep(state, kept.to(device))
                alive = alive[kept]
            seconds[trained[cell]] += (clock() - began) / int(cell.sum())
        if on_epoch is not None:
            on_cpu = device.type == "cpu"
            leaves = [t.detach().clone() if on_cpu else t.detach() for t in pytree.tree_leaves(state)]
            on_epoch(
                Snapshot(epoch + 1, alive, leaves, diverged.clone(), curve.clone(), train_loss.clone(), seconds.clone())
            )

    numbers = procedure.numbers(state, remaining())
    worse = torch.zeros_like(diverged)
    if not metric.bounded:
        worse = curve[:, -1] > metric.failure_value
        curve = curve.clamp(max=metric.failure_value)
    return BlockResult(
        value=np.where(diverged.numpy(), metric.failure_value, curve[:, -1].numpy()),
        diverged=(diverged | worse).numpy(),
        curve=curve.float().numpy(),
        train_loss=train_loss.numpy(),
        numbers={name: _of_all(number, alive, diverged) for name, number in numbers.items()},
    )


def judge_block(
    task: Task,
    data: Dataset,
    rule: Rule,
    seeds: np.ndarray,
    snapshot: Snapshot,
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    backend: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The metric of trained cells on other examples than they were trained with, as the validation set gives it.

    Args:
        task, rule, seeds, device, dtype, backend: as the block was trained, see `train_block`.
        data: with the examples to evaluate on in place of the validation set.
        snapshot: the block after its last epoch.

    Returns:
        Values, float64 `[cells]`, and whether a cell diverged, bool `[cells]`; failure and bounds as in `train_block`.
    """
    place = torch.device(device)
    with prepared(place):
        kind, metric = procedure_of(task), task.metric.resolved(data)
        procedure: Procedure = kind(task, data, rule, place, dtype or arithmetic(place), snapshot.epoch, backend)
        state = _restored(procedure.start(torch.as_tensor(seeds)), snapshot)
        value = torch.full((len(seeds),), metric.failure_value, dtype=torch.float64)
        diverged = snapshot.diverged.clone()
        if len(snapshot.alive):
            found = procedure.evaluate(state)
            cell = are_cells(snapshot.alive)
            good = found.finite.cpu() & ~diverged[snapshot.alive]
            value[snapshot.alive[cell & good]] = found.value.double().cpu()[cell & good]
            diverged[snapshot.alive[cell & ~good]] = True
        if not metric.bounded:
            diverged |= value > metric.failure_value
            value = value.clamp(max=metric.failure_value)
        return value.numpy(), diverged.numpy()


def _restored(fresh: Any, snapshot: Snapshot) -> Any:
    """A procedure's fresh state with a snapshot's tensors in it."""
    leaves, structure = pytree.tree_flatten(fresh)
    places = [t.device for t in leaves]  # sizes of tensors, which a rule's state may hold, stay on the CPU
    kept = [t.to(place, copy=True) for t, place in zip(snapshot.state, places, strict=True)]
    return pytree.tree_unflatten(kept, structure)


def _beginning(rows: Tensor, cells: int, epochs: int, failure: float) -> Snapshot:
    """Before the first epoch: every value is that of failure until a better one is known."""
    return Snapshot(
        epoch=0,
        alive=rows,
        state=[],
        diverged=torch.zeros(cells, dtype=torch.bool),
        curve=torch.full((cells, epochs), failure, dtype=torch.float64),
        train_loss=torch.full((cells,), float("nan"), dtype=torch.float64),
        seconds=torch.zeros(cells, dtype=torch.float64),
    )


def _of_all(number: Tensor, alive: Tensor, diverged: Tensor) -> np.ndarray:
    """A number of each cell in the state, for all cells of the block, float64: NaN where a cell diverged."""
    every = torch.full((len(diverged),), float("nan"), dtype=torch.float64)
    every[alive] = number.double().cpu()
    every[diverged] = float("nan")
    return every.numpy()


def hyper_tensors(
    task: Task, rule: Rule, hyper: Mapping[str, np.ndarray], device: torch.device, dtype: torch.dtype
) -> dict[str, Tensor]:
    """Every hyperparameter of the rule as `[cells, 1]`; one that is not given has its default in the task.

    Raises:
        BadInput: a hyperparameter that the rule does not have.
    """
    for name in hyper:
        if name not in rule.hyperparameters:
            raise unknown(f"hyperparameter of {rule.name}", name, rule.hyperparameters)
    cells = len(next(iter(hyper.values()))) if hyper else 1
    columns = {name: hyper.get(name, np.full(cells, default)) for name, default in task.defaults(rule).items()}
    return {
        name: torch.tensor(np.asarray(column), dtype=dtype, device=device).view(-1, 1)
        for name, column in columns.items()
    }
