"""What a class does with weight decay, and with the gradients that it is given."""

import torch
from torch import Tensor

from trainers.audit.subject import RATE, NotTold, Subject, flat
from trainers.rules.base import sizes_of

NAME = "weight_decay"
STEPS = 15
LAMBDA = 0.05
SAME = 1e-3
"""Relative differences up to this count as none: float32, and terms of second order."""


def decay(subject: Subject) -> str | None:
    """Compare 15 steps with a weight decay of 0.05 with 15 at gradients to which 0.05·w is added.

    "coupled" where they are the same; else "decoupled" where the first step shrinks all weights by one factor:
    1 − α·λ, or another that the word says; "of matrices" where vectors are left out; "unread" where nothing differs;
    "other" for anything else; None for a class without the argument.
    """
    if NAME not in subject.numbers:
        return None
    gradient = subject.ripples(1.0)
    without = subject.path({NAME: 0.0}, gradient, STEPS)
    decayed = subject.path({NAME: LAMBDA}, gradient, STEPS)
    added = subject.path({NAME: 0.0}, lambda step, params: gradient(step, params) + LAMBDA * params, STEPS)
    effect = (decayed[1:] - without[1:]).abs().max()
    if effect == 0:
        return "unread"
    size = (added - without)[1:].abs().max().clamp(min=float(effect))
    if ((decayed - added)[1:].abs() <= SAME * size).all():
        return "coupled"
    return _decoupled(subject, (decayed[1] - without[1]) / without[0])


def _decoupled(subject: Subject, shrunk: Tensor) -> str:
    """The word for what the first step took of each weight."""
    means, dims = [], []
    for piece, shape in zip(shrunk.split(sizes_of(subject.shapes)), subject.shapes, strict=True):
        mean = float(piece.mean())
        if (piece - mean).abs().max() > 0.01 * abs(mean):
            return "other"
        means.append(-mean)
        dims.append(len(shape))
    acting = {mean for mean in means if mean != 0}
    which = ""
    if len(acting) != len(means) and 0 in means:
        left_out = {dim for dim, mean in zip(dims, means, strict=True) if mean == 0}
        which = (
            ", of matrices"
            if left_out == {1} and 0 not in [m for m, d in zip(means, dims, strict=True) if d > 1]
            else ""
        )
        if not which:
            return "other"
    if not acting or max(acting) > 1.01 * min(acting):
        return "other"
    factor = max(acting)
    rate = subject.numbers[RATE]
    if abs(factor / (rate * LAMBDA) - 1) < 0.02:
        return f"decoupled{which}"
    if abs(factor / LAMBDA - 1) < 0.02:
        return f"decoupled, without the rate{which}"
    return f"decoupled, {factor / (rate * LAMBDA):.3g} times{which}"


def rewrites_gradients(subject: Subject) -> bool:
    """Make a step with weight decay, where there is any: whether it changes the gradients that it was given."""
    torch.manual_seed(0)
    params, optimizer = subject.make({NAME: LAMBDA} if NAME in subject.numbers else {})
    given = subject.ripples(1.0)(0, flat(params))
    subject.step(optimizer, params, given)
    if any(p.grad is None for p in params):
        return True
    kept = torch.cat([p.grad.flatten() for p in params if p.grad is not None])
    if not kept.isfinite().all():
        raise NotTold("gradients that are not finite")
    return not torch.equal(kept.double(), given.to(subject.dtype).double())
