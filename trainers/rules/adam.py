"""Adam and the rules that differ from it in one place: AMSGrad, AdamW, Adam with an ε that grows."""

from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import (
    bias_correction,
    denom_of,
    denom_scales,
    discounted_sum,
    moving_average,
    rms_sqrt,
    sqrt_v_factor,
)
from trainers.rules.shipped import Trajectory, Values, register


def adam_equation(
    w: Tensor, shapes: Shapes, h: Values, form: str = "torch", decoupled: bool = False, growing: bool = False
) -> Trajectory:
    """Adam in each of its forms, AdamW (`decoupled`), and Adam whose ε_t is ε·t^power (`growing`)."""
    exp_avg, exp_avg_sq = torch.zeros_like(w), torch.zeros_like(w)
    for t in count(1):
        grad = yield w
        if decoupled:
            w = w - h.alpha * h.weight_decay * w
        else:
            grad = grad + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        epsilon = h.epsilon * t**h.power if growing else h.epsilon
        denom = adam_denom(exp_avg_sq, t, epsilon, h.beta2, form)
        w = w - h.alpha * exp_avg / denom / (1.0 if form == "plain" else 1 - h.beta1**t)


def adam_denom(exp_avg_sq: Tensor, t: int, epsilon: float, beta2: float, form: str) -> Tensor:
    """The divisor of α·m in a form of Adam, as printed, but for m's own bias correction: 1/η_t."""
    correction = 1 - beta2**t
    if form == "torch":
        return (exp_avg_sq / correction).sqrt() + epsilon
    return (exp_avg_sq.sqrt() + epsilon) / (correction**0.5 if form == "old" else 1.0)


def amsgrad_equation(w: Tensor, shapes: Shapes, h: Values, form: str = "torch") -> Trajectory:
    """AMSGrad: Adam with the largest v so far."""
    exp_avg, exp_avg_sq, max_exp_avg_sq = (torch.zeros_like(w) for _ in range(3))
    for t in count(1):
        grad = (yield w) + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        max_exp_avg_sq = torch.maximum(max_exp_avg_sq, exp_avg_sq)
        denom = adam_denom(max_exp_avg_sq, t, h.epsilon, h.beta2, form)
        w = w - h.alpha * exp_avg / denom / (1.0 if form == "plain" else 1 - h.beta1**t)


FORMS = ("torch", "old", "plain")


class AdamState(NamedTuple):
    """The state of Adam.

    `step` (no dimension): gradients so far. `exp_avg` `[cells, n]`: m. `exp_sum_sq` `[cells, n]`: v/(1 − β2) (see
    `moments`), torch's `exp_avg_sq` without its factor, hence under another name.
    """

    step: Tensor
    exp_avg: Tensor
    exp_sum_sq: Tensor


class AMSGradState(NamedTuple):
    """Adam's state, and in `max_exp_sum_sq` the largest `exp_sum_sq` so far, `[cells, n]`."""

    step: Tensor
    exp_avg: Tensor
    exp_sum_sq: Tensor
    max_exp_sum_sq: Tensor


def adam_defaults(alpha: float = 1e-3, epsilon: float = 1e-8) -> dict[str, float]:
    """The hyperparameters of Adam and all rules like it, with the defaults of torch.optim."""
    return {"alpha": alpha, "epsilon": epsilon, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}


def adam_init(params: Tensor, shapes: Shapes) -> AdamState:
    """The state before the first gradient."""
    step = torch.zeros((), dtype=torch.int64, device=params.device)
    return AdamState(step, torch.zeros_like(params), torch.zeros_like(params))


def update_adam_state(state: Any, grads: Tensor, scales: Scales, inplace: bool) -> AdamState:
    """Both moving averages (equations 5 and 6)."""
    exp_avg, exp_sum_sq = (state.exp_avg, state.exp_sum_sq) if inplace else (None, None)
    return AdamState(
        scales["step"],
        moving_average(state.exp_avg, grads, scales["one_minus_beta1"], out=exp_avg),
        discounted_sum(state.exp_sum_sq, grads, scales["beta2"], out=exp_sum_sq),
    )


def adam_scales(hyper: Hyper) -> dict[str, Tensor]:
    """The scales of `update_adam_state`."""
    return {"one_minus_beta1": 1.0 - hyper["beta1"].double(), "beta2": hyper["beta2"]}


def corrected_step_size(step: Tensor, hyper: Hyper) -> Tensor:
    """α / (1 − β1^t), `[cells, 1]`: α with the bias correction of m."""
    return hyper["alpha"] / bias_correction(hyper["beta1"], step)


