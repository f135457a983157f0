"""What the learning rate and the size of gradients do to a step."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

from trainers.audit.subject import RATE, STEPS, NotTold, Subject, moved, power

AT_ONCE, LATER = 0.15, 0.3
"""A cut to a tenth is followed where a step is at most this share of the uncut one: at once, or after `PATIENCE`."""

CUT, PATIENCE = 10, 20
HALF = STEPS // 2


def lr_zero_still(subject: Subject) -> bool:
    """Make 20 steps with a learning rate of 0: whether no parameter moves."""
    path = subject.path({RATE: 0.0})
    return torch.equal(path[0], path[-1])


def lr_power(subject: Subject) -> float:
    """Compare steps 11 to 20 at the default learning rate and at a tenth of it: the exponent of their length."""
    rate = subject.numbers[RATE]
    return power(moved(subject.path({RATE: rate / 10}), HALF), moved(subject.path({RATE: rate}), HALF), 1)


def gradient_power(subject: Subject) -> float:
    """Compare steps 11 to 20 at gradients of size 1 and of size 10: q, the exponent of their length."""
    small, large = (moved(subject.path(gradient=subject.ripples(size)), HALF) for size in (1.0, 10.0))
    return power(small, large, 1)


def first_step(subject: Subject) -> float:
    """The first step at constant gradients of size 1, in units of the learning rate."""
    return moved(subject.path(gradient=subject.constant(1.0), steps=1)) / subject.numbers[RATE]


def late_step(subject: Subject) -> float:
    """Step 20 at gradients of size 1, in units of the learning rate; beside `first_step` it shows a warm-up."""
    return moved(subject.path(), STEPS - 1, STEPS) / subject.numbers[RATE]


def cut_ratio(subject: Subject, wait: int) -> float:
    """Cut the learning rate of all groups to a tenth: a step's length so many steps later, over the uncut one's."""
    steps = CUT + wait + 1

    def cut(step: int, optimizer: Optimizer) -> None:
        if step == CUT:
            for group in optimizer.param_groups:
                group[RATE] = group.get(RATE, 0.0) / 10

    return _last(subject, steps, cut) / _last(subject, steps, lambda step, optimizer: None)


def follows_schedule(subject: Subject) -> str:
    """Cut the rate to a tenth in mid-training: "at once", "late" (within 20 steps) or "never" is a step cut too."""
    if cut_ratio(subject, 0) <= AT_ONCE:
        return "at once"
    return "late" if cut_ratio(subject, PATIENCE) <= LATER else "never"


def _last(subject: Subject, steps: int, between: Callable[[int, Optimizer], None]) -> float:
    path: Tensor = subject.path(gradient=subject.constant(1.0), steps=steps, between=between)
    size = float((path[-1] - path[-2]).double().norm())
    if not size > 0:
        raise NotTold("the last step moves nothing")
    return size
