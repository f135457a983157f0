"""RAdam: Adam whose first steps, while v is a mean of too few gradients, are not adapted."""

from itertools import count

import torch
from torch import Tensor

from trainers.rules.adam import AdamState, adam_defaults, adam_init, adam_scales, corrected_step_size, update_adam_state
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import bias_correction, clamped, denom_of, denom_scales, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register


def radam_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """RAdam, as torch.optim.RAdam."""
    exp_avg, exp_avg_sq = torch.zeros_like(w), torch.zeros_like(w)
    for t in count(1):
        grad = (yield w) + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        rho, rho_inf = length_of_mean(t, h.beta2), 2 / (1 - h.beta2) - 1
        update = exp_avg / (1 - h.beta1**t)
        if rho > 5:
            r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
            update = update * r * (1 - h.beta2**t) ** 0.5 / (exp_avg_sq.sqrt() + h.epsilon)
        w = w - h.alpha * update


def length_of_mean(t: int, beta2: float) -> float:
    """ρ_t: of how many gradients v is a mean."""
    return 2 / (1 - beta2) - 1 - 2 * t * beta2**t / (1 - beta2**t)


@register("radam", label="RAdam", study=5, equation=radam_equation)
def radam() -> AdaptiveRule:
    """RAdam (Liu et al. 2020, algorithm 2), as torch.optim.RAdam has it: weight decay coupled.

    Its first steps, while ρ_t ≤ 5 (five at β2 = 0.999), are not divided by anything of the size of ε: with an α made
    for a large ε they diverge.
    """

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        rho, rectifier = rectification(hyper["beta2"], v_step)
        return adam_scales(hyper) | rectified_scales(rho > 5.0, rectifier, v_step, step, hyper)

    def denom(state: AdamState, scales: Scales) -> Tensor:
        return rectified_denom(state.exp_sum_sq, scales)

    summary = "RAdam, rectified Adam (Liu et al. 2020; as torch.optim.RAdam)"
    parts = Parts(scales=scales, update=update_adam_state, denom=denom)
    return adaptive("radam", adam_defaults(), adam_init, parts, summary)


def rectification(beta: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """ρ_t and r_t, `[cells, 1]` float64: how many gradients v is a mean of, and the rectifier of its variance.

    ρ_∞ = 2/(1 − β) − 1, ρ_t = ρ_∞ − 2·t·β^t/(1 − β^t),
    r_t = √((ρ_t − 4)(ρ_t − 2)ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2)ρ_t)), or 1 where ρ_t ≤ 4 and the root has no meaning.
    """
    beta = beta.double()
    steps = step.clamp(min=1)
    rho_inf = 2.0 / (1.0 - beta) - 1.0
    rho = rho_inf - 2.0 * steps * torch.pow(beta, steps) / bias_correction(beta, step)
    square = (rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho)
    return rho, torch.where(rho > 4.0, square, 1.0).sqrt()


def rectified_scales(adapt: Tensor, rectifier: Tensor, v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    """The scales of `rectified_denom`; `adapt` `[cells, 1]` says in which cells the step is adapted."""
    step_size = corrected_step_size(step, hyper)
    rectified = step_size * rectifier * bias_correction(hyper["beta2"], v_step).sqrt()
    scales = denom_scales(sqrt_v_factor(hyper["beta2"]), hyper["epsilon"], rectified)
    # An infinite lower and upper limit leave a denominator as it is; two equal ones replace it.
    infinite = torch.full_like(step_size, torch.inf)
    return scales | {
        "min": torch.where(adapt, -infinite, 1.0 / step_size),
        "max": torch.where(adapt, infinite, 1.0 / step_size),
    }


def rectified_denom(exp_sum_sq: Tensor, scales: Scales) -> Tensor:
    """(√v + ε) / (α·r·√c2/c1) where the step is adapted, c1/α elsewhere; `[cells, n]`."""
    return clamped(denom_of(exp_sum_sq, scales), scales)
