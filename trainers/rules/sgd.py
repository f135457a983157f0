"""Stochastic gradient descent with momentum, plain or Nesterov's."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import column
from trainers.rules.shipped import Trajectory, Values, register


def sgd_equation(w: Tensor, shapes: Shapes, h: Values, nesterov: bool = True) -> Trajectory:
    """SGD with momentum, as torch.optim.SGD without dampening."""
    momentum_buffer = torch.zeros_like(w)
    while True:
        grad = (yield w) + h.weight_decay * w
        momentum_buffer = h.momentum * momentum_buffer + grad
        w = w - h.alpha * (grad + h.momentum * momentum_buffer if nesterov else momentum_buffer)


class SGDState(NamedTuple):
    """The momentum buffer b, `[cells, n]`."""

    momentum_buffer: Tensor


@register("sgd", label="SGD", study=1, equation=sgd_equation)
def sgd(*, nesterov: bool = True) -> Rule:
    """SGD with momentum; the study's authors train with Nesterov momentum 0.9, hence the defaults."""

    def init(params: Tensor, shapes: Shapes) -> SGDState:
        return SGDState(torch.zeros_like(params))

    def apply(
        params: Tensor, grads: Tensor, state: SGDState, hyper: Hyper, inplace: bool = False
    ) -> tuple[Tensor, SGDState]:
        if "weight_decay" in hyper:
            grads = torch.addcmul(grads, params, column(hyper["weight_decay"], params))
        momentum = column(hyper["momentum"], params)
        buffer = torch.addcmul(grads, state.momentum_buffer, momentum, out=state.momentum_buffer if inplace else None)
        direction = torch.addcmul(grads, buffer, momentum) if nesterov else buffer
        out = params if inplace else None
        return torch.addcmul(params, direction, column(-hyper["alpha"], params), out=out), SGDState(buffer)

    defaults = {"alpha": 0.1, "momentum": 0.9, "weight_decay": 0.0}
    summary = "stochastic gradient descent with Nesterov momentum (as torch.optim.SGD)"
    return Rule("sgd", defaults, init, apply, summary, in_place=partial(apply, inplace=True))
