"""Adam and the rules that differ from it in one place: AMSGrad, AdamW, Adam with an ε that grows."""

from dataclasses import replace
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
from trainers.rules.shipped import register

FORMS = ("torch", "old", "plain")


class AdamState(NamedTuple):
    """What Adam remembers.

    `step` (no dimension): gradients so far. `exp_avg` `[cells, n]`: m. `squares` `[cells, n]`: v/(1 − β2) (see
    `moments`), so torch's `exp_avg_sq` without its factor.
    """

    step: Tensor
    exp_avg: Tensor
    squares: Tensor


class AMSGradState(NamedTuple):
    """Adam's state, and in `largest` the largest `squares` so far, `[cells, n]`."""

    step: Tensor
    exp_avg: Tensor
    squares: Tensor
    largest: Tensor


def adam_defaults(alpha: float = 1e-3, epsilon: float = 1e-8) -> dict[str, float]:
    """The hyperparameters of Adam and all rules like it, with the defaults of torch.optim."""
    return {"alpha": alpha, "epsilon": epsilon, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}


def adam_init(params: Tensor, shapes: Shapes) -> AdamState:
    """The state before the first gradient."""
    step = torch.zeros((), dtype=torch.int64, device=params.device)
    return AdamState(step, torch.zeros_like(params), torch.zeros_like(params))


def update_adam_state(state: Any, grads: Tensor, scales: Scales, inplace: bool) -> AdamState:
    """Both moving averages (equations 5 and 6)."""
    exp_avg, squares = (state.exp_avg, state.squares) if inplace else (None, None)
    return AdamState(
        scales["step"],
        moving_average(state.exp_avg, grads, scales["one_minus_beta1"], out=exp_avg),
        discounted_sum(state.squares, grads, scales["beta2"], out=squares),
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

    return Parts(scales=scales, update=update_adam_state, denom=lambda state, scales: denom_of(state.squares, scales))


@register("adam", label="Adam", study=2)
def adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam (Kingma & Ba 2015), weight decay coupled.

    m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g², and with c1 = 1 − β1^t, c2 = 1 − β2^t:

    - `form=torch` (today's torch.optim.Adam): w ← w − α · (m/c1) / (√v/√c2 + ε);
    - `form=old` (torch.optim before mid-2019, which the paper's runs used): w ← w − α·√c2/c1 · m / (√v + ε), at a
      large ε a warm-up, since √c2 is 0.03 at the first step;
    - `form=plain` (the paper's equations 4 to 6): no bias correction.
    """
    summary = "Adam (Kingma & Ba 2015; as torch.optim.Adam)"
    return adaptive("adam", adam_defaults(), adam_init, adam_parts(form), summary)


@register("adamw", label="AdamW", study=4)
def adamw(*, form: str = "torch") -> AdaptiveRule:
    """Adam with decoupled weight decay: w ← (1 − α·λ)·w first (Loshchilov & Hutter 2019; torch.optim.AdamW).

    At λ = 5e-4 and α = 5000 that factor is −1.5: such cells diverge by construction.
    """
    summary = "Adam with decoupled weight decay (Loshchilov & Hutter 2019; as torch.optim.AdamW)"
    return adaptive("adamw", adam_defaults(), adam_init, replace(adam_parts(form), decoupled=True), summary)


@register("amsgrad", label="AMSGrad", study=3)
def amsgrad(*, form: str = "torch") -> AdaptiveRule:
    """AMSGrad (Reddi et al. 2018): Adam with the largest v so far in place of v.

    As torch.optim does, the maximum is over the uncorrected v and is then corrected as Adam's v is; the paper that
    proposed it has no bias correction (`form=plain`).
    """

    def init(params: Tensor, shapes: Shapes) -> AMSGradState:
        return AMSGradState(*adam_init(params, shapes), torch.zeros_like(params))

    def update(state: AMSGradState, grads: Tensor, scales: Scales, inplace: bool) -> AMSGradState:
        step, exp_avg, squares = update_adam_state(state, grads, scales, inplace)
        largest = torch.maximum(state.largest, squares, out=state.largest if inplace else None)
        return AMSGradState(step, exp_avg, squares, largest)

    def denom(state: AMSGradState, scales: Scales) -> Tensor:
        return denom_of(state.largest, scales)

    def rms_sqrt_v(state: AMSGradState, beta2: Tensor) -> Tensor:
        return rms_sqrt(state.largest, beta2)

    parts = replace(adam_parts(form), update=update, denom=denom, rms_sqrt_v=rms_sqrt_v)
    summary = "AMSGrad (Reddi et al. 2018; as torch.optim.Adam with amsgrad=True)"
    return adaptive("amsgrad", adam_defaults(), init, parts, summary)


@register("dynamic-adam", label="Dynamic Adam")
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
