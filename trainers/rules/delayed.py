"""Rules whose parameter-wise rates come from the step before: the transform of section 8, and Adam so transformed."""

import inspect
from dataclasses import replace
from itertools import count
from typing import Any

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.rules.adam import adam, adam_denom
from trainers.rules.adaptive import AdaptiveRule, adaptive
from trainers.rules.base import Rule, Shapes
from trainers.rules.shipped import Factory, Trajectory, Values, register

DELAYED = "delayed-"


def delayed_adam_equation(
    w: Tensor, shapes: Shapes, h: Values, form: str = "torch", first: str = "literal", growing: bool = False
) -> Trajectory:
    """Adam with the η of the step before; in the first step that of v = 0, or none (`skip`)."""
    exp_avg, exp_avg_sq = torch.zeros_like(w), torch.zeros_like(w)
    denom = adam_denom(exp_avg_sq, 1, h.epsilon, h.beta2, form) if first == "literal" else torch.inf
    for t in count(1):
        grad = (yield w) + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        w = w - h.alpha * exp_avg / denom / (1.0 if form == "plain" else 1 - h.beta1**t)
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        epsilon = h.epsilon * t**h.power if growing else h.epsilon
        denom = adam_denom(exp_avg_sq, t, epsilon, h.beta2, form)


def delayed(rule: Rule, first: str = "literal") -> AdaptiveRule:
    """The rule whose parameter-wise rates come from the step before: w_{t+1} = w_t − α_t·η_{t−1} ⊙ m_t.

    Section 8, Theorem 3: so η is independent of the current sample, which suffices for a rate of convergence like
    that of SGD. The direction, its bias correction, α and weight decay stay those of the current step. A rule that
    is delayed already, as the AvaGrads are, is returned as it is.

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
    if rule.parts.delay:
        return rule
    parts = replace(rule.parts, delay=True, first=first)
    summary = f"{rule.summary}; rates of the step before (the paper's section 8)"
    return adaptive(f"delayed-{rule.name}", rule.hyperparameters, rule.init, parts, summary)


def delayed_factory(factory: Factory) -> Factory:
    """The factory of delayed rules, with the options of the undelayed one and `first`."""

    def make(*, first: str = "literal", **options: Any) -> Rule:
        return delayed(factory(**options), first)

    own = inspect.signature(make).parameters["first"]
    inner = inspect.signature(factory).parameters.values()
    make.__signature__ = inspect.Signature([own, *inner])  # type: ignore[attr-defined]
    return make


register(f"{DELAYED}adam", label="Delayed Adam", equation=delayed_adam_equation)(delayed_factory(adam))
