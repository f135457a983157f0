"""AvaGrad and AvaGradW: parameter-wise rates normalised to a root mean square of one, one step late."""

from typing import NamedTuple

import torch
from torch import Tensor

from grids.errors import BadInput, unknown
from trainers.rules.adam import AdamState, adam_defaults, adam_init, adam_scales, corrected_step_size, update_adam_state
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import column, denom_of, denom_scales, sqrt_plus, sqrt_v_factor
from trainers.rules.shipped import register

VARIANTS = ("paper", "authors")


class AuthorsState(NamedTuple):
    """Adam's state, and the normaliser `[cells, 1]` that the next step uses: 0 before the first."""

    step: Tensor
    exp_avg: Tensor
    squares: Tensor
    normaliser: Tensor


@register("avagrad", label="AvaGrad", study=9)
def avagrad(*, variant: str = "paper", delay: bool = True) -> AdaptiveRule:
    """AvaGrad, weight decay coupled, in one of two variants.

    `paper` is Algorithm 1: w ← w − α · η/‖η/√d‖₂ ⊙ m_t with η = 1/(√v_{t−1} + ε), d the number of a network's
    parameters, no bias correction. So the first step is −α·m_1 whatever ε is. (The algorithm prints √(v + ε); the
    text around it, and the authors' code, have √v + ε.) With `delay=false`, η = 1/(√v_t + ε): section 4 has it that
    the delay of one step does not matter on natural tasks.

    `authors` is github.com/lolemacs/avagrad, `optimizers.py`, step for step: m is corrected by 1 − β1^t and v_{t−1}
    by 1 − β2^{t−1}; the normaliser is one more step old, computed at step t − 1 from v_{t−2} and 1 − β2^{t−1}; the
    first step moves nothing, and does not decay the parameters of AvaGradW either.
    """
    summary = "AvaGrad (the paper's Algorithm 1; variant=authors is the authors' code)"
    return _normalised("avagrad", variant, False, delay, summary)


@register("avagradw", label="AvaGradW", study=10)
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
    return sqrt_plus(state.squares, scales["eps"])


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
    """From 1/η `[cells, n]` δ, its least element, and ‖δη/√d‖₂; both `[cells, 1]`. Their quotient normalises.

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
    smallest, size = normaliser(sqrt_plus(state.squares, scales["next_eps"]))
    return AuthorsState(*update_adam_state(state, grads, scales, inplace), scales["next_factor"] * smallest / size)


def _authors_denom(state: AuthorsState, scales: Scales) -> Tensor:
    return denom_of(state.squares, {**scales, "scale": scales["scale"] / state.normaliser})
