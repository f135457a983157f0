"""Compiled TPE: the same trials as `tuning.searchers.tpe.TPE`, from the same random numbers.

It is fast for three reasons. Kernels have their centers on cells, so a density needs no normal distribution, only
masses from a table. The density is evaluated only at the candidates, once for each distinct one. And nearly all kernels
of the rest have the smallest allowed width on every axis: their weights are added up in one histogram over cells, of
which each candidate needs a small window. The other kernels are those of the oldest and the youngest observation of
each index, which have a neighbour at another index.
"""

import numpy as np

from tuning.kernels.batch import Batch
from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.pcg import pick
from tuning.searchers.tpe.density import (
    Candidates,
    Work,
    add_histogram,
    age_weight,
    draw,
    gather,
    is_gathered,
    new_candidates,
    new_work,
    sum_kernels,
)
from tuning.searchers.tpe.searcher import TIE, TPE, good_count
from tuning.searchers.tpe.sets import (
    NARROW,
    Kernels,
    Points,
    add,
    clear,
    new_kernels,
    new_points,
    place,
    place_prior,
    unflatten,
    widen,
)
from tuning.searchers.tpe.tables import LONGEST, Tables, tables


def tpe(searcher: TPE, batch: Batch) -> bool:
    """The kernel of `TPE`; False for axes too long for its tables."""
    if max(searcher.space.shape) > LONGEST:
        return False
    states, shape, told, columns, stop, matrix = batch
    good_counts = np.array([good_count(count) for count in range(columns.shape[1])])
    numbers = searcher.n_startup_trials, searcher.n_ei_candidates
    play(states, shape, told, columns, stop, *numbers, good_counts, tables(searcher.space.shape), matrix)
    return True


@compiled
def play(
    states: np.ndarray,
    shape: np.ndarray,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    startup: int,
    number: int,
    good_counts: np.ndarray,
    tables: Tables,
    matrix: np.ndarray,
) -> None:
    """Run replays, one for each row.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        shape: int64 `[axes]`.
        told: float64 `[cells, columns]`.
        columns: int32 `[replays, trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        startup: the number of uniform trials at first.
        number: the number of candidates drawn for each later trial.
        good_counts: int64 `[trials]`, `good_count` of 0, 1, … told trials.
        tables: the tables of this shape.
        matrix: int32 `[replays, trials]`, filled with flat cell numbers up to each replay's end.
    """
    cells, axes, trials, longest = len(told), len(shape), matrix.shape[1], 0
    for length in shape:
        longest = max(longest, length)
    values, flats, spots = np.empty(trials), np.empty(trials, np.int64), np.empty((axes, trials), np.int64)
    # The trials of lowest value in order, as many as can ever be good, and one more place for insertion.
    most = good_counts.max()
    order = np.empty(most + 1, np.int64)
    is_good = np.empty(trials, np.bool_)
    good_points, rest_points = new_points(axes, trials, longest), new_points(axes, trials, longest)
    good_kernels, rest_kernels = new_kernels(axes, trials), new_kernels(axes, trials)
    rows = np.empty((axes, trials), np.int64)
    rows[:] = NARROW
    wide = np.empty(trials, np.int64)
    histogram = np.zeros(cells)
    seen = np.empty(cells, np.int64)
    candidates, work = new_candidates(axes, number), new_work(axes, number, trials + 1)
    good_density, rest_density = np.empty(number), np.empty(number)
    for replay in range(len(matrix)):
        state = states[replay]
        seen[:] = -1
        good, rest, stale = 0, 0, True
        for trial in range(trials):
            if trial < startup:
                flat = pick(state, cells)
            else:
                if stale or good != good_counts[trial]:
                    good, stale = good_counts[trial], False
                    rest = _split(trial, order[:good], is_good, flats, spots, good_points, rest_points)
                    _fit_good(shape, good, good_points, rows, wide, tables, good_kernels)
                different = draw(state, shape, good + 1, good_kernels, tables, trial, seen, candidates)
                sum_kernels(good + 1, good_kernels, tables, different, candidates, work, good_density)
                _sum_rest(
                    shape,
                    rest,
                    rest_points,
                    rows,
                    wide,
                    tables,
                    rest_kernels,
                    histogram,
                    different,
                    candidates,
                    work,
                    rest_density,
                )
                best = 0
                for i in range(1, different):
                    if good_density[i] * rest_density[best] > good_density[best] * rest_density[i] * (1.0 + TIE):
                        best = i
                flat = candidates.flat[best]
            value = told[flat, columns[replay, trial]]
            matrix[replay, trial] = flat
            if value <= stop:
                break
            values[trial], flats[trial] = value, flat
            unflatten(shape, flat, trial, spots)
            rank = min(trial, most)
            while rank > 0 and values[order[rank - 1]] > value:
                order[rank] = order[rank - 1]
                rank -= 1
            order[rank] = trial
            if rank < good:
                stale = True
            elif not stale:
                is_good[trial] = False
                rest = add(trial, trial + 1, False, is_good, flats, spots, rest, rest_points)


@compiled_part
def _split(
    told: int,
    lowest: np.ndarray,
    is_good: np.ndarray,
    flats: np.ndarray,
    spots: np.ndarray,
    good_points: Points,
    rest_points: Points,
) -> int:
    """Split the told trials into `lowest`, the good ones, and the rest; returns the number of the rest."""
    is_good[:told] = False
    for trial in lowest:
        is_good[trial] = True
    clear(good_points)
    clear(rest_points)
    add(0, told, True, is_good, flats, spots, 0, good_points)
    return add(0, told, False, is_good, flats, spots, 0, rest_points)


@compiled_part
def _fit_good(
    shape: np.ndarray,
    good: int,
    points: Points,
    rows: np.ndarray,
    wide: np.ndarray,
    tables: Tables,
    kernels: Kernels,
) -> None:
    """Make the kernels of the good trials, followed by the prior."""
    widen(shape, good, points, rows, wide)
    for i in range(good):
        place(i, 1.0, shape, good, i, points, rows, tables, kernels)
    place_prior(good, shape, tables, kernels)


@compiled_part
def _sum_rest(
    shape: np.ndarray,
    rest: int,
    points: Points,
    rows: np.ndarray,
    wide: np.ndarray,
    tables: Tables,
    kernels: Kernels,
    histogram: np.ndarray,
    different: int,
    candidates: Candidates,
    work: Work,
    density: np.ndarray,
) -> None:
    """The density of the rest at each candidate, not normalised, into `density`.

    Args:
        rest: the number of trials in the rest.
        points: these trials.
        rows: work space, all `NARROW` before and after the call.
        wide: int64 `[trials]`, work space.
        histogram: float64 `[cells]`, work space, all zero before and after the call.
    """
    widened = widen(shape, rest, points, rows, wide)
    place_prior(0, shape, tables, kernels)
    gathered = is_gathered(shape, rest, tables)
    number = widened if gathered else rest
    if gathered:
        gather(rest, points.flat, histogram)
    for kernel in range(number):
        i = wide[kernel] if gathered else kernel
        weight = age_weight(i, rest)
        if gathered:
            histogram[points.flat[i]] -= weight
        place(1 + kernel, weight, shape, rest, i, points, rows, tables, kernels)
    sum_kernels(1 + number, kernels, tables, different, candidates, work, density)
    if gathered:
        add_histogram(histogram, shape, rest, tables, different, candidates, work, density)
        for i in range(rest):
            histogram[points.flat[i]] = 0.0
