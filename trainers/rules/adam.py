"""Adam and its nearest relatives: AMSGrad, AdamW, Adam with an ε that grows."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.adaptive import AdaptiveRule, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import average, average_square, correction, decoupled, quotient, shifted_root

FORMS = ("torch", "old", "plain")


class AdamState(NamedTuple):
    """Gradients seen (no dimension), and the moving averages of gradient and squared gradient, `[cells, n]`."""

    step: Tensor
    mean: Tensor
    square: Tensor


class AMSGradState(NamedTuple):
    """Adam's state, and the largest `square` so far, `[cells, n]`."""

    step: Tensor
    mean: Tensor
    square: Tensor
    largest: Tensor


def adam_defaults(alpha: float = 1e-3, epsilon: float = 1e-8) -> dict[str, float]:
    """The hyperparameters that every relative of Adam has, with the defaults of torch.optim."""
    return {"alpha": alpha, "epsilon": epsilon, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}


def adam_init(params: Tensor, sizes: tuple[int, ...]) -> AdamState:
    """Nothing seen yet."""
    step = torch.zeros((), dtype=torch.int64, device=params.device)
    return AdamState(step, torch.zeros_like(params), torch.zeros_like(params))


def adam_advance(state: AdamState, grads: Tensor, hyper: Hyper) -> AdamState:
    """Both moving averages (equations 5 and 6)."""
    mean = average(state.mean, grads, hyper["beta1"])
    return AdamState(state.step + 1, mean, average_square(state.square, grads, hyper["beta2"]))


def corrected_direction(state: Any, hyper: Hyper) -> tuple[Tensor, Tensor]:
    """m / (1 − β1^t), with α."""
    return state.mean, hyper["alpha"] / correction(hyper["beta1"], state.step)


def plain_direction(state: Any, hyper: Hyper) -> tuple[Tensor, Tensor]:
    """m as it is, with α."""
    return state.mean, hyper["alpha"]


def adam_rates(form: str, square: Tensor, epsilon: Tensor, state: Any, hyper: Hyper, factor: Tensor) -> Tensor:
    """factor / (√v + ε), the bias correction of v where `form` has it (see `adam`)."""
    if form == "plain":
        return quotient(factor, shifted_root(square, None, epsilon))
    root = correction(hyper["beta2"], state.step).sqrt()
    if form == "old":
        return quotient(factor * root, shifted_root(square, None, epsilon))
    return quotient(factor, shifted_root(square, root.reciprocal(), epsilon))


def adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam (Kingma & Ba 2015), weight decay coupled.

    m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g², and with c1 = 1 − β1^t, c2 = 1 − β2^t:

    - `form=torch` (today's torch.optim.Adam): w ← w − α · (m/c1) / (√v/√c2 + ε);
    - `form=old` (torch.optim before mid-2019, which the paper's runs used): w ← w − α·√c2/c1 · m / (√v + ε), at a
      large ε a warm-up, since √c2 is 0.03 at the first step;
    - `form=plain` (the paper's equations 4 to 6): no bias correction.
    """
    direction = _direction(form)

    def rates(state: AdamState, hyper: Hyper, factor: Tensor) -> Tensor:
        return adam_rates(form, state.square, hyper["epsilon"], state, hyper, factor)

    summary = "Adam (Kingma & Ba 2015; as torch.optim.Adam)"
    return adaptive("adam", adam_defaults(), adam_init, adam_advance, direction, rates, summary=summary)


def adamw(*, form: str = "torch") -> AdaptiveRule:
    """Adam with decoupled weight decay: w ← (1 − α·λ)·w first (Loshchilov & Hutter 2019; torch.optim.AdamW)."""
    rule = adam(form=form)

    def decay(params: Tensor, state: AdamState, hyper: Hyper) -> Tensor:
        return decoupled(params, hyper)

    summary = "Adam with decoupled weight decay (Loshchilov & Hutter 2019; as torch.optim.AdamW)"
    parts = (rule.init, rule.advance, rule.direction, rule.rates)
    return adaptive("adamw", adam_defaults(), *parts, decay=decay, summary=summary)


def amsgrad(*, form: str = "torch") -> AdaptiveRule:
    """AMSGrad (Reddi et al. 2018): Adam with the largest v so far in place of v.

    As torch.optim does, the maximum is over the uncorrected v and is then corrected as Adam's v is; the paper that
    proposed it has no bias correction (`form=plain`).
    """
    direction = _direction(form)

    def init(params: Tensor, sizes: tuple[int, ...]) -> AMSGradState:
        return AMSGradState(*adam_init(params, sizes), torch.zeros_like(params))

    def advance(state: AMSGradState, grads: Tensor, hyper: Hyper) -> AMSGradState:
        seen = adam_advance(AdamState(*state[:3]), grads, hyper)
        return AMSGradState(*seen, torch.maximum(state.largest, seen.square))

    def rates(state: AMSGradState, hyper: Hyper, factor: Tensor) -> Tensor:
        return adam_rates(form, state.largest, hyper["epsilon"], state, hyper, factor)

    summary = "AMSGrad (Reddi et al. 2018; as torch.optim.Adam with amsgrad=True)"
    return adaptive("amsgrad", adam_defaults(), init, advance, direction, rates, summary=summary)


def dynamic_adam(*, form: str = "torch") -> AdaptiveRule:
    """Adam with ε_t = ε·t^p, p the hyperparameter `power` (Theorem 2).

    The theorem asks for growth like √t or faster, hence the default 0.5; the paper's Figure 3 has ε_t = √(t³), that
    is ε = 1 and p = 1.5.
    """
    direction = _direction(form)

    def rates(state: AdamState, hyper: Hyper, factor: Tensor) -> Tensor:
        steps = state.step.clamp(min=1).double()
        epsilon = hyper["epsilon"] * torch.pow(steps, hyper["power"].double())
        return adam_rates(form, state.square, epsilon, state, hyper, factor)

    summary = "Adam whose epsilon grows like t^power (the paper's Theorem 2)"
    defaults = {**adam_defaults(), "power": 0.5}
    return adaptive("dynamic-adam", defaults, adam_init, adam_advance, direction, rates, summary=summary)


def _direction(form: str) -> Any:
    if form not in FORMS:
        raise unknown("form of Adam", form, FORMS)
    return plain_direction if form == "plain" else corrected_direction
