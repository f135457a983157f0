"""The state of a rule that is an optimizer class: the class's own state of each cell, as the engine sees it."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from trainers.classes.arguments import RATE
from trainers.classes.kind import Kind, Plan
from trainers.classes.live import Live
from trainers.classes.plan import fit_plan
from trainers.classes.saved import Saved, from_bytes, to_bytes
from trainers.rules.base import Hyper, Shapes


class Cells:
    """Optimizers and their state for all cells of a block; the rule's state, which each step changes.

    Args:
        kind: the class.
        shapes: of a network's tensors.
        plan: how it is run on them; refined by the cells' own hyperparameters at the first step.
        saved: the saved state of each cell; None where no step has been made.
    """

    def __init__(self, kind: Kind, shapes: Shapes, plan: Plan, saved: list[Saved] | None = None) -> None:
        self.kind, self.shapes, self.plan = kind, shapes, plan
        self._saved = saved
        self._live: Live | None = None

    def step(self, params: Tensor, grads: Tensor, hyper: Hyper) -> Tensor:
        """One step of every cell: the parameters after it, in memory that the next step will change.

        Raises:
            BadInput: the class fails at a cell whose numbers are all finite.
        """
        if self._live is None:
            if self._saved is None:
                settings = _by_cell(hyper)
                self.plan = fit_plan(self.kind, self.shapes, self.plan, settings)
                self._live = Live(self.kind, self.shapes, self.plan, params, [{"hyper": one} for one in settings])
            else:
                self._restore(params, self._saved)
        assert self._live is not None
        return self._live.step(params, grads, hyper[RATE], hyper["schedule"])

    def _restore(self, params: Tensor, saved: list[Saved]) -> None:
        plan = replace(self.plan, flat=saved[0]["flat"], apart=saved[0]["apart"]) if saved else self.plan
        self.plan, self._live, self._saved = plan, Live(self.kind, self.shapes, plan, params, saved), None

    def judged(self, params: Tensor) -> Tensor:
        """The parameters that the class's `eval()` puts in place of these, `[cells, n]`."""
        if self._live is None:
            if self._saved is None:
                return params.clone()
            self._restore(params, self._saved)
        assert self._live is not None
        return self._live.judged(params)

    def save(self) -> list[Saved] | None:
        """The saved state of each cell, from which training continues; None before the first step."""
        return self._saved if self._live is None else self._live.save()

    def select(self, index: Tensor) -> "Cells":
        """Some of the cells (see `trainers.rules.cells`)."""
        saved = self.save()
        if saved is None:
            return self
        chosen = (index.nonzero().flatten() if index.dtype == torch.bool else index).tolist()
        return Cells(self.kind, self.shapes, self.plan, [saved[cell] for cell in chosen])

    def numbers_of_cell(self) -> int:
        """How many numbers a cell's state holds (see `trainers.rules.cells`)."""
        return self.plan.numbers


def _by_cell(hyper: Hyper) -> list[dict[str, float]]:
    """Each cell's hyperparameters as numbers, the learning rate before the schedule."""
    schedule = hyper["schedule"].expand_as(hyper[RATE])
    given = {**hyper, RATE: torch.where(schedule != 0, hyper[RATE] / schedule, hyper[RATE])}
    columns = {name: value.flatten().tolist() for name, value in given.items() if name != "schedule"}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _flatten(cells: Cells) -> tuple[list[Tensor], tuple[Kind, Shapes, Plan]]:
    content = torch.frombuffer(bytearray(to_bytes(cells.save())), dtype=torch.uint8)
    return [content], (cells.kind, cells.shapes, cells.plan)


def _unflatten(leaves: Any, context: tuple[Kind, Shapes, Plan]) -> Cells:
    (content,) = leaves
    return Cells(*context, from_bytes(content.numpy().tobytes()))


# So a snapshot of a block holds the optimizers' state as one tensor of bytes, whatever the class keeps.
pytree.register_pytree_node(Cells, _flatten, _unflatten)
