"""Adam and its nearest relatives: AMSGrad, AdamW, Adam with an ε that grows."""

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import (
    average,
    correction,
    discounted_squares,
    divisor_scales,
    divisors,
    rms_root,
    root_gain,
)
from trainers.rules.shipped import register

FORMS = ("torch", "old", "plain")


class AdamState(NamedTuple):
    """Gradients seen (no dimension), m and v/(1 − β2): the moving averages of gradient and its square, `[cells, n]`.

    `squares` is Σ β2^(t−i)·g_i². The factor 1 − β2 joins others of its kind in the divisor.
    """

    step: Tensor
    mean: Tensor
    squares: Tensor


class AMSGradState(NamedTuple):
    """Adam's state, and the largest `squares` so far, `[cells, n]`."""

    step: Tensor
    mean: Tensor
    squares: Tensor
    largest: Tensor


def adam_defaults(alpha: float = 1e-3, epsilon: float = 1e-8) -> dict[str, float]:
    """The hyperparameters that every relative of Adam has, with the defaults of torch.optim."""
    return {"alpha": alpha, "epsilon": epsilon, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}


def adam_init(params: Tensor, shapes: Shapes) -> AdamState:
    """Nothing seen yet."""
    step = torch.zeros((), dtype=torch.int64, device=params.device)
    return AdamState(step, torch.zeros_like(params), torch.zeros_like(params))


def adam_advance(state: Any, grads: Tensor, scales: Scales, inplace: bool) -> AdamState:
    """Both moving averages (equations 5 and 6)."""
    mean, squares = (state.mean, state.squares) if inplace else (None, None)
    return AdamState(
        scales["seen"],
        average(state.mean, grads, scales["fresh"], out=mean),
        discounted_squares(state.squares, grads, scales["beta2"], out=squares),
    )


def average_scales(hyper: Hyper) -> dict[str, Tensor]:
    """The scales of `adam_advance`."""
    return {"fresh": 1.0 - hyper["beta1"].double(), "beta2": hyper["beta2"]}


def corrected_alpha(seen: Tensor, hyper: Hyper) -> Tensor:
    """α / (1 − β1^t): α with the bias correction of m."""
    return hyper["alpha"] / correction(hyper["beta1"], seen)


def adam_parts(form: str) -> Parts:
    """The parts of Adam in one of its forms (see `adam`)."""
    if form not in FORMS:
        raise unknown("form of Adam", form, FORMS)

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        factor = hyper["alpha"] if form == "plain" else corrected_alpha(seen, hyper)
        if form == "old":
            factor = factor * correction(hyper["beta2"], rated).sqrt()
        gain = root_gain(hyper["beta2"], rated if form == "torch" else None)
        return average_scales(hyper) | divisor_scales(gain, hyper["epsilon"], factor)

    return Parts(scales=scales, advance=adam_advance, divisors=lambda state, scales: divisors(state.squares, scales))


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

    def advance(state: AMSGradState, grads: Tensor, scales: Scales, inplace: bool) -> AMSGradState:
        step, mean, squares = adam_advance(state, grads, scales, inplace)
        largest = torch.maximum(state.largest, squares, out=state.largest if inplace else None)
        return AMSGradState(step, mean, squares, largest)

    def largest_divisors(state: AMSGradState, scales: Scales) -> Tensor:
        return divisors(state.largest, scales)

    def rms_root_v(state: AMSGradState, beta2: Tensor) -> Tensor:
        return rms_root(state.largest, beta2)

    parts = replace(adam_parts(form), advance=advance, divisors=largest_divisors, rms_root_v=rms_root_v)
    summary = "AMSGrad (Reddi et al. 2018; as torch.optim.Adam with amsgrad=True)"
    return adaptive("amsgrad", adam_defaults(), init, parts, summary)


@register("dynamic-adam", label="Dynamic Adam")
def dynamic_adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam with ε_t = ε·t^p, p the hyperparameter `power` (Theorem 2).

    The theorem asks for growth like √t or faster, hence the default 0.5; the paper's Figure 3 has ε_t = √(t³), that
    is ε = 1 and p = 1.5.
    """
    plain = adam_parts(form)

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        growth = torch.pow(rated.clamp(min=1).double(), hyper["power"].double())
        return plain.scales(rated, seen, {**hyper, "epsilon": hyper["epsilon"] * growth})

    summary = "Adam whose epsilon grows like t^power (the paper's Theorem 2)"
    defaults = {**adam_defaults(), "power": 0.5}
    return adaptive("dynamic-adam", defaults, adam_init, replace(plain, scales=scales), summary)
