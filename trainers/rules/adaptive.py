"""Adaptive rules in the paper's form, w ← w − α·η ⊙ m (equation 4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import rms_sqrt

Scales = Mapping[str, Tensor]
"""What a step needs to know of each cell, `[cells, 1]` in the parameters' float type, computed from hyperparameters
and step counter alone; and `step`, the counter after the step."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The functions that an adaptive rule is made of.

    Args:
        scales: `scales(v_step, step, hyper)` gives the rule's scales; `step` is the number of gradients in m with the
            current one, `v_step` the number in the v that η is computed from: one fewer where `delay`.
        update: `update(state, grads, scales, inplace)` gives the state after the gradient; it may reuse the memory of
            `state` where `inplace`. A state has a field `step`, the number of gradients so far, a tensor of no
            dimension.
        denom: `denom(state, scales)` gives 1/(α·η) `[cells, n]`, what m is divided by, in memory that may be
            overwritten. For Adam that is (√v + ε)/α. m's bias correction, where there is one, is part of it.
        moment: `moment(state, scales)` gives m `[cells, n]`.
        rms_sqrt_v: `rms_sqrt_v(state, beta2)` gives the root mean square of √v, float64 `[cells]` (see `rms_sqrt`).
        decoupled: whether weight decay is decoupled from the gradient.
        decay_first: whether decoupled weight decay acts in the first step.
        delay: whether η comes from the state before the current gradient.
        first: what a delayed rule's first step does (see `delayed`).
    """

    scales: Callable[[Tensor, Tensor, Hyper], dict[str, Tensor]]
    update: Callable[[Any, Tensor, Scales, bool], Any]
    denom: Callable[[Any, Scales], Tensor]
    moment: Callable[[Any, Scales], Tensor] = lambda state, scales: state.exp_avg
    rms_sqrt_v: Callable[[Any, Tensor], Tensor] = lambda state, beta2: rms_sqrt(state.exp_sum_sq, beta2)
    decoupled: bool = False
    decay_first: bool = True
    delay: bool = False
    first: str = "literal"

    def prepare(self, before: Tensor, hyper: Hyper, dtype: torch.dtype) -> Scales:
        """All scales of one step, of type `dtype`.

        Args:
            before: the number of gradients so far, without the step's own.
            hyper: may lack `weight_decay`: none.
            dtype: of the parameters.
        """
        step = before + 1
        values = self.scales(before if self.delay else step, step, hyper)
        if "weight_decay" in hyper:
            if self.decoupled:
                shrink = hyper["alpha"].double() * hyper["weight_decay"]
                values["decay_factor"] = 1.0 - (shrink if self.decay_first else shrink * (before > 0))
            else:
                values["weight_decay"] = hyper["weight_decay"]
        if self.first == "skip":
            values["moves"] = (before > 0).double()
        return {name: value.to(dtype) for name, value in values.items()} | {"step": step}

    def step(
        self, params: Tensor, grads: Tensor, state: Any, hyper: Hyper, *, inplace: bool = False
    ) -> tuple[Tensor, Any]:
        """The rule's step: the next params and state.

        Where `inplace`, the params in the memory of `params`, and that of `state` may be reused.
        """
        scales = self.prepare(state.step, hyper, params.dtype)
        if "weight_decay" in scales:
            grads = torch.addcmul(grads, params, scales["weight_decay"])
        if self.delay:
            denom = self.denom(state, scales)
            after = self.update(state, grads, scales, inplace)
        else:
            after = self.update(state, grads, scales, inplace)
            denom = self.denom(after, scales)
        if "moves" in scales:
            denom.div_(scales["moves"])
        out = params if inplace else denom
        if "decay_factor" in scales:
            params = torch.mul(params, scales["decay_factor"], out=out if inplace else None)
        return torch.addcdiv(params, self.moment(after, scales), denom, value=-1, out=out), after


@dataclass(frozen=True)
class AdaptiveRule(Rule):
    """An update rule with parameter-wise rates η, made from its `parts` by `adaptive`."""

    parts: Parts = field(kw_only=True)


def adaptive(
    name: str,
    hyperparameters: Mapping[str, float],
    init: Callable[[Tensor, Shapes], Any],
    parts: Parts,
    summary: str = "",
) -> AdaptiveRule:
    """Make an adaptive rule of its parts; the other arguments are those of `Rule`."""
    numbers = {"rms_sqrt_v": lambda state, hyper: parts.rms_sqrt_v(state, hyper["beta2"])}
    in_place = partial(parts.step, inplace=True)
    return AdaptiveRule(
        name, hyperparameters, init, parts.step, summary, numbers=numbers, in_place=in_place, parts=parts
    )
