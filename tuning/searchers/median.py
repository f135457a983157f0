"""The median stopping rule (Golovin et al. 2017, section 3.2.2), as in Optuna's `MedianPruner`."""

import math
from typing import Any, NamedTuple

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.kernels.compiling import compiled, compiled_part, compiled_start
from tuning.searchers.fidelities import Fidelities, check_curves
from tuning.searchers.form import ROOM, Asked, Form, shift, whole
from tuning.searchers.proposer import Proposed, Proposers, inform, propose, proposer_spec, proposes_from_list
from tuning.searchers.registry import searcher


class Checks(NamedTuple):
    """The tables of the median rule.

    Args:
        points: int64 `[checks]`, at which trainings report a value.
        startup: the number of trainings that must be complete before any is stopped, at least 1.
        proposed: where the cells come from.
        room: the largest number of trainings.
    """

    points: np.ndarray
    startup: int
    proposed: Proposed
    room: int


class Trainings(NamedTuple):
    """The state.

    Args:
        counts: int64 `[3]`, trainings begun, trainings complete, and trainings to continue.
        cell, reported: int64 `[room]`, the cell, and the number of values reported.
        best: float64 `[room]`, the lowest of these.
        values: float64 `[checks, room]`, what each training reported.
        ascending: float64 `[checks, room]`, at each check the values of complete trainings.
        following: int64 `[room]`, those to continue, the first at the front.
        source: of cells.
    """

    counts: np.ndarray
    cell: np.ndarray
    reported: np.ndarray
    best: np.ndarray
    values: np.ndarray
    ascending: np.ndarray
    following: np.ndarray
    source: Any


def median(
    space: Space,
    *,
    fidelities: Fidelities | None,
    startup: int = 5,
    min: float | None = None,
    max: float | None = None,
    of: str = "random",
) -> Checks:
    """Trains one cell after another; each reports its value at every recorded amount from `min` to `max`.

    A training is stopped if its best value so far is above the median of the values that the completed trainings
    reported at the same amount; never while fewer than `startup` are completed, nor at `max`. The proposer is told the
    last value that a training reported.

    Args:
        space: the space.
        fidelities: the recorded amounts of training.
        startup: the number of trainings that must be completed before any is stopped.
        min: the first amount at which a value is reported; the first recorded one where not given.
        max: the amount at which a training is complete; the whole training where not given.
        of: the searcher that proposes cells.

    Raises:
        BadInput: an option out of range, or no curves.
    """
    fidelities = check_curves(fidelities)
    if startup < 0:
        raise BadInput(f"startup must be 0 or more, not {startup}")
    low, high = (fidelities.at_least(amount) for amount in fidelities.span(min, max))
    points = np.array([point for point, amount in enumerate(fidelities.amounts) if low <= amount <= high])
    proposer_spec(of)
    return Checks(points, startup or 1, Proposed(points[:1], np.ones(1, np.int64), False), ROOM)


@compiled_start
def begin(tables: Checks, source: Any) -> Trainings:
    number, room = len(tables.points), tables.room
    return Trainings(
        np.zeros(3, np.int64),
        np.empty(room, np.int64),
        np.zeros(room, np.int64),
        np.empty(room),
        np.empty((number, room)),
        np.empty((number, room)),
        np.empty(room, np.int64),
        source,
    )


@compiled_part
def ask(tables: Checks, state: Trainings, source: Any) -> Asked:
    counts = state.counts
    if counts[2] > 0:
        counts[2] -= 1
        training = shift(state.following, counts[2])
        return Asked(state.cell[training], tables.points[state.reported[training]], training)
    cell = propose(source, 0, counts[0])
    if cell < 0:
        return whole(cell, 0)
    counts[0] += 1
    return Asked(cell, tables.points[0], counts[0] - 1)


@compiled_part
def tell(tables: Checks, state: Trainings, asked: Asked, value: float) -> Trainings:
    training, checks = asked.number, len(tables.points)
    if asked.point == tables.points[0]:
        state.cell[training], state.reported[training], state.best[training] = asked.cell, 0, math.inf
    check, complete = state.reported[training], state.counts[1]
    state.values[check, training] = value
    state.best[training] = min(state.best[training], value)
    state.reported[training] = check + 1
    if check + 1 < checks:
        if complete < tables.startup or state.best[training] <= median_of(state.ascending[check], complete):
            state.following[state.counts[2]] = training
            state.counts[2] += 1
            return state
    else:
        _complete(state, training, checks)
    inform(state.source, 0, asked.cell, value)
    return state


@compiled
def _complete(state: Trainings, training: int, checks: int) -> None:
    """Enter the values of a complete training."""
    for check in range(checks):
        ascending, reported, place = state.ascending[check], state.values[check, training], state.counts[1]
        while place > 0 and ascending[place - 1] > reported:
            ascending[place] = ascending[place - 1]
            place -= 1
        ascending[place] = reported
    state.counts[1] += 1


@compiled_part
def median_of(ascending: np.ndarray, count: int) -> float:
    """The median of the first `count` of ascending values; two middle ones as `numpy.percentile` interpolates them."""
    half = count // 2
    if count % 2 == 1:
        return float(ascending[half])
    return float(ascending[half] - (ascending[half] - ascending[half - 1]) * 0.5)


MEDIAN = searcher(
    "median",
    Form(median, begin, ask, tell, stops=True, from_list=proposes_from_list, proposes="last", source=Proposers),
    label="median",
    phrase="the median stopping rule",
    summary="median stopping rule: a training stops if it is worse than half of those before it",
    place=10,
    variants=("startup=0", "min=3", "max=6", "of=tpe", "of=random-unique"),
    fidelities=True,
)
