"""Adaptive rules in the paper's form, w ← w − α·η ⊙ m (equation 4), and section 8's transform of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.rules.base import Hyper, Rule
from trainers.rules.moments import coupled

Advance = Callable[[Any, Tensor, Hyper], Any]
Direction = Callable[[Any, Hyper], tuple[Tensor, Tensor]]
Rates = Callable[[Any, Hyper, Tensor], Tensor]
Decay = Callable[[Tensor, Any, Hyper], Tensor]


@dataclass(frozen=True, kw_only=True)
class AdaptiveRule(Rule):
    """An update rule whose parameter-wise rates η are a function of its state. Made by `adaptive`.

    Args:
        advance: `advance(state, grads, hyper)` gives the state that has seen the gradient. A state has a field
            `step`, the number of gradients seen, a tensor of no dimension.
        direction: `direction(state, hyper)` gives m `[cells, n]` and the factor `[cells, 1]` by which m and η are
            multiplied: α, and m's bias correction where there is one.
        rates: `rates(state, hyper, factor)` gives factor·η as a fresh tensor `[cells, n]`.
        decay: decoupled weight decay, `decay(params, state, hyper)` with the state before the step; None where
            weight decay is coupled.
        delay: whether η comes from the state before the gradient was seen.
        first: what a delayed rule's first step does, which has no rates from before: `literal` takes η of the
            initial state (1/ε for Adam), `skip` leaves the parameters alone.
    """

    advance: Advance
    direction: Direction
    rates: Rates
    decay: Decay | None = None
    delay: bool = False
    first: str = "literal"


def adaptive(
    name: str,
    hyperparameters: dict[str, float],
    init: Callable[[Tensor, tuple[int, ...]], Any],
    advance: Advance,
    direction: Direction,
    rates: Rates,
    *,
    decay: Decay | None = None,
    delay: bool = False,
    first: str = "literal",
    summary: str = "",
) -> AdaptiveRule:
    """Put an adaptive rule together from its parts (see `AdaptiveRule`); `step` is made here, the same for all."""

    def step(params: Tensor, grads: Tensor, state: Any, hyper: Hyper) -> tuple[Tensor, Any]:
        after = advance(state, grads if decay else coupled(params, grads, hyper), hyper)
        moment, factor = direction(after, hyper)
        change = rates(state if delay else after, hyper, factor).mul_(moment)
        if first == "skip":
            change.mul_(state.step > 0)
        kept = decay(params, state, hyper) if decay else params
        return torch.sub(kept, change, out=change), after

    return AdaptiveRule(
        name,
        hyperparameters,
        init,
        step,
        summary,
        advance=advance,
        direction=direction,
        rates=rates,
        decay=decay,
        delay=delay,
        first=first,
    )


def delayed(rule: Rule, first: str = "literal") -> AdaptiveRule:
    """The rule whose parameter-wise rates come from the step before: w_{t+1} = w_t − α_t·η_{t−1} ⊙ m_t.

    Section 8, Theorem 3: so η is independent of the current sample, which suffices for a rate of convergence like
    that of SGD. The direction, its bias correction, α and weight decay stay those of the current step. A rule that
    is delayed already, as the AvaGrads are, comes back as it is.

    Args:
        rule: an adaptive rule.
        first: the first step, for which there is no η from before: `literal` uses that of the initial state, where
            v = 0, so 1/ε for Adam: at a small ε a very large step. `skip` updates the state only, as the code of
            AvaGrad's authors does.

    Raises:
        BadInput: `rule` has no parameter-wise rates to delay, or `first` is neither of the two.
    """
    if not isinstance(rule, AdaptiveRule):
        raise BadInput(f"'{rule.name}' has no parameter-wise rates to delay: it is not an adaptive rule")
    if first not in ("literal", "skip"):
        raise BadInput(f"first={first}: a delayed rule's first step is 'literal' or 'skip'")
    if rule.delay:
        return rule
    made = adaptive(
        f"delayed-{rule.name}",
        dict(rule.hyperparameters),
        rule.init,
        rule.advance,
        rule.direction,
        rule.rates,
        decay=rule.decay,
        delay=True,
        first=first,
    )
    return replace(made, summary=f"{rule.summary}; rates of the step before (section 8)")
