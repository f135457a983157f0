"""AvaGrad and AvaGradW: parameter-wise rates normalised to a root mean square of one, one step late."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.adam import AdamState, adam_advance, adam_defaults, adam_init, corrected_direction, plain_direction
from trainers.rules.adaptive import AdaptiveRule, Decay, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import column, correction, decoupled, quotient, shifted_root

VARIANTS = ("paper", "authors")


class AuthorsState(NamedTuple):
    """Adam's state, and the normaliser `[cells, 1]` that the next step uses: 0 before the first."""

    step: Tensor
    mean: Tensor
    square: Tensor
    normaliser: Tensor


def avagrad(*, variant: str = "paper") -> AdaptiveRule:
    """AvaGrad, weight decay coupled (see `normalised` for the two variants)."""
    summary = "AvaGrad (the paper's Algorithm 1; variant=authors is the authors' code)"
    return normalised("avagrad", variant, False, summary)


def avagradw(*, variant: str = "paper") -> AdaptiveRule:
    """AvaGrad with decoupled weight decay, w ← (1 − α·λ)·w before the update."""
    summary = "AvaGrad with decoupled weight decay (variant=authors is the authors' code)"
    return normalised("avagradw", variant, True, summary)


def normalised(name: str, variant: str, decouple: bool, summary: str) -> AdaptiveRule:
    """AvaGrad in one of two variants.

    `paper` is Algorithm 1: w ← w − α · η/‖η/√d‖₂ ⊙ m_t with η = 1/(√v_{t−1} + ε), d the number of a network's
    parameters, no bias correction. So the first step is −α·m_1 whatever ε is. (The algorithm prints √(v + ε); the
    text around it, and the authors' code, have √v + ε.)

    `authors` is github.com/lolemacs/avagrad, `optimizers.py`, step for step: m is corrected by 1 − β1^t and v_{t−1}
    by 1 − β2^{t−1}; the normaliser is another step stale, made at step t − 1 from v_{t−2} and 1 − β2^{t−1}; the first
    step moves nothing, and does not decay the parameters of AvaGradW either.
    """
    defaults = adam_defaults(alpha=0.1, epsilon=0.1)
    if variant not in VARIANTS:
        raise unknown("variant of AvaGrad", variant, VARIANTS)
    parts: dict[str, Any]
    if variant == "paper":
        parts = {"init": adam_init, "advance": adam_advance, "direction": plain_direction, "rates": _paper_rates}
    else:
        parts = {"init": _authors_init, "advance": _authors_advance}
        parts |= {"direction": corrected_direction, "rates": _authors_rates}
    decay = _decay(variant) if decouple else None
    return adaptive(name, defaults, **parts, decay=decay, delay=True, summary=summary)


def _paper_rates(state: AdamState, hyper: Hyper, factor: Tensor) -> Tensor:
    _, shares, size = _shares(shifted_root(state.square, None, hyper["epsilon"]))
    return shares.mul_(column(factor, shares) / size)


def _shares(denominator: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The least denominator, each rate as a share of the largest (over `denominator`), and their root mean square.

    With δ = min(√v + ε), η/‖η/√d‖₂ = (δη)/‖δη/√d‖₂, and δη lies in (0, 1] however small ε is: the sum of 1/ε² over
    a million dead units would overflow float32 at ε = 1e-16.
    """
    smallest = denominator.amin(dim=1, keepdim=True)
    shares = torch.div(smallest, denominator, out=denominator)
    size = torch.linalg.vector_norm(shares, dim=1, keepdim=True) / denominator.shape[1] ** 0.5
    return smallest, shares, size


def _authors_init(params: Tensor, sizes: tuple[int, ...]) -> AuthorsState:
    return AuthorsState(*adam_init(params, sizes), params.new_zeros(len(params), 1))


def _authors_advance(state: AuthorsState, grads: Tensor, hyper: Hyper) -> AuthorsState:
    after = adam_advance(AdamState(*state[:3]), grads, hyper)
    factor = correction(hyper["beta2"], after.step).rsqrt()
    denominator = shifted_root(state.square, factor, hyper["epsilon"])
    smallest, _, size = _shares(denominator)
    return AuthorsState(*after, smallest / size)


def _authors_rates(state: AuthorsState, hyper: Hyper, factor: Tensor) -> Tensor:
    root = correction(hyper["beta2"], state.step).rsqrt()
    return quotient(state.normaliser * factor, shifted_root(state.square, root, hyper["epsilon"]))


def _decay(variant: str) -> Decay:
    def decay(params: Tensor, state: AdamState | AuthorsState, hyper: Hyper) -> Tensor:
        if variant == "authors":
            hyper = {**hyper, "weight_decay": hyper["weight_decay"] * (state.step > 0)}
        return decoupled(params, hyper)

    return decay
