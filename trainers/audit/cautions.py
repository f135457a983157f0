"""What an audit has to say before hours are spent on a sweep, and what a surface's header keeps of it."""

import functools

import torch

from grids.space import Space
from trainers.audit import decay, rates
from trainers.audit.audit import subject_of
from trainers.audit.subject import STEPS, NotTold, Subject

DEAD = 1e-9
"""An axis is dead where no element moves otherwise, by more than this share, between its ends."""


def verdicts(optimizer: str) -> dict[str, str]:
    """Whether a class follows a schedule, and the form of its weight decay, where told.

    Raises:
        BadInput: it names no class.
    """
    subject = _subject(optimizer)
    found = {}
    for name, experiment in (("follows_schedule", rates.follows_schedule), ("decay", decay.decay)):
        try:
            told = experiment(subject)
        except NotTold:
            continue
        if told is not None:
            found[name] = told
    return found


def cautions(optimizer: str, space: Space, schedule: str) -> list[str]:
    """One line for each axis that has no effect, and for a schedule that is not seen.

    Args:
        optimizer: a class, as users type it.
        space: of the sweep.
        schedule: the kind of the task's.

    Raises:
        BadInput: it names no class.
    """
    subject = _subject(optimizer)
    lines = [
        f"{optimizer}: '{axis.name}' has no effect from {min(axis.values):g} to {max(axis.values):g} in {STEPS} steps "
        f"on made-up gradients: all its values may train the same"
        for axis in space.axes
        if not axis.labelled and _is_dead(subject, axis.name, min(axis.values), max(axis.values))
    ]
    if schedule != "constant" and verdicts(optimizer).get("follows_schedule") == "never":
        lines.append(
            f"{optimizer}: its steps stay as long when the learning rate is cut: schedule '{schedule}' has no effect"
        )
    return lines


@functools.cache
def _subject(optimizer: str) -> Subject:
    return subject_of(optimizer)


def _is_dead(subject: Subject, name: str, low: float, high: float) -> bool:
    if low == high:
        return False
    try:
        one, other = (subject.path({name: value}) for value in (low, high))
    except NotTold:  # an end that diverges is an effect
        return False
    size = (one[-1] - one[0]).abs().clamp(min=torch.finfo(one.dtype).tiny)
    return bool(((one - other).abs() <= DEAD * size).all())
