"""Successive halving (Jamieson and Talwalkar 2016) and Hyperband (Li et al. 2018) over cells and fidelities."""

import math
from typing import Any, NamedTuple

import numpy as np

from grids.space import Space
from tuning.kernels.compiling import compiled, compiled_part, compiled_start
from tuning.searchers.fidelities import Bracket, Fidelities, bracket, brackets, check_curves, check_eta, halvings
from tuning.searchers.form import WAIT, Asked, Form, is_better, whole
from tuning.searchers.proposer import Proposed, Proposers, inform, propose, proposer_spec, proposes_from_list
from tuning.searchers.registry import searcher


class Brackets(NamedTuple):
    """The tables of successive halving.

    Args:
        sizes: int64 `[brackets, rungs + 1]`, the number of cells at each rung, 0 after the last.
        points: int64 `[brackets, rungs + 1]`, the point of each rung.
        proposed: where the cells come from.
    """

    sizes: np.ndarray
    points: np.ndarray
    proposed: Proposed


PROGRESS = np.dtype(
    [
        ("bracket", "i8"),
        ("rung", "i8"),
        ("begun", "i8"),  # trainings of all brackets
        ("asked", "i8"),  # of this rung
        ("told", "i8"),
    ]
)


class Running(NamedTuple):
    """The state.

    Args:
        now: one record of type `PROGRESS`.
        proposed: int64 `[brackets]`, the number of cells proposed to each so far.
        training, cell: int64 `[cells]`, the trainings that this rung continues, and their cells.
        values, told_training, told_cell: `[cells]`, what was told at this rung.
        source: of cells.
    """

    now: np.ndarray
    proposed: np.ndarray
    training: np.ndarray
    cell: np.ndarray
    values: np.ndarray
    told_training: np.ndarray
    told_cell: np.ndarray
    source: Any


def _tables(fidelities: Fidelities, run: tuple[Bracket, ...], of: str) -> Brackets:
    longest = max(len(one.rungs) for one in run)
    sizes, points = np.zeros((2, len(run), longest + 1), np.int64)
    for number, one in enumerate(run):
        sizes[number, : len(one.sizes)] = one.sizes
        points[number, : len(one.rungs)] = [fidelities.amounts.index(amount) for amount in one.rungs]
    proposed = Proposed(points[:, 0].copy(), sizes[:, 0].copy(), proposer_spec(of).text == "random")
    return Brackets(sizes, points, proposed)


