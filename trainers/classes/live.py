"""The cells of a block in training, each a parameter group of one optimizer over views of the stacked parameters.

Forward and backward pass stay fused; the class steps its groups one after another, as always. A class whose groups
influence each other gets one instance a cell.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils import _pytree as pytree

from grids.errors import BadInput
from trainers.classes import outside
from trainers.classes.arguments import RATE
from trainers.classes.kind import Kind, Plan, explained, guarded, switch_mode
from trainers.classes.rates import Rates
from trainers.classes.saved import Saved
from trainers.rules.base import Shapes, sizes_of


@dataclass
class _Cell:
    params: list[nn.Parameter]
    grads: list[Tensor]
    views: list[Tensor]
    hyper: dict[str, float]
    optimizer: Optimizer
    groups: list[dict[str, Any]]
    rates: Rates
    draws: Tensor | None = None
    lost: bool = False


class _Groups(list[dict[str, Any]]):
    """Parameter groups that count how often they were iterated over, and record the current one."""

    passes, at = 0, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self.passes += 1
        for self.at, group in enumerate(super().__iter__()):
            yield group


class Live:
    """Optimizers over views of one tensor of parameters and one of gradients.

    Args:
        kind, shapes, plan: the class, a network's tensors, and how the one steps the other.
        start: parameters, `[cells, n]`; copied.
        saved: of each cell what `save` gave, or its `hyper` alone.

    Raises:
        BadInput: the class refuses a cell's hyperparameters.
    """

    def __init__(self, kind: Kind, shapes: Shapes, plan: Plan, start: Tensor, saved: Sequence[Saved]) -> None:
        self.kind, self.shapes, self.plan = kind, shapes, plan
        self.stack, self.grads = start.clone(), torch.empty_like(start)
        self.rate: Tensor | None = None
        self.cells: list[_Cell] = []
        for row, grad, one in zip(self.stack, self.grads, saved, strict=True):
            views = self._split(row)
            params = [nn.Parameter(view) for view in views]
            single = kind.make(params, one["hyper"])
            groups = single.param_groups
            for group in groups:
                group.setdefault(RATE, one["hyper"][RATE])  # a class may not keep what it does not read
            self.cells.append(_Cell(params, self._split(grad), views, one["hyper"], single, groups, Rates(groups)))
        self.apart = plan.apart or outside.differ([cell.optimizer for cell in self.cells])
        if not self.apart:
            joined = kind.join([cell.optimizer for cell in self.cells], self.cells[0].hyper)
            for cell, group in zip(self.cells, joined.param_groups, strict=True):
                cell.optimizer, cell.groups, cell.rates = joined, [group], Rates([group])
        for cell, one in zip(self.cells, saved, strict=True):
            if "groups" in one:
                self._restore(cell, one)
            elif plan.draws:
                cell.draws = torch.Generator().manual_seed(0).get_state()
        self._gather()

    def _split(self, row: Tensor) -> list[Tensor]:
        if self.plan.flat:
            return [row]
        pieces = row.split(sizes_of(self.shapes))
        return [piece.view(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]

    def _gather(self) -> None:
        """Leave the groups of lost cells out of the shared optimizer's steps."""
        if not self.apart:
            self.cells[0].optimizer.param_groups = _Groups(cell.groups[0] for cell in self.cells if not cell.lost)

    def step(self, params: Tensor, grads: Tensor, rate: Tensor, schedule: Tensor) -> Tensor:
        """One step; see `Cells.step`. `rate` is the learning rate, `[cells, 1]`, under `schedule`, its factor."""
        self._take(params)
        self.grads.copy_(grads)
        if rate is not self.rate:
            factors = schedule.expand_as(rate).flatten().tolist()
            for cell, value, factor in zip(self.cells, rate.flatten().tolist(), factors, strict=True):
                cell.rates.follow(value, cell.hyper[RATE], factor)
            self.rate = rate
        for cell in self.cells:
            for p, grad in zip(cell.params, cell.grads, strict=True):
                if p.grad is not grad:
                    p.grad = grad
        with guarded(self.kind.compiles):
            if self.apart:
                for cell in self.cells:
                    self._step_alone(cell)
            else:
                self._step_together()
        self._put_back()
        return self.stack

    def _step_together(self) -> None:
        """One step of all groups; after one that fails, the step continues with the next."""
        optimizer = self.cells[0].optimizer
        left = [cell for cell in self.cells if not cell.lost]
        groups: Any = optimizer.param_groups
        while left:
            groups.passes = 0
            try:
                optimizer.step()
                break
            except Exception as error:
                if groups.passes != 1:  # then some of the others may have stepped in part
                    raise BadInput(self._words(error)) from error
                self._lose(left[groups.at], error)
                left = left[groups.at + 1 :]
                groups = optimizer.param_groups = _Groups(cell.groups[0] for cell in left)
        if len(left) < len(self.cells):
            self._gather()

    def _step_alone(self, cell: _Cell) -> None:
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
            self._lose(cell, error)

    def _lose(self, cell: _Cell, error: Exception) -> None:
        """Count a cell whose step failed as diverged.

        Raises:
            BadInput: all of its numbers are finite, and the error is none of arithmetic.
        """
        arithmetic = isinstance(error, ArithmeticError | torch.linalg.LinAlgError) or "overflow" in str(error)
        if not arithmetic and all(t.isfinite().all() for t in _tensors([cell.params, cell.grads, self._state(cell)])):
            raise BadInput(self._words(error, cell)) from error
        cell.lost = True
        for view in cell.views:
            view.fill_(float("nan"))

    def _words(self, error: Exception, cell: _Cell | None = None) -> str:
        given = "" if cell is None else self.kind.words(cell.hyper)
        where = f" at {given}" if given else ""
        return f"optimizer '{self.kind.arguments.name}': its step fails{where} ({explained(error)})"

    def judged(self, params: Tensor) -> Tensor:
        """The parameters that `eval()` leaves; see `Cells.judged`."""
        self._take(params)
        trained = self.stack.clone()
        optimizers = {id(cell.optimizer): cell.optimizer for cell in self.cells}.values()
        for optimizer in optimizers:
            switch_mode(optimizer, "eval")
        self._put_back()
        found = self.stack.clone()
        for optimizer in optimizers:
            switch_mode(optimizer, "train")
        self._put_back()
        self.stack.copy_(trained)
        return found

    def _take(self, params: Tensor) -> None:
        if params is not self.stack:
            self.stack.copy_(params)

    def _put_back(self) -> None:
        """Make parameters views of the stack again where the class has moved them to other memory."""
        for cell in self.cells:
            for p, view in zip(cell.params, cell.views, strict=True):
                if p.data_ptr() != view.data_ptr():
                    view.copy_(p.detach())
                    p.data = view

    def _state(self, cell: _Cell) -> list[list[Any]]:
        """The state of each parameter, by group."""
        return [[dict(cell.optimizer.state.get(p, {})) for p in group["params"]] for group in cell.groups]

    def _own(self, optimizer: Optimizer) -> dict[str, Any]:
        """What the class's own `state_dict` holds besides groups and state, of an instance of one cell."""
        if not self.apart or type(optimizer).state_dict is Optimizer.state_dict:
            return {}
        return {key: value for key, value in optimizer.state_dict().items() if key not in ("state", "param_groups")}

    def save(self) -> list[Saved]:
        """The saved state of each cell, from which training continues."""
        return [
            {
                "hyper": cell.hyper,
                "groups": [_of_group(group) for group in cell.groups],
                "rates": cell.rates.save(),
                "state": self._state(cell),
                "shared": {key: value for key, value in cell.optimizer.state.items() if not isinstance(key, Tensor)},
                "own": self._own(cell.optimizer),
                "draws": cell.draws,
                "lost": cell.lost,
                "flat": self.plan.flat,
                "apart": self.apart,
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
        if saved["own"]:
            cell.optimizer.load_state_dict({**cell.optimizer.state_dict(), **copy.deepcopy(saved["own"])})
            cell.groups = cell.optimizer.param_groups
        cell.rates = Rates(cell.groups, saved["rates"])


def _of_group(group: dict[str, Any]) -> dict[str, Any]:
    """A group without its parameters, and without functions and classes, which a new instance has too."""
    return {key: value for key, value in group.items() if key != "params" and not callable(value)}


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf.detach() for leaf in pytree.tree_leaves(tree) if isinstance(leaf, Tensor)]
