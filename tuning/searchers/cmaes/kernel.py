"""Compiled CMA-ES: the same trials as pycma, from the same random numbers.

pycma's handling of numerical problems (it changes coordinates if the condition number of C is above 1e8, and adds to C
if that is not positive definite) has no compiled form: pycma itself runs such a replay from its beginning. It also runs
all replays with mirrored populations.
"""

import copy
import math
from typing import Any

import numpy as np

from tuning.kernels.batch import Batch, generator_at
from tuning.kernels.compiling import compiled, compiled_elsewhere, plain
from tuning.searchers.cmaes.bounds import into_bounds
from tuning.searchers.cmaes.constants import LEAST_SIZE, Constants, constants
from tuning.searchers.cmaes.searcher import CMAES
from tuning.searchers.cmaes.stops import (
    History,
    add_generation,
    is_unsupported,
    new_history,
    reset_history,
    stops,
    track_mean,
)
from tuning.searchers.cmaes.strategy import State, begin, decompose, new_state, start_at, update


def _argsort(values: np.ndarray, table: np.ndarray, order: np.ndarray) -> None:
    order[:] = np.argsort(values)


uniform: Any = compiled_elsewhere("tuning.kernels.pcg:uniform", np.random.Generator.random)
normal: Any = compiled_elsewhere("tuning.kernels.normal:normal", np.random.Generator.standard_normal)
sort = compiled_elsewhere("tuning.searchers.cmaes.ties:sort", _argsort)
UNSUPPORTED = -1
"""In place of a trial's number: the replay needs what only pycma does, see the module's docstring."""


def cmaes(searcher: CMAES, batch: Batch) -> bool:
    """The kernel of `CMAES`; False for `impl=pycma` and for populations that pycma mirrors."""
    if searcher.impl == "pycma" or (searcher.popsize or LEAST_SIZE) < LEAST_SIZE:
        return False
    ranges = np.array(searcher.lengths, float)
    strides = np.array([math.prod(searcher.space.shape[axis + 1 :]) for axis in searcher.moving])
    of = constants(max(len(ranges), 2), searcher.popsize)
    states, shape, told, columns, stop, matrix = batch
    moving, table, play_all = shape[list(searcher.moving)], np.empty((0, of.size), np.int8), plain(play)
    if states.dtype != object:
        from tuning.searchers.cmaes.ties import orders

        table, play_all = orders(of.size), play
    used = copy.deepcopy(states)
    unsupported = play_all(used, of, table, ranges, moving, strides, searcher.sigma, told, columns, stop, matrix)
    for row in np.flatnonzero(unsupported):
        rng = generator_at(states[row])
        pycmas = CMAES(searcher.space, rng, sigma=searcher.sigma, popsize=searcher.popsize)
        matrix[row] = by_pycma(pycmas, told, columns[row], stop)
    return True


def by_pycma(searcher: CMAES, told: np.ndarray, columns: np.ndarray, stop: float) -> np.ndarray:
    """One row of `Batch.matrix`, by asking and telling `searcher` one trial at a time."""
    row = np.full(len(columns), -1, np.int32)
    for trial, column in enumerate(columns):
        cell = searcher.ask()
        assert cell is not None
        row[trial] = searcher.space.flat(cell)
        value = float(told[row[trial], column])
        searcher.tell(cell, value)
        if value <= stop:
            break
    return row


@compiled
def play(
    states: np.ndarray,
    constants: Constants,
    table: np.ndarray,
    ranges: np.ndarray,
    moving: np.ndarray,
    strides: np.ndarray,
    sigma: float,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    matrix: np.ndarray,
) -> np.ndarray:
    """Run replays, one for each row; returns bool `[replays]`, which rows are invalid because pycma must run them.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        constants: of the strategy.
        table: from `tuning.searchers.cmaes.ties.orders`.
        ranges: float64 `[dimensions]`, the lengths of the searched axes, and of the idle one where that is added.
        moving: int64 `[moving]`, the number of values of each searched axis.
        strides: int64 `[moving]`, the difference of flat numbers between neighbours along each searched axis.
        sigma: the first step size.
        told, columns, stop, matrix: as of `Batch`.
    """
    state, history = new_state(constants.axes, constants.size), new_history(constants)
    values, cells = np.empty(constants.size), np.empty(constants.size, np.int64)
    trials, unsupported = matrix.shape[1], np.zeros(len(matrix), np.bool_)
    for replay in range(len(matrix)):
        trial = 0
        while 0 <= trial < trials:
            trial = _run(
                states[replay],
                constants,
                table,
                ranges,
                moving,
                strides,
                sigma,
                told,
                columns[replay],
                stop,
                trial,
                state,
                history,
                values,
                cells,
                matrix[replay],
            )
        unsupported[replay] = trial == UNSUPPORTED
    return unsupported


@compiled
def _run(
    stream: np.ndarray,
    constants: Constants,
    table: np.ndarray,
    ranges: np.ndarray,
    moving: np.ndarray,
    strides: np.ndarray,
    start: float,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    trial: int,
    state: State,
    history: History,
    values: np.ndarray,
    cells: np.ndarray,
    row: np.ndarray,
) -> int:
    """Run one strategy from its start until it stops.

    Returns:
        The number of trials so far, all trials if the replay is over, or `UNSUPPORTED`.
    """
    trials, sigma, generation, decomposed = len(row), start, 0, 0
    if len(moving) == 0:
        row[trial] = 0
        return trials if told[0, columns[trial]] <= stop else trial + 1
    for axis in range(len(ranges)):
        start_at(state, axis, uniform(stream), ranges[axis])
    begin(state, ranges, sigma)
    reset_history(history, state.mean)
    while True:
        if is_unsupported(state, start, sigma):
            return UNSUPPORTED
        if generation >= decomposed + constants.decomposition_interval:
            if not decompose(state):
                return UNSUPPORTED
            decomposed = generation
        _sample(stream, state, sigma)
        _round(state, ranges, moving, strides, cells)
        for place in range(constants.size):
            row[trial] = cells[place]
            values[place] = told[cells[place], columns[trial]]
            trial += 1
            if values[place] <= stop or trial == trials:
                return trials
        generation += 1
        sort(values, table, state.order)
        add_generation(constants, history, values, state.order, generation)
        sigma = update(constants, state, ranges, sigma, generation)
        track_mean(history, state.mean, generation)
        if stops(constants, state, history, ranges, start, sigma, generation):
            return trial


@compiled
def _sample(stream: np.ndarray, state: State, sigma: float) -> None:
    """A generation's points: m + σ · scaling · B D z."""
    size, axes = state.points.shape
    z = state.spare[0]
    for place in range(size):
        for axis in range(axes):
            z[axis] = state.lengths[axis] * normal(stream)
        for row in range(axes):
            along = 0.0
            for axis in range(axes):
                along += state.basis[row, axis] * z[axis]
            state.points[place, row] = state.mean[row] + sigma * (state.scaling[row] * along)


@compiled
def _round(state: State, ranges: np.ndarray, moving: np.ndarray, strides: np.ndarray, cells: np.ndarray) -> None:
    """The flat numbers of the cells that a generation's points lie in."""
    for place in range(len(cells)):
        flat = 0
        for axis in range(len(moving)):
            index = math.floor(into_bounds(state.points[place, axis], ranges[axis]) + 0.5)
            flat += min(max(index, 0), moving[axis] - 1) * strides[axis]
        cells[place] = flat