def sha(
    space: Space,
    *,
    fidelities: Fidelities | None,
    eta: float = 3.0,
    min: float | None = None,
    max: float | None = None,
    of: str = "random",
) -> Brackets:
    """One bracket again and again: η^s cells at `min`, s = ⌊log_η(max/min)⌋, the best ⌊1/η⌋ of them at η·`min`, …

    No more cells than the space has. Rungs are `min`·η^i, i < s, and last `max`, each rounded up to a recorded amount.
    At each rung the remaining cells are trained up to its amount, the best first; the cells of lowest value there are
    continued, the older ones among equals. With several workers a rung's cells are trained in parallel, and the next
    rung waits for all of them.

    The searcher that proposes the cells is told their values at the first rung. `random` draws them without repetition
    within a bracket; any other proposer keeps its state for the next time that the bracket is run.

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
    low, high = fidelities.span(min, max)
    start = math.floor(check_eta(eta) ** halvings(low, high, eta) * (1 + 1e-9))
    start = start if start < space.size else space.size  # `min` is the option here
    return _tables(fidelities, (bracket(fidelities, low, high, eta, start),), of)


def hyperband(
    space: Space,
    *,
    fidelities: Fidelities | None,
    eta: float = 3.0,
    min: float | None = None,
    max: float | None = None,
    of: str = "random",
) -> Brackets:
    """Brackets b = s … 0, s = ⌊log_η(max/min)⌋, in turn: ⌈(s+1)/(b+1)·η^b⌉ cells at `min`·η^(s−b), halved b times.

    Li et al. 2018, Algorithm 1; each bracket is run as by `sha`. One pass with η = 3 over 27 epochs spends 357 of them
    where trainings are resumed, 423 where each starts from zero.

    Args:
        space: the space.
        fidelities: the recorded amounts of training.
        eta: η, the reduction factor, at least 2.
        min: the smallest amount; the first recorded one where not given.
        max: the amount at the last rungs; the whole training where not given.
        of: the searcher that proposes cells, one instance for each bracket.

    Raises:
        BadInput: an option out of range, or no curves.
    """
    fidelities = check_curves(fidelities)
    low, high = fidelities.span(min, max)
    return _tables(fidelities, brackets(fidelities, low, high, check_eta(eta), space.size), of)


@compiled_start
def begin(tables: Brackets, source: Any) -> Running:
    most = tables.sizes.max()
    return Running(
        np.zeros(1, PROGRESS),
        np.zeros(len(tables.sizes), np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        source,
    )


@compiled_part
def ask(tables: Brackets, state: Running, source: Any) -> Asked:
    now = state.now[0]
    bracket, rung, place = now["bracket"], now["rung"], now["asked"]
    if place == tables.sizes[bracket, rung]:
        return whole(WAIT, 0)
    if rung > 0:
        cell, training = state.cell[place], state.training[place]
    else:
        cell, training = propose(source, bracket, state.proposed[bracket]), now["begun"]
        if cell < 0:
            return whole(cell, 0)
        state.proposed[bracket] += 1
        now["begun"] += 1
    now["asked"] = place + 1
    return Asked(cell, tables.points[bracket, rung], training)


@compiled_part
def tell(tables: Brackets, state: Running, asked: Asked, value: float) -> Running:
    now = state.now[0]
    bracket, rung, told = now["bracket"], now["rung"], now["told"]
    if rung == 0:
        inform(state.source, bracket, asked.cell, value)
    state.values[told], state.told_training[told], state.told_cell[told] = value, asked.number, asked.cell
    now["told"] = told + 1
    if told + 1 < tables.sizes[bracket, rung]:
        return state
    keep = tables.sizes[bracket, rung + 1]
    _continue_best(state, told + 1, keep)
    now["asked"], now["told"], now["rung"] = 0, 0, rung + 1
    if keep == 0:
        now["rung"], now["bracket"] = 0, (bracket + 1) % len(tables.sizes)
    return state


@compiled
def _continue_best(state: Running, told: int, keep: int) -> None:
    """Choose the `keep` trainings of lowest value among those told, the older among equals, the best first."""
    values, training, cell = state.values, state.told_training, state.told_cell
    for place in range(keep):
        best = place
        for other in range(place + 1, told):
            if is_better(values[other], training[other], values[best], training[best]):
                best = other
        values[place], values[best] = values[best], values[place]
        training[place], training[best] = training[best], training[place]
        cell[place], cell[best] = cell[best], cell[place]
        state.training[place], state.cell[place] = training[place], cell[place]


SHA = searcher(
    "sha",
    Form(sha, begin, ask, tell, from_list=proposes_from_list, proposes="first", source=Proposers),
    label="SHA",
    phrase="successive halving",
    summary="successive halving: many cells are trained for a short time, the best of them longer and longer",
    place=7,
    variants=("eta=2", "eta=3,min=2", "of=tpe", "of=gld:ball=clip", "min=2,max=6,of=random-unique"),
    fidelities=True,
)
HYPERBAND = searcher(
    "hyperband",
    Form(hyperband, begin, ask, tell, from_list=proposes_from_list, proposes="first", source=Proposers),
    label="Hyperband",
    summary="brackets of successive halving, from many cells to few; with of=tpe similar to BOHB",
    place=8,
    variants=("eta=2", "eta=4,min=2", "of=tpe", "of=cgld", "of=random-unique"),
    fidelities=True,
)
