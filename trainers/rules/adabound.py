"""AdaBound: Adam with parameter-wise rates clipped to bounds that approach the rate of SGD."""

from itertools import count

import torch
from torch import Tensor

from trainers.rules.adam import AdamState, adam_defaults, adam_init, adam_scales, update_adam_state
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import bias_correction, clamped, denom_of, denom_scales, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register


def adabound_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """AdaBound, as github.com/Luolc/AdaBound computes it; α is already multiplied by the schedule's factor."""
    exp_avg, exp_avg_sq, final = torch.zeros_like(w), torch.zeros_like(w), h.final_lr * h.schedule
    for t in count(1):
        grad = (yield w) + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        rates = h.alpha * (1 - h.beta2**t) ** 0.5 / (1 - h.beta1**t) / (exp_avg_sq.sqrt() + h.epsilon)
        w = w - rates.clamp(final * (1 - 1 / (h.gamma * t + 1)), final * (1 + 1 / (h.gamma * t))) * exp_avg


@register("adabound", label="AdaBound", study=6, equation=adabound_equation)
def adabound() -> AdaptiveRule:
    """AdaBound (Luo et al. 2019; github.com/Luolc/AdaBound), weight decay coupled.

    The schedule's factor is `final_lr`'s too, as in the authors' code. The bounds meet after a few thousand steps: from
    then on it is SGD at that rate, whatever α and ε are.
    """

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        step_size = (
            hyper["alpha"] * bias_correction(hyper["beta2"], v_step).sqrt() / bias_correction(hyper["beta1"], v_step)
        )
        final = hyper["final_lr"] * hyper["schedule"]
        speed = hyper["gamma"].double() * v_step.clamp(min=1)
        bounds = {
            "min": 1.0 / (final * (1.0 + 1.0 / speed)),
            "max": 1.0 / (final * (1.0 - 1.0 / (speed + 1.0))),
        }
        factor = sqrt_v_factor(hyper["beta2"])
        return adam_scales(hyper) | denom_scales(factor, hyper["epsilon"], step_size) | bounds

    def denom(state: AdamState, scales: Scales) -> Tensor:
        return clamped(denom_of(state.exp_sum_sq, scales), scales)

    defaults = {**adam_defaults(), "final_lr": 0.1, "gamma": 1e-3}
    parts = Parts(scales=scales, update=update_adam_state, denom=denom)
    return adaptive("adabound", defaults, adam_init, parts, "AdaBound (Luo et al. 2019, their code)")
