"""TPE, the tree-structured Parzen estimator, on a grid: as Optuna 5.0's `TPESampler` with its defaults."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.kernels.compiling import compiled, compiled_part, compiled_start
from tuning.kernels.draws import pick
from tuning.searchers.form import ROOM, Asked, Form, whole
from tuning.searchers.registry import searcher
from tuning.searchers.tpe.density import add_histogram, draw, sum_kernels
from tuning.searchers.tpe.kernels import GOOD, NARROW, REST, State, Tables, add, make_kernels
from tuning.searchers.tpe.tables import LONGEST, masses

TIE = 1e-9
"""Relative tolerance for equal ratios, so that rounding does not decide between cells that are equal by symmetry."""

MOST_GOOD = 25
"""The largest number of good trials."""

TOLD, ASKED, STALE = 2, 3, 4
"""Places in `State.counts`."""


def tpe(space: Space, *, n_startup_trials: int = 10, n_ei_candidates: int = 24) -> Tables:
    """Bergstra et al. 2011, as in Optuna 5.0 with its defaults, every axis an integer parameter 0 … n−1.

    The first trials are uniform cells. Then the told trials are split into the `good_count` of lowest value (the older
    ones among equals) and the rest. Both sets get a density, joint over all axes (`tuning.searchers.tpe.kernels`).
    Candidates are drawn from the good one; the trial is the candidate where good ÷ rest is largest, the first drawn
    among equals. Only the indices on an axis are used, not its values or scale. A cell may be proposed again.

    Each of the first trials takes one uniform number; each later one takes `n_ei_candidates` times 1 + axes.

    Args:
        space: the space.
        n_startup_trials: the number of uniform trials before the densities are used.
        n_ei_candidates: the number of candidates drawn for each trial.

    Raises:
        BadInput: an option out of range.
    """
    if n_startup_trials < 0:
        raise BadInput(f"n_startup_trials must be 0 or more, not {n_startup_trials}")
    if n_ei_candidates < 1:
        raise BadInput(f"n_ei_candidates must be 1 or more, not {n_ei_candidates}")
    return Tables(np.array(space.shape), space.size, n_startup_trials, n_ei_candidates, masses(space.shape), ROOM)


@compiled_part
def good_count(told: int) -> int:
    """The number of good trials among those told: ⌈n/10⌉, at most 25 (in Optuna's own float arithmetic: 70 give 8)."""
    return min(math.ceil(0.1 * told), MOST_GOOD)


@compiled_start
def begin(tables: Tables, rng: Any) -> State:
    axes, room, longest, number = len(tables.shape), tables.room, 0, tables.candidates
    for length in tables.shape:
        longest = max(longest, length)
    state = State(
        np.zeros(5, np.int64),
        np.empty(room),
        np.empty(room, np.int64),
        np.empty((axes, room), np.int64),
        np.empty(MOST_GOOD + 1, np.int64),
        np.empty((2, room), np.int64),
        np.empty((2, 2, axes, longest), np.int64),
        np.empty((axes, room), np.int64),
        np.empty(room + 3 * axes, np.int64),
        np.empty((2, axes, room + 1), np.int64),
        np.empty((2, room + 1)),
        np.empty((1 + axes, number), np.int64),
        np.empty((3 + axes, room + 1 + number + longest)),
        np.empty(tables.cells, np.int64),
        np.empty(tables.cells),
    )
    state.counts[STALE] = 1
    for axis in range(axes):
        for trial in range(room):
            state.rows[axis, trial] = NARROW
    for cell in range(tables.cells):
        state.seen[cell], state.histogram[cell] = -1, 0.0
    return state


@compiled_part
def ask(tables: Tables, state: State, rng: Any) -> Asked:
    counts = state.counts
    told = counts[TOLD]
    counts[ASKED] += 1
    if told < tables.startup:
        return whole(pick(rng, tables.cells), 0)
    if counts[STALE] == 1 or counts[GOOD] != good_count(told):
        _split(tables, state, good_count(told))
        make_kernels(tables, state, GOOD)
    different, numbers, mass = draw(tables, state, rng), state.numbers, tables.masses.mass
    product, good, rest = numbers[0], numbers[1], numbers[2]
    offset, factor = state.offset, state.factor
    sum_kernels(counts[GOOD] + 1, offset[GOOD], factor[GOOD], mass, different, state.drawn, product, good)
    kernels, gathered = make_kernels(tables, state, REST)
    sum_kernels(kernels, offset[REST], factor[REST], mass, different, state.drawn, product, rest)
    if gathered:
        add_histogram(tables, state, different, rest)
    best = 0
    for i in range(1, different):
        if good[i] * rest[best] > good[best] * rest[i] * (1.0 + TIE):
            best = i
    return whole(state.drawn[0, best], 0)


@compiled
def _split(tables: Tables, state: State, good: int) -> None:
    """Split the told trials into the `good` of lowest value and the rest."""
    counts, is_good = state.counts, state.wide
    for which in range(2):
        counts[which] = 0
        for axis in range(len(tables.shape)):
            for here in range(tables.shape[axis]):
                state.ends[which, 1, axis, here] = -1
    for trial in range(counts[TOLD]):
        is_good[trial] = 0
    for rank in range(good):
        is_good[state.lowest[rank]] = 1
    for trial in range(counts[TOLD]):
        add(state, REST - is_good[trial], trial)
    counts[STALE] = 0


@compiled_part
def tell(tables: Tables, state: State, asked: Asked, value: float) -> State:
    counts, values, lowest, flat = state.counts, state.values, state.lowest, asked.cell
    trial = counts[TOLD]
    values[trial], state.cells[trial] = value, flat
    for axis in range(len(tables.shape) - 1, -1, -1):
        state.spots[axis, trial] = flat % tables.shape[axis]
        flat //= tables.shape[axis]
    rank = min(trial, MOST_GOOD)
    while rank > 0 and values[lowest[rank - 1]] > value:
        lowest[rank] = lowest[rank - 1]
        rank -= 1
    lowest[rank] = trial
    if rank < counts[GOOD]:
        counts[STALE] = 1
    elif counts[STALE] == 0:
        add(state, REST, trial)
    counts[TOLD] = trial + 1
    return state


def _optunas(options: Mapping[str, Any], space: Space) -> Callable[..., Any] | None:
    """Optuna's own sampler where the tables would be too big."""
    if max(space.shape) <= LONGEST:
        return None

    def build(space: Space, rng: np.random.Generator, **options: Any) -> Any:
        from tuning.searchers.optuna_any import optuna_searcher

        text = ",".join(f"{name}={value}" for name, value in options.items())
        return optuna_searcher(f"optuna:TPESampler:{text}").build(space, rng)

    return build


TPE = searcher(
    "tpe",
    Form(tpe, begin, ask, tell, instead=_optunas),
    label="TPE",
    summary="tree-structured Parzen estimator",
    place=2,
    paper=True,
    variants=("n_startup_trials=0,n_ei_candidates=3",),
)
