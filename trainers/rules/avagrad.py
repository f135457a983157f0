"""AvaGrad and AvaGradW: parameter-wise rates normalised to a root mean square of one, one step late."""

from functools import partial
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from grids.errors import BadInput, unknown
from trainers.rules.adam import AdamState, adam_defaults, adam_init, adam_scales, corrected_step_size, update_adam_state
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import column, denom_of, denom_scales, sqrt_plus, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register


def paper_equation(w: Tensor, h: Values, decoupled: bool, delay: bool) -> Trajectory:
    """The paper's Algorithm 1, ε outside the root; without its delay, line 8 comes before line 6."""
    exp_avg, exp_avg_sq = torch.zeros_like(w), torch.zeros_like(w)
    while True:
        grad = yield w
        if decoupled:
            w = w - h.alpha * h.weight_decay * w
        else:
            grad = grad + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        before, exp_avg_sq = exp_avg_sq, h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        eta = 1 / ((before if delay else exp_avg_sq).sqrt() + h.epsilon)
        w = w - h.alpha * eta / (eta / len(eta) ** 0.5).norm() * exp_avg


def authors_equation(w: Tensor, h: Values, decoupled: bool) -> Trajectory:
    """github.com/lolemacs/avagrad, `optimizers.py`: what it computes, in its order."""
    exp_avg, exp_avg_sq, gamma = torch.zeros_like(w), torch.zeros_like(w), torch.zeros(())
    for t in count(1):
        grad = yield w
        if not decoupled:
            grad = grad + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        if t > 1:
            if decoupled:
                w = w - h.alpha * h.weight_decay * w
            denom = (exp_avg_sq / (1 - h.beta2 ** (t - 1))).sqrt() + h.epsilon
            w = w - gamma * h.alpha / (1 - h.beta1**t) * exp_avg / denom
        stale = (exp_avg_sq / (1 - h.beta2**t)).sqrt() + h.epsilon
        gamma = (stale**-2.0).mean() ** -0.5
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2


def avagrad_equation(
    w: Tensor, shapes: Shapes, h: Values, variant: str = "paper", decoupled: bool = False, delay: bool = True
) -> Trajectory:
    """AvaGrad, and AvaGradW (`decoupled`), in either variant."""
    return paper_equation(w, h, decoupled, delay) if variant == "paper" else authors_equation(w, h, decoupled)


VARIANTS = ("paper", "authors")


class AuthorsState(NamedTuple):
    """Adam's state, and the normaliser `[cells, 1]` that the next step uses: 0 before the first."""

    step: Tensor
    exp_avg: Tensor
    exp_sum_sq: Tensor
    normaliser: Tensor


@register("avagrad", label="AvaGrad", study=9, equation=avagrad_equation)
def avagrad(*, variant: str = "paper", delay: bool = True) -> AdaptiveRule:
    """AvaGrad, weight decay coupled, in one of two variants.

    `paper` is Algorithm 1, without bias corrections, so that the first step is −α·m_1 whatever ε is. (The algorithm
    prints √(v + ε); the text around it, and the authors' code, have √v + ε.) With `delay=false`, η = 1/(√v_t + ε):
    section 4 has it that the delay of one step does not matter on natural tasks. `authors` is their code: bias
    corrections, a normaliser one more step old, and a first step that moves nothing, nor decays the parameters of
    AvaGradW.
    """
    summary = "AvaGrad (the paper's Algorithm 1; variant=authors is the authors' code)"
    return _normalised("avagrad", variant, False, delay, summary)


@register("avagradw", label="AvaGradW", study=10, equation=partial(avagrad_equation, decoupled=True))
def avagradw(*, variant: str = "paper", delay: bool = True) -> AdaptiveRule:
    """AvaGrad with decoupled weight decay, w ← (1 − α·λ)·w before the update (see `avagrad`)."""
    summary = "AvaGrad with decoupled weight decay (variant=authors is the authors' code)"
    return _normalised("avagradw", variant, True, delay, summary)


def _normalised(name: str, variant: str, decoupled: bool, delay: bool, summary: str) -> AdaptiveRule:
    if variant not in VARIANTS:
        raise unknown("variant of AvaGrad", variant, VARIANTS)
    if variant == "authors" and not delay:
        raise BadInput(f"optimizer '{name}': variant=authors is the authors' code, which has the delay")
    defaults = adam_defaults(alpha=0.1, epsilon=0.1)
    if variant == "paper":
        parts = Parts(
            scales=_paper_scales, update=update_adam_state, denom=paper_denom, decoupled=decoupled, delay=delay
        )
        return adaptive(name, defaults, adam_init, parts, summary)
    parts = Parts(
        scales=_authors_scales,
        update=_update_authors_state,
        denom=_authors_denom,
        decoupled=decoupled,
        decay_first=False,
        delay=True,
    )
    return adaptive(name, defaults, _authors_init, parts, summary)


def _paper_scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    eps = hyper["epsilon"] / sqrt_v_factor(hyper["beta2"])
    return adam_scales(hyper) | {"eps": eps, "alpha": hyper["alpha"]}


def inverse_rates(state: AdamState, scales: Scales) -> Tensor:
    """1/η = √v + ε of Algorithm 1, but for a factor that the normaliser cancels, `[cells, n]`."""
    return sqrt_plus(state.exp_sum_sq, scales["eps"])


def paper_denom(state: AdamState, scales: Scales, joint: Tensor | None = None) -> Tensor:
    """1/(α·η) of Algorithm 1, `[cells, n]`.

    Args:
        state, scales: see `Parts`.
        joint: the normaliser of the whole network, `[cells, 1]`, where the state holds a part of it.
    """
    inverse = inverse_rates(state, scales)
    if joint is not None:
        return inverse.mul_(column(1.0 / (scales["alpha"] * joint), inverse))
    smallest, size = normaliser(inverse)
    return inverse.mul_(size / (scales["alpha"] * smallest))


def normaliser(inverse: Tensor) -> tuple[Tensor, Tensor]:
    """δ, the least element of 1/η `[cells, n]`, and ‖δη/√d‖₂; both `[cells, 1]`. Their quotient normalises.

    δη lies in (0, 1] however small ε is, where the sum of 1/ε² over a million units without gradients would overflow
    float32 at ε = 1e-16.
    """
    smallest = inverse.amin(dim=1, keepdim=True)
    return smallest, torch.linalg.vector_norm(smallest / inverse, dim=1, keepdim=True) / inverse.shape[1] ** 0.5


def _authors_init(params: Tensor, shapes: Shapes) -> AuthorsState:
    return AuthorsState(*adam_init(params, shapes), params.new_zeros(len(params), 1))


def _authors_scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    now, later = (sqrt_v_factor(hyper["beta2"], count) for count in (v_step, step))
    own = denom_scales(now, hyper["epsilon"], corrected_step_size(step, hyper))
    return adam_scales(hyper) | own | {"next_factor": later, "next_eps": hyper["epsilon"] / later}


def _update_authors_state(state: AuthorsState, grads: Tensor, scales: Scales, inplace: bool) -> AuthorsState:
    smallest, size = normaliser(sqrt_plus(state.exp_sum_sq, scales["next_eps"]))
    return AuthorsState(*update_adam_state(state, grads, scales, inplace), scales["next_factor"] * smallest / size)


def _authors_denom(state: AuthorsState, scales: Scales) -> Tensor:
    return denom_of(state.exp_sum_sq, {**scales, "scale": scales["scale"] / state.normaliser})
