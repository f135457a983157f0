"""What an update rule is: one pure function on tensors whose first dimension is the cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

Hyper = Mapping[str, Tensor]
"""Every hyperparameter of the rule as a tensor `[cells, 1]`; `alpha` is already multiplied by the schedule's
current factor, and `schedule` is that factor (a tensor that broadcasts)."""

Step = Callable[[Tensor, Tensor, Any, Hyper], tuple[Tensor, Any]]


@dataclass(frozen=True)
class Rule:
    """An update rule. All parameters of a network lie side by side in one row for each cell.

    Args:
        name: what users type.
        hyperparameters: name and default of each, `alpha` first; any of them may be an axis of a space.
        init: `init(params, sizes)` gives the state before the first step: params `[cells, n]`, and the number of
            elements of each of the network's tensors, in order (their sum is n). A NamedTuple of tensors: those of
            two and more dimensions have the cell first, those of fewer are shared by all cells (see `select_cells`).
            A step counter is a tensor of no dimension, so that a step can be recorded as a CUDA graph.
        step: `step(params, grads, state, hyper)` gives the next params and state. Pure: no argument is changed.
        summary: one line for `tunecost grid optimizers`, with the source of the formula.
        label: the name in figures; empty for `name`.
        numbers: further numbers of a run by name: `numbers[name](state, hyper)` gives one for each cell `[cells]` from
            the state after the last step. They become columns of the surface.
    """

    name: str
    hyperparameters: Mapping[str, float]
    init: Callable[[Tensor, tuple[int, ...]], Any]
    step: Step
    summary: str = ""
    label: str = ""
    numbers: Mapping[str, Callable[[Any, Hyper], Tensor]] = field(default_factory=dict)
