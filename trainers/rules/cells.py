"""Select cells from a rule's state, and count the numbers that it holds for a cell."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from trainers.rules.base import Rule, Shapes, sizes_of


@runtime_checkable
class OwnCells(Protocol):
    """A state that is not a tuple of tensors and selects its cells itself; the engine sees a pytree of tensors."""

    def select(self, index: Tensor) -> Any:
        """The state of the cells in `index`, in that order."""

    def numbers_of_cell(self) -> int:
        """Count the numbers in the state of a cell after its first step."""


def per_cell(tensor: Tensor) -> bool:
    """Whether a state's tensor belongs to cells, its first dimension being the cell.

    That is so for tensors of two and more dimensions; one of no dimension (a step counter) or of one (something
    about the n parameters) is the same for all cells.
    """
    return tensor.dim() >= 2


def select_cells(state: Any, index: Tensor) -> Any:
    """The state of the cells in `index` (`[k]` int64, or bool `[cells]`), in that order; shared tensors stay.

    Works for the state of any rule: a NamedTuple of tensors (see `per_cell`), a plain tuple of them, or `OwnCells`.
    """
    if isinstance(state, OwnCells):
        return state.select(index)
    chosen = [tensor[index] if per_cell(tensor) else tensor for tensor in state]
    return type(state)(*chosen) if hasattr(state, "_fields") else type(state)(chosen)


def numbers_in_state(rule: Rule, shapes: Shapes) -> int:
    """Count the numbers that a rule remembers of a cell whose network has tensors of these shapes."""
    state = rule.init(torch.zeros(1, sum(sizes_of(shapes))), shapes)
    if isinstance(state, OwnCells):
        return state.numbers_of_cell()
    return sum(leaf.numel() for leaf in pytree.tree_leaves(state) if isinstance(leaf, Tensor))