def adam_parts(form: str) -> Parts:
    """The parts of Adam in one of its forms (see `adam`).

    Raises:
        BadInput: there is no such form.
    """
    if form not in FORMS:
        raise unknown("form of Adam", form, FORMS)

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        step_size = hyper["alpha"] if form == "plain" else corrected_step_size(step, hyper)
        if form == "old":
            step_size = step_size * bias_correction(hyper["beta2"], v_step).sqrt()
        factor = sqrt_v_factor(hyper["beta2"], v_step if form == "torch" else None)
        return adam_scales(hyper) | denom_scales(factor, hyper["epsilon"], step_size)

    return Parts(
        scales=scales, update=update_adam_state, denom=lambda state, scales: denom_of(state.exp_sum_sq, scales)
    )


@register("adam", label="Adam", study=2, equation=adam_equation)
def adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam (Kingma & Ba 2015), weight decay coupled.

    - `form=torch`: today's torch.optim.Adam;
    - `form=old`: torch.optim before mid-2019, which the paper's runs used; at a large ε a warm-up, since √(1 − β2^t)
      is 0.03 at the first step;
    - `form=plain`: the paper's equations 4 to 6, without bias corrections.
    """
    summary = "Adam (Kingma & Ba 2015; as torch.optim.Adam)"
    return adaptive("adam", adam_defaults(), adam_init, adam_parts(form), summary)


@register("adamw", label="AdamW", study=4, equation=partial(adam_equation, decoupled=True))
def adamw(*, form: str = "torch") -> AdaptiveRule:
    """Adam with decoupled weight decay: w ← (1 − α·λ)·w first (Loshchilov & Hutter 2019; torch.optim.AdamW).

    At λ = 5e-4 and α = 5000 that factor is −1.5: such cells diverge by construction.
    """
    summary = "Adam with decoupled weight decay (Loshchilov & Hutter 2019; as torch.optim.AdamW)"
    return adaptive("adamw", adam_defaults(), adam_init, replace(adam_parts(form), decoupled=True), summary)


@register("amsgrad", label="AMSGrad", study=3, equation=amsgrad_equation)
def amsgrad(*, form: str = "torch") -> AdaptiveRule:
    """AMSGrad (Reddi et al. 2018): Adam with the largest v so far in place of v.

    As torch.optim does, the maximum is over the uncorrected v and is then corrected as Adam's v is; the paper that
    proposed it has no bias correction (`form=plain`).
    """

    def init(params: Tensor, shapes: Shapes) -> AMSGradState:
        return AMSGradState(*adam_init(params, shapes), torch.zeros_like(params))

    def update(state: AMSGradState, grads: Tensor, scales: Scales, inplace: bool) -> AMSGradState:
        step, exp_avg, exp_sum_sq = update_adam_state(state, grads, scales, inplace)
        max_exp_sum_sq = torch.maximum(state.max_exp_sum_sq, exp_sum_sq, out=state.max_exp_sum_sq if inplace else None)
        return AMSGradState(step, exp_avg, exp_sum_sq, max_exp_sum_sq)

    def denom(state: AMSGradState, scales: Scales) -> Tensor:
        return denom_of(state.max_exp_sum_sq, scales)

    def rms_sqrt_v(state: AMSGradState, beta2: Tensor) -> Tensor:
        return rms_sqrt(state.max_exp_sum_sq, beta2)

    parts = replace(adam_parts(form), update=update, denom=denom, rms_sqrt_v=rms_sqrt_v)
    summary = "AMSGrad (Reddi et al. 2018; as torch.optim.Adam with amsgrad=True)"
    return adaptive("amsgrad", adam_defaults(), init, parts, summary)


@register("dynamic-adam", label="Dynamic Adam", equation=partial(adam_equation, growing=True))
def dynamic_adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam with ε_t = ε·t^p, p the hyperparameter `power` (Theorem 2).

    The theorem asks for growth like √t or faster, hence the default 0.5; the paper's Figure 3 has ε_t = √(t³), that
    is ε = 1 and p = 1.5.
    """
    plain = adam_parts(form)

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        growth = torch.pow(v_step.clamp(min=1).double(), hyper["power"].double())
        return plain.scales(v_step, step, {**hyper, "epsilon": hyper["epsilon"] * growth})

    summary = "Adam whose epsilon grows like t^power (the paper's Theorem 2)"
    defaults = {**adam_defaults(), "power": 0.5}
    return adaptive("dynamic-adam", defaults, adam_init, replace(plain, scales=scales), summary)
