"""Lion: steps of one size in the direction of a momentum's sign."""

from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import column, decayed, moving_average
from trainers.rules.shipped import Trajectory, Values, register


def lion_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """Lion, algorithm 2 of its paper."""
    exp_avg = torch.zeros_like(w)
    while True:
        grad = yield w
        direction = (h.beta1 * exp_avg + (1 - h.beta1) * grad).sign()
        w = w - h.alpha * (direction + h.weight_decay * w)
        exp_avg = h.beta2 * exp_avg + (1 - h.beta2) * grad


class LionState(NamedTuple):
    """m, the moving average of the gradient, `[cells, n]`."""

    exp_avg: Tensor


@register("lion", label="Lion", equation=lion_equation)
def lion() -> Rule:
    """Lion (Chen et al. 2023), weight decay decoupled."""

    def init(params: Tensor, shapes: Shapes) -> LionState:
        return LionState(torch.zeros_like(params))

    def step(params: Tensor, grads: Tensor, state: LionState, hyper: Hyper) -> tuple[Tensor, LionState]:
        one_minus_beta1, one_minus_beta2 = (column(1.0 - hyper[beta].double(), params) for beta in ("beta1", "beta2"))
        direction = moving_average(state.exp_avg, grads, one_minus_beta1).sign_()
        params = torch.addcmul(decayed(params, hyper), direction, column(-hyper["alpha"], params))
        return params, LionState(moving_average(state.exp_avg, grads, one_minus_beta2))

    defaults = {"alpha": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0}
    summary = "Lion, steps by the sign of a momentum (Chen et al. 2023), decoupled weight decay"
    return Rule("lion", defaults, init, step, summary)
