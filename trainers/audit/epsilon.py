"""Where ε stands in a class's step, and from which value on it matters."""

import math

from trainers.audit.subject import STEPS, NotTold, Still, Subject, moved, power

SMALLEST, LARGEST = 1e-16, 1e8
PROBES = 16
"""Halvings of the range of ε in which the half-step lies."""

RIDGE = (1e4, 1e6)
TIMES = (10, 100)
BETWEEN = 0.1
"""The ε at which steps of different times are compared, for gradients of size 1."""

SAME = 0.05
"""Shares of the plain step that differ by less are the same; on an uncorrected root Adam's are .50 and .76."""

NO_EFFECT = 1e-6
"""ε is not read where no element moves otherwise by more than this share while it grows by twelve decades."""


def _step(subject: Subject, epsilon: float, size: float, last: int = STEPS) -> float:
    """The length of step `last` at gradients of one size, ripples apart."""
    name = subject.epsilon
    if name is None:
        raise NotTold("no ε")
    return moved(subject.path({name: epsilon}, subject.ripples(size), steps=last), last - 1, last)


def _plain(subject: Subject, size: float, last: int = STEPS) -> float:
    """The same at the smallest ε that the class takes."""
    for epsilon in (SMALLEST, 1e-12, 1e-8):
        try:
            return _step(subject, epsilon, size, last)
        except NotTold:
            continue
    raise NotTold("no small ε is taken")


def is_read(subject: Subject) -> bool:
    """Compare 20 steps at ε = 1e-8 and at 1e4, or at the largest that the class takes: whether any element differs."""
    name = subject.epsilon
    if name is None:
        raise NotTold("no ε")
    plain = subject.path({name: 1e-8})
    for epsilon in (1e4, 0.5):
        try:
            found = subject.path({name: epsilon})
        except NotTold:
            continue
        return bool(((found - plain).abs() > NO_EFFECT * (plain[-1] - plain[0]).abs()).any())
    raise NotTold("no large ε is taken")


def half_step(subject: Subject, size: float) -> float:
    """Search by halving for the ε at which step 20 is half of what it is without, at gradients of a size."""
    plain = _plain(subject, size)
    low, high = math.log10(SMALLEST), math.log10(LARGEST)

    def halves(exponent: float) -> bool:
        try:
            return _step(subject, 10**exponent, size) <= plain / 2
        except Still:
            return True

    if not halves(high):
        raise NotTold("no ε halves the step")
    for _ in range(PROBES):
        middle = (low + high) / 2
        low, high = (low, middle) if halves(middle) else (middle, high)
    return float(f"{10 ** ((low + high) / 2):.3g}")


def eps_power(subject: Subject) -> float:
    """Compare step 20 at ε = 1e4 and 1e6: p, with which the best α grows as ε^p where ε is all that acts; 0 if unread.

    The gradients have size 1.
    """
    if not is_read(subject):
        return 0.0
    small, large = (_step(subject, epsilon, 1.0) for epsilon in RIDGE)
    return power(large, small, math.log10(RIDGE[1] / RIDGE[0]))


def eps_place(subject: Subject, at_one: float | None, at_small: float | None) -> str:
    """Tell where ε stands, from half-steps at two sizes of gradients, and from steps at different times at ε = 0.1.

    "unread"; "inside the root" where the half-step grows with the gradient's square; else "corrected root" where steps
    10 and 100 shrink by the same share, "raw root" where the earlier shrinks more; "elsewhere".
    """
    if not is_read(subject):
        return "unread"
    if at_one is None or at_small is None:
        return "elsewhere"
    growth = power(at_small, at_one, 3)
    if 1.7 < growth < 2.3:
        return "inside the root"
    if not 0.7 < growth < 1.3:
        return "elsewhere"
    early, late = (_step(subject, BETWEEN, 1.0, last) / _plain(subject, 1.0, last) for last in TIMES)
    if abs(early - late) < SAME:
        return "corrected root"
    return "raw root" if early < late else "elsewhere"
