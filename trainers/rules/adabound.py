"""AdaBound: Adam with rates clipped to bounds that close in on those of SGD."""

import torch
from torch import Tensor

from trainers.rules.adam import AdamState, adam_advance, adam_defaults, adam_init, plain_direction
from trainers.rules.adaptive import AdaptiveRule, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import column, correction, quotient, shifted_root


def adabound() -> AdaptiveRule:
    """AdaBound (Luo et al. 2019; github.com/Luolc/AdaBound), weight decay coupled.

    w ← w − clip(α·√c2/c1 / (√v + ε), φ·(1 − 1/(γt + 1)), φ·(1 + 1/(γt))) ⊙ m, with m, v, c1 and c2 as in Adam, and
    φ the hyperparameter `final_lr` times the schedule's factor, as in the authors' code. The bounds close after a
    few thousand steps: from then on it is SGD at rate φ, whatever α and ε are.
    """

    def rates(state: AdamState, hyper: Hyper, factor: Tensor) -> Tensor:
        scale = factor * correction(hyper["beta2"], state.step).sqrt() / correction(hyper["beta1"], state.step)
        rates = quotient(scale, shifted_root(state.square, None, hyper["epsilon"]))
        final = hyper["final_lr"] * hyper["schedule"]
        speed = hyper["gamma"].double() * state.step.clamp(min=1)
        lower, upper = final * (1.0 - 1.0 / (speed + 1.0)), final * (1.0 + 1.0 / speed)
        return torch.clamp(rates, column(lower, rates), column(upper, rates), out=rates)

    defaults = {**adam_defaults(), "final_lr": 0.1, "gamma": 1e-3}
    summary = "AdaBound (Luo et al. 2019, their code)"
    return adaptive("adabound", defaults, adam_init, adam_advance, plain_direction, rates, summary=summary)
