"""The definition of an update rule: one pure function on tensors whose first dimension is the cell."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Shapes = tuple[tuple[int, ...], ...]
"""The shape of each of a network's tensors, in the order in which they lie in a cell's row."""

Hyper = Mapping[str, Tensor]
"""Every hyperparameter of the rule as a tensor `[cells, 1]`; the learning rate is already multiplied by the schedule's
current factor, and `schedule` is that factor (a tensor that broadcasts)."""

Step = Callable[[Tensor, Tensor, Any, Hyper], tuple[Tensor, Any]]
"""`step(params, grads, state, hyper)`: the next params `[cells, n]` and state (see `Rule`)."""


@dataclass(frozen=True)
class Rule:
    """An update rule. All parameters of a network lie side by side in one row for each cell.

    Args:
        name: what users type.
        hyperparameters: name and default of each, the learning rate first; any of them may be an axis of a space.
        init: `init(params, shapes)` gives the state before the first step: params `[cells, n]`, and the shape of each
            of the network's tensors, in order (their sizes add up to n). A NamedTuple of tensors: those of two and
            more dimensions have the cell first, those of fewer are shared by all cells (see `select_cells`). A step
            counter is a tensor of no dimension, so that a step can be recorded as a CUDA graph.
        step: `step(params, grads, state, hyper)` gives the next params and state. Pure: no argument is changed.
        in_place: the same step, to the last bit, which may write its results into params and state; None for none.
        summary: one line for `tunecost grid optimizers`, with the source of the formula.
        label: the name in figures; empty for `name`.
        numbers: further numbers of a run by name: `numbers[name](state, hyper)` gives one for each cell `[cells]` from
            the state after the last step. They become columns of the surface.
        rate: which of the hyperparameters is the learning rate, the one that a task's schedule changes.
        evaluated_at: `evaluated_at(params, state)` gives the parameters `[cells, n]` at which a network is to be
            evaluated, in memory of their own, where those are others than the ones that gradients are taken at
            (averages of iterates); None where they are the same.
        by_value: whether a step reads its hyperparameters as Python's numbers: they come in float64 whatever the
            parameters are in, and no CUDA graph records it. Such a step may change its arguments.
        identity: what distinguishes the rule from others of its name, for a sweep's digest and a surface's header.
        check: `check(name, value)` raises BadInput for a hyperparameter's value that the rule cannot have.
    """

    name: str
    hyperparameters: Mapping[str, float]
    init: Callable[[Tensor, Shapes], Any]
    step: Step
    summary: str = ""
    label: str = ""
    numbers: Mapping[str, Callable[[Any, Hyper], Tensor]] = field(default_factory=dict)
    rate: str = "alpha"
    evaluated_at: Callable[[Tensor, Any], Tensor] | None = None
    by_value: bool = False
    identity: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[str, float], None] | None = None
    in_place: Step | None = None

    def step_on(self, device: torch.device) -> Step:
        """The step to train with: on a GPU, where memory traffic limits a step, the one in place if there is one."""
        return self.in_place if self.in_place is not None and device.type == "cuda" else self.step


def sizes_of(shapes: Shapes) -> tuple[int, ...]:
    """The number of elements of each tensor.

    >>> sizes_of(((2, 3), (4,), ()))
    (6, 4, 1)
    """
    return tuple(math.prod(shape) for shape in shapes)
