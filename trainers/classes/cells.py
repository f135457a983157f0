"""The cells of a block, each a parameter group of one optimizer over views of the stacked parameters.

Forward and backward pass stay fused; the class steps its groups one after another, as it does for anyone. A class
whose groups touch each other gets one instance a cell.
"""

import contextlib
import copy
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils import _pytree as pytree

from grids.errors import BadInput
from grids.plugins import reason
from trainers.classes.arguments import RATE, Arguments
from trainers.rules.base import Hyper, Shapes, sizes_of

Saved = dict[str, Any]
"""What is kept of a cell: `hyper` that it was constructed with, `groups` without their parameters, `state` by group and
parameter, `shared` (state that belongs to no parameter), `draws` (of the generator that its class draws from; None),
`lost` (whether its step has failed)."""


@dataclass(frozen=True)
class Plan:
    """How a class is run on tensors of some shapes (see `trainers.classes.plan`).

    Args:
        flat: all parameters of a cell are one tensor of one dimension: the class treats all elements alike.
        apart: every cell has an instance of its own.
        singly: hyperparameters in which only cells with instances of their own can differ.
        draws: the class draws random numbers; each cell then has a stream of its own, the same for all.
        numbers: how many numbers a cell's state holds.
    """

    flat: bool
    apart: bool
    singly: frozenset[str] = frozenset()
    draws: bool = False
    numbers: int = 0


@dataclass(frozen=True, eq=False)
class Kind:
    """A class with its options."""

    cls: type[Optimizer]
    arguments: Arguments

    def make(self, params: Sequence[nn.Parameter], hyper: Mapping[str, float]) -> Optimizer:
        """An instance, in training mode.

        Raises:
            BadInput: the class refuses.
        """
        values = self.arguments.values(hyper)
        try:
            return _switch(self.cls(list(params), **values), "train")
        except BadInput:
            raise
        except Exception as error:  # anybody's class may raise anything
            given = self.words(hyper)
            failed = f"refuses {given}" if given else "cannot be made"
            raise BadInput(f"optimizer '{self.arguments.name}' {failed} ({reason(error)})") from error

    def words(self, hyper: Mapping[str, float]) -> str:
        """Hyperparameters that are not at their defaults, for messages."""
        defaults = self.arguments.numbers
        return ", ".join(f"{name}={value:g}" for name, value in hyper.items() if value != defaults.get(name))

    def join(self, singles: Sequence[Optimizer], hyper: Mapping[str, float]) -> Optimizer:
        """One instance whose groups are those of the given ones, each of one group."""
        groups = [dict(single.param_groups[0]) for single in singles]
        return _switch(self.cls(groups, **self.arguments.values(hyper)), "train")


class Cells:
    """Optimizers and their state for all cells of a block; the rule's state, which each step changes.

    Args:
        kind: the class.
        shapes: of a network's tensors.
        plan: how it is run.
        saved: what a cell's state was, of each; None where no step has been made.
    """

    def __init__(self, kind: Kind, shapes: Shapes, plan: Plan, saved: list[Saved] | None = None) -> None:
        self.kind, self.shapes, self.plan = kind, shapes, plan
        self._saved = saved
        self._live: _Live | None = None

    def step(self, params: Tensor, grads: Tensor, hyper: Hyper) -> Tensor:
        """One step of every cell: the parameters after it, in memory that the next step will change.

        Raises:
            BadInput: the class fails at a cell whose numbers are all finite.
        """
        if self._live is None:
            fresh = [{"hyper": values} for values in _by_cell(hyper)] if self._saved is None else self._saved
            self._live, self._saved = _Live(self.kind, self.shapes, self.plan, params, fresh), None
        return self._live.step(params, grads, hyper[RATE])

    def judged(self, params: Tensor) -> Tensor:
        """The parameters that the class's `eval()` puts in place of these, `[cells, n]`."""
        if self._live is None:
            if self._saved is None:
                return params.clone()
            self._live, self._saved = _Live(self.kind, self.shapes, self.plan, params, self._saved), None
        return self._live.judged(params)

    def save(self) -> list[Saved] | None:
        """What is needed to go on, a part for each cell; None before the first step."""
        return self._saved if self._live is None else self._live.save()

    def select(self, index: Tensor) -> "Cells":
        """Some of the cells (see `trainers.rules.cells`)."""
        saved = self.save()
        if saved is None:
            return self
        chosen = (index.nonzero().flatten() if index.dtype == torch.bool else index).tolist()
        return Cells(self.kind, self.shapes, self.plan, [saved[cell] for cell in chosen])

    def numbers_of_cell(self) -> int:
        return self.plan.numbers


