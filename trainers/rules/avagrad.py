"""AvaGrad and AvaGradW: parameter-wise rates normalised to a root mean square of one, one step late."""

from typing import NamedTuple

import torch
from torch import Tensor

from grids.errors import unknown
from trainers.rules.adam import AdamState, adam_advance, adam_defaults, adam_init, average_scales, corrected_alpha
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import column, divisor_scales, divisors, root, root_gain
from trainers.rules.shipped import register

VARIANTS = ("paper", "authors")


class AuthorsState(NamedTuple):
    """Adam's state, and the normaliser `[cells, 1]` that the next step uses: 0 before the first."""

    step: Tensor
    mean: Tensor
    squares: Tensor
    normaliser: Tensor


@register("avagrad", label="AvaGrad", study=9)
def avagrad(*, variant: str = "paper") -> AdaptiveRule:
    """AvaGrad, weight decay coupled, in one of two variants.

    `paper` is Algorithm 1: w ← w − α · η/‖η/√d‖₂ ⊙ m_t with η = 1/(√v_{t−1} + ε), d the number of a network's
    parameters, no bias correction. So the first step is −α·m_1 whatever ε is. (The algorithm prints √(v + ε); the
    text around it, and the authors' code, have √v + ε.)

    `authors` is github.com/lolemacs/avagrad, `optimizers.py`, step for step: m is corrected by 1 − β1^t and v_{t−1}
    by 1 − β2^{t−1}; the normaliser is another step stale, made at step t − 1 from v_{t−2} and 1 − β2^{t−1}; the first
    step moves nothing, and does not decay the parameters of AvaGradW either.
    """
    summary = "AvaGrad (the paper's Algorithm 1; variant=authors is the authors' code)"
    return _normalised("avagrad", variant, False, summary)


@register("avagradw", label="AvaGradW", study=10)
def avagradw(*, variant: str = "paper") -> AdaptiveRule:
    """AvaGrad with decoupled weight decay, w ← (1 − α·λ)·w before the update (see `avagrad`)."""
    summary = "AvaGrad with decoupled weight decay (variant=authors is the authors' code)"
    return _normalised("avagradw", variant, True, summary)


def _normalised(name: str, variant: str, decoupled: bool, summary: str) -> AdaptiveRule:
    if variant not in VARIANTS:
        raise unknown("variant of AvaGrad", variant, VARIANTS)
    defaults = adam_defaults(alpha=0.1, epsilon=0.1)
    if variant == "paper":
        parts = Parts(
            scales=_paper_scales, advance=adam_advance, divisors=paper_divisors, decoupled=decoupled, delay=True
        )
        return adaptive(name, defaults, adam_init, parts, summary)
    parts = Parts(
        scales=_authors_scales,
        advance=_authors_advance,
        divisors=_authors_divisors,
        decoupled=decoupled,
        decay_first=False,
        delay=True,
    )
    return adaptive(name, defaults, _authors_init, parts, summary)


def _paper_scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    shift = hyper["epsilon"] / root_gain(hyper["beta2"])
    return average_scales(hyper) | {"shift": shift, "alpha": hyper["alpha"]}


def paper_roots(state: AdamState, scales: Scales) -> Tensor:
    """√v + ε but for a factor that normalising takes out again, `[cells, n]`."""
    return root(state.squares, scales["shift"])


def paper_divisors(state: AdamState, scales: Scales, joint: Tensor | None = None) -> Tensor:
    """1/(α·η) of Algorithm 1, `[cells, n]`.

    Args:
        state, scales: see `Parts`.
        joint: what η is normalised by, `[cells, 1]`, where a state holds a part of a network only.
    """
    roots = paper_roots(state, scales)
    if joint is not None:
        return roots.mul_(column(1.0 / (scales["alpha"] * joint), roots))
    smallest, size = normaliser(roots)
    return roots.mul_(size / (scales["alpha"] * smallest))


def normaliser(roots: Tensor) -> tuple[Tensor, Tensor]:
    """δ = the least of the 1/η in `roots` `[cells, n]`, and ‖δη/√d‖₂; both `[cells, 1]`. Their quotient normalises.

    δη lies in (0, 1] however small ε is, where the sum of 1/ε² over a million dead units would overflow float32 at
    ε = 1e-16.
    """
    smallest = roots.amin(dim=1, keepdim=True)
    return smallest, torch.linalg.vector_norm(smallest / roots, dim=1, keepdim=True) / roots.shape[1] ** 0.5


def _authors_init(params: Tensor, shapes: Shapes) -> AuthorsState:
    return AuthorsState(*adam_init(params, shapes), params.new_zeros(len(params), 1))


def _authors_scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    factor = corrected_alpha(seen, hyper)
    divisor = divisor_scales(root_gain(hyper["beta2"], rated), hyper["epsilon"], factor)
    gain = root_gain(hyper["beta2"], seen)
    return average_scales(hyper) | divisor | {"next_gain": gain, "next_shift": hyper["epsilon"] / gain}


def _authors_advance(state: AuthorsState, grads: Tensor, scales: Scales, inplace: bool) -> AuthorsState:
    smallest, size = normaliser(root(state.squares, scales["next_shift"]))
    return AuthorsState(*adam_advance(state, grads, scales, inplace), scales["next_gain"] * smallest / size)


def _authors_divisors(state: AuthorsState, scales: Scales) -> Tensor:
    return divisors(state.squares, {**scales, "scale": scales["scale"] / state.normaliser})
