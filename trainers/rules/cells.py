"""The cells of a state: which tensors belong to cells, and how to take some of the cells out."""

from typing import TypeVar

from torch import Tensor

State = TypeVar("State", bound=tuple[Tensor, ...])


def per_cell(tensor: Tensor) -> bool:
    """Whether a state's tensor belongs to cells, its first dimension being the cell.

    That is so for tensors of two and more dimensions; one of no dimension (a step counter) or of one (something
    about the n parameters) is the same for all cells.
    """
    return tensor.dim() >= 2


def select_cells(state: State, index: Tensor) -> State:
    """The state of the cells in `index` (`[k]` int64, or bool `[cells]`), in that order; shared tensors stay.

    Works for the state of any rule: a NamedTuple of tensors (see `per_cell`), or a plain tuple of them.
    """
    kept = [tensor[index] if per_cell(tensor) else tensor for tensor in state]
    return type(state)(*kept) if hasattr(state, "_fields") else type(state)(kept)