@dataclass
class _Cell:
    params: list[nn.Parameter]
    grads: list[Tensor]
    views: list[Tensor]
    hyper: dict[str, float]
    optimizer: Optimizer
    groups: list[dict[str, Any]]
    draws: Tensor | None = None
    lost: bool = False


@dataclass
class _Live:
    """Optimizers over views of one tensor of parameters and one of gradients."""

    kind: Kind
    shapes: Shapes
    plan: Plan
    start: Tensor
    saved: list[Saved]
    cells: list[_Cell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stack, self.grads = self.start.clone(), torch.empty_like(self.start)
        self.rate: Tensor | None = None
        for row, grad, saved in zip(self.stack, self.grads, self.saved, strict=True):
            views = self._split(row)
            params = [nn.Parameter(view) for view in views]
            single = self.kind.make(params, saved["hyper"])
            self.cells.append(_Cell(params, self._split(grad), views, saved["hyper"], single, single.param_groups))
        self.apart = self.plan.apart or any(
            len({cell.hyper[name] for cell in self.cells if name in cell.hyper}) > 1 for name in self.plan.singly
        )
        if not self.apart:
            joined = self.kind.join([cell.optimizer for cell in self.cells], self.cells[0].hyper)
            for cell, group in zip(self.cells, joined.param_groups, strict=True):
                cell.optimizer, cell.groups = joined, [group]
        for cell, saved in zip(self.cells, self.saved, strict=True):
            if "groups" in saved:
                self._restore(cell, saved)
            elif self.plan.draws:
                cell.draws = torch.Generator().manual_seed(0).get_state()
        del self.start, self.saved

    def _split(self, row: Tensor) -> list[Tensor]:
        if self.plan.flat:
            return [row]
        pieces = row.split(sizes_of(self.shapes))
        return [piece.view(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]

    def step(self, params: Tensor, grads: Tensor, rate: Tensor) -> Tensor:
        self._take(params)
        self.grads.copy_(grads)
        if rate is not self.rate:
            for cell, value in zip(self.cells, rate.flatten().tolist(), strict=True):
                for group in cell.groups:
                    group[RATE] = value
            self.rate = rate
        for cell in self.cells:
            for p, grad in zip(cell.params, cell.grads, strict=True):
                if p.grad is not grad:
                    p.grad = grad
        if self.apart:
            for cell in self.cells:
                self._step_alone(cell)
        else:
            try:
                self.cells[0].optimizer.step()
            except Exception as error:
                raise BadInput(self._blame(error)) from error
        self._put_back()
        return self.stack

    def _step_alone(self, cell: _Cell) -> None:
        """A step of one cell; where it fails on numbers that are not finite, the cell has diverged."""
        if cell.lost:
            return
        try:
            if cell.draws is None:
                cell.optimizer.step()
            else:
                with torch.random.fork_rng(devices=[]):
                    torch.set_rng_state(cell.draws)
                    cell.optimizer.step()
                    cell.draws = torch.get_rng_state()
        except Exception as error:
            if all(bool(t.isfinite().all()) for t in _tensors([cell.params, cell.grads, self._state(cell)])):
                raise BadInput(self._words(error, [cell])) from error
            cell.lost = True
            for p in cell.params:
                p.detach().fill_(float("nan"))

    def _blame(self, error: Exception) -> str:
        """Which cells' steps fail, found by trying each by itself."""
        failing, plan = [], replace(self.plan, apart=True)
        for at, (cell, saved) in enumerate(zip(self.cells, self.save(), strict=True)):
            try:
                alone = _Live(self.kind, self.shapes, plan, self.stack[at : at + 1], [saved])
                alone.grads.copy_(self.grads[at : at + 1])
                for p, grad in zip(alone.cells[0].params, alone.cells[0].grads, strict=True):
                    p.grad = grad
                alone.cells[0].optimizer.step()
            except Exception:
                failing.append(cell)
        return self._words(error, failing)

    def _words(self, error: Exception, cells: Sequence[_Cell]) -> str:
        name = self.kind.arguments.name
        first = self.kind.words(cells[0].hyper) if cells else ""
        first = f" at {first}" if first else ""
        more = f" and at {len(cells) - 1} more of {len(self.cells)} cells" if len(cells) > 1 else ""
        return f"optimizer '{name}': its step fails{first}{more} ({reason(error)})"

    def judged(self, params: Tensor) -> Tensor:
        self._take(params)
        trained = self.stack.clone()
        optimizers = {id(cell.optimizer): cell.optimizer for cell in self.cells}.values()
        for optimizer in optimizers:
            _switch(optimizer, "eval")
        self._put_back()
        found = self.stack.clone()
        for optimizer in optimizers:
            _switch(optimizer, "train")
        self._put_back()
        self.stack.copy_(trained)
        return found

    def _take(self, params: Tensor) -> None:
        if params is not self.stack:
            self.stack.copy_(params)

    def _put_back(self) -> None:
        """Make parameters views of the stack again where the class has given them other memory."""
        for cell in self.cells:
            for p, view in zip(cell.params, cell.views, strict=True):
                if p.data_ptr() != view.data_ptr():
                    view.copy_(p.detach())
                    p.data = view

    def _state(self, cell: _Cell) -> list[list[Any]]:
        """The state of each parameter, by group."""
        return [[dict(cell.optimizer.state.get(p, {})) for p in group["params"]] for group in cell.groups]

    def save(self) -> list[Saved]:
        return [
            {
                "hyper": cell.hyper,
                "groups": [{key: value for key, value in group.items() if key != "params"} for group in cell.groups],
                "state": self._state(cell),
                "shared": {key: value for key, value in cell.optimizer.state.items() if not isinstance(key, Tensor)},
                "draws": cell.draws,
                "lost": cell.lost,
            }
            for cell in self.cells
        ]

    def _restore(self, cell: _Cell, saved: Saved) -> None:
        cell.draws, cell.lost = saved["draws"], saved["lost"]
        for group, values, states in zip(cell.groups, saved["groups"], saved["state"], strict=True):
            group.update(copy.deepcopy(values))
            for p, state in zip(group["params"], states, strict=True):
                if state:
                    cell.optimizer.state[p] = copy.deepcopy(state)
        cell.optimizer.state.update(copy.deepcopy(saved["shared"]))


def _switch(optimizer: Optimizer, mode: str) -> Optimizer:
    """The optimizer switched to `train` or `eval`, where it has modes; what it prints then is nobody's result."""
    switch = getattr(optimizer, mode, None)
    if callable(switch):
        with contextlib.redirect_stdout(None):
            switch()
    return optimizer


def _by_cell(hyper: Hyper) -> list[dict[str, float]]:
    """Each cell's hyperparameters as numbers, the learning rate before the schedule."""
    schedule = hyper["schedule"].expand_as(hyper[RATE])
    given = {**hyper, RATE: torch.where(schedule != 0, hyper[RATE] / schedule, hyper[RATE])}
    columns = {name: value.flatten().tolist() for name, value in given.items() if name != "schedule"}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf.detach() for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]


def to_bytes(saved: list[Saved] | None) -> bytes:
    """A state as bytes that `from_bytes` reads without running any code.

    Raises:
        Exception: whatever torch.save raises of objects that are neither tensors nor plain values.
    """
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    return buffer.getvalue()


def from_bytes(content: bytes) -> list[Saved] | None:
    """The inverse.

    Raises:
        pickle.UnpicklingError: the state holds objects that are neither tensors nor plain values.
    """
    found: list[Saved] | None = torch.load(io.BytesIO(content), weights_only=True)
    return found


def _flatten(cells: Cells) -> tuple[list[Tensor], tuple[Kind, Shapes, Plan]]:
    content = torch.frombuffer(bytearray(to_bytes(cells.save())), dtype=torch.uint8)
    return [content], (cells.kind, cells.shapes, cells.plan)


def _unflatten(leaves: Any, context: tuple[Kind, Shapes, Plan]) -> Cells:
    (content,) = leaves
    return Cells(*context, from_bytes(content.numpy().tobytes()))


# So a snapshot of a block holds the optimizers' state as one tensor of bytes, whatever the class keeps.
pytree.register_pytree_node(Cells, _flatten, _unflatten)
