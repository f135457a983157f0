"""Asynchronous successive halving over cells and fidelities."""

import math
from typing import Any, NamedTuple

import numpy as np

from grids.space import Space
from tuning.kernels.compiling import compiled_part, compiled_start
from tuning.searchers.fidelities import Fidelities, check_curves, check_eta, rungs
from tuning.searchers.form import ROOM, Asked, Form, shift, whole
from tuning.searchers.proposer import Proposed, Proposers, inform, propose, proposer_spec, proposes_from_list
from tuning.searchers.registry import searcher


class Rungs(NamedTuple):
    """The tables of ASHA.

    Args:
        points: int64 `[rungs]`.
        eta: the reduction factor.
        pauses: whether a paused training may be continued.
        proposed: where the cells come from.
        room: the largest number of trainings.
    """

    points: np.ndarray
    eta: float
    pauses: bool
    proposed: Proposed
    room: int


class Trainings(NamedTuple):
    """The state.

    Args:
        counts: int64 `[2]`, trainings begun, and trainings to continue at once.
        told: int64 `[rungs]`, the number of values told at each rung.
        cell: int64 `[room]`.
        values: float64 `[rungs, room]`.
        ranked: int64 `[rungs, room]`, the trainings told at each rung by value, among equals in order of telling.
        left: int64 `[rungs, room]`, whether a training was continued from there.
        following: int64 `[room]`, those to continue at once, the first at the front.
        source: of cells.
    """

    counts: np.ndarray
    told: np.ndarray
    cell: np.ndarray
    values: np.ndarray
    ranked: np.ndarray
    left: np.ndarray
    following: np.ndarray
    source: Any


def asha(
    space: Space,
    *,
    fidelities: Fidelities | None,
    eta: float = 3.0,
    min: float | None = None,
    max: float | None = None,
    of: str = "random",
) -> Rungs:
    """Rungs `min`·η^k below `max`, and `max`, each rounded up to a recorded amount.

    Where trainings may be paused (Li et al. 2018, "A System for Massively Parallel Hyperparameter Tuning", Algorithm
    2): the next query continues the best training among the ⌊n/η⌋ lowest of n values told at a rung that was not
    continued yet, at the highest such rung; where there is none, it starts a new cell at the first rung. Among equal
    values the one told first comes first.

    Where trainings may not be paused, the rule of Optuna's `SuccessiveHalvingPruner`: a training that reaches a rung
    continues at once if its value is at most the max(⌊n/η⌋, 1)-th lowest of the n told there, its own included, and is
    stopped otherwise.

    The proposer is told each cell's value at the first rung.

    Args:
        space: the space.
        fidelities: the recorded amounts of training.
        eta: η, the reduction factor, at least 2.
        min: the amount at the first rung; the first recorded one where not given.
        max: the amount at the last rung; the whole training where not given.
        of: the searcher that proposes cells.

    Raises:
        BadInput: an option out of range, or no curves.
    """
    fidelities = check_curves(fidelities)
    amounts = rungs(fidelities, *fidelities.span(min, max), check_eta(eta))
    points = np.array([fidelities.amounts.index(amount) for amount in amounts])
    proposer_spec(of)
    return Rungs(points, eta, fidelities.pauses, Proposed(points[:1], np.ones(1, np.int64), False), ROOM)


@compiled_start
def begin(tables: Rungs, source: Any) -> Trainings:
    number, room = len(tables.points), tables.room
    return Trainings(
        np.zeros(2, np.int64),
        np.zeros(number, np.int64),
        np.empty(room, np.int64),
        np.empty((number, room)),
        np.empty((number, room), np.int64),
        np.zeros((number, room), np.int64),
        np.empty(room, np.int64),
        source,
    )


@compiled_part
def ask(tables: Rungs, state: Trainings, source: Any) -> Asked:
    counts = state.counts
    if counts[1] > 0:
        counts[1] -= 1
        training = shift(state.following, counts[1])
        rung = _rung_of(tables, state, training)
        return Asked(state.cell[training], tables.points[rung + 1], training)
    if tables.pauses:
        for rung in range(len(tables.points) - 2, -1, -1):
            for place in range(math.floor(state.told[rung] / tables.eta)):
                training = state.ranked[rung, place]
                if state.left[rung, training] == 0:
                    state.left[rung, training] = 1
                    return Asked(state.cell[training], tables.points[rung + 1], training)
    cell = propose(source, 0, counts[0])
    if cell < 0:
        return whole(cell, 0)
    counts[0] += 1
    return Asked(cell, tables.points[0], counts[0] - 1)


@compiled_part
def tell(tables: Rungs, state: Trainings, asked: Asked, value: float) -> Trainings:
    training, rung = asked.number, 0
    while tables.points[rung] != asked.point:
        rung += 1
    if rung == 0:
        inform(state.source, 0, asked.cell, value)
        state.cell[training] = asked.cell
        for any_rung in range(len(tables.points)):
            state.left[any_rung, training] = 0
    values, ranked, place = state.values[rung], state.ranked[rung], state.told[rung]
    while place > 0 and values[ranked[place - 1]] > value:
        ranked[place] = ranked[place - 1]
        place -= 1
    ranked[place], values[training] = training, value
    state.told[rung] += 1
    if not tables.pauses and rung + 1 < len(tables.points):
        told = state.told[rung]
        bound = math.floor(told / tables.eta) - 1 if told >= 2 * tables.eta else 0
        if value <= values[ranked[bound]]:
            state.left[rung, training] = 1
            state.following[state.counts[1]] = training
            state.counts[1] += 1
    return state


@compiled_part
def _rung_of(tables: Rungs, state: Trainings, training: int) -> int:
    """The last rung from which a training was continued."""
    rung = len(tables.points) - 2
    while state.left[rung, training] == 0:
        rung -= 1
    return rung


ASHA = searcher(
    "asha",
    Form(asha, begin, ask, tell, stops=True, from_list=proposes_from_list, proposes="first", source=Proposers),
    label="ASHA",
    phrase="asynchronous successive halving",
    summary="asynchronous successive halving: a training continues as soon as it is among the best of its rung",
    place=9,
    variants=("eta=2,min=2", "eta=4", "of=tpe", "of=gld"),
    fidelities=True,
)
