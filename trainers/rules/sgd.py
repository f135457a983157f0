"""Stochastic gradient descent with momentum, plain or Nesterov's."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import column
from trainers.rules.shipped import register


class SGDState(NamedTuple):
    """The momentum buffer b, `[cells, n]`."""

    momentum: Tensor


@register("sgd", label="SGD", study=1)
def sgd(*, nesterov: bool = True) -> Rule:
    """b ← μ·b + g; w ← w − α·(g + μ·b), or w − α·b where not `nesterov`.

    torch.optim.SGD without dampening (its first buffer, g, is what b = 0 gives). The study's authors train with
    Nesterov momentum 0.9, hence the defaults.
    """

    def init(params: Tensor, shapes: Shapes) -> SGDState:
        return SGDState(torch.zeros_like(params))

    def apply(
        params: Tensor, grads: Tensor, state: SGDState, hyper: Hyper, inplace: bool = False
    ) -> tuple[Tensor, SGDState]:
        if "weight_decay" in hyper:
            grads = torch.addcmul(grads, params, column(hyper["weight_decay"], params))
        momentum = column(hyper["momentum"], params)
        buffer = torch.addcmul(grads, state.momentum, momentum, out=state.momentum if inplace else None)
        direction = torch.addcmul(grads, buffer, momentum) if nesterov else buffer
        out = params if inplace else None
        return torch.addcmul(params, direction, column(-hyper["alpha"], params), out=out), SGDState(buffer)

    defaults = {"alpha": 0.1, "momentum": 0.9, "weight_decay": 0.0}
    summary = "stochastic gradient descent with Nesterov momentum (as torch.optim.SGD)"
    return Rule("sgd", defaults, init, apply, summary, in_place=partial(apply, inplace=True))
