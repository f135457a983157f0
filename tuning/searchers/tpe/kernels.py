"""The state of TPE, the two sets of trials that it compares, and the kernels of their densities.

A density is a mixture of one kernel for each trial of its set, with its center on the trial's cell, and one wide prior
(Bergstra et al., "Making a Science of Model Search", 2013, as in Optuna 5.0). A kernel is a product over axes of normal
distributions, discretised and cut off at the borders: on each axis a segment of the tables (see
`tuning.searchers.tpe.tables`). Its standard deviation on an axis is the distance to the farther of its two neighbours
there; the first and the last have one neighbour only, and a single one takes the distance to the farther border; it is
at least the axis's length divided by min(100, trials + 2).
"""

from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled, compiled_part
from tuning.searchers.tpe.tables import Masses

NARROW = -1
"""In place of a row of the tables: the smallest allowed width."""

GOOD, REST = 0, 1
"""The two sets."""


class Tables(NamedTuple):
    """The tables of TPE.

    Args:
        shape: int64 `[axes]`, the space's.
        cells: the number of cells.
        startup: the number of uniform trials at first.
        candidates: the number of candidates drawn for each later trial.
        masses: of all kernels that can occur.
        room: the largest number of trials.
    """

    shape: np.ndarray
    cells: int
    startup: int
    candidates: int
    masses: Masses
    room: int


class State(NamedTuple):
    """The state, and work space.

    Args:
        counts: int64 `[5]`: good trials and the rest, when they were last split; trials told; trials asked for; whether
            the split is out of date.
        values: float64 `[room]`, what was told.
        cells: int64 `[room]`, the cells of these trials.
        spots: int64 `[axes, room]`, their indices.
        lowest: int64 `[good + 1]`, the trials of lowest value, the older first among equals.
        member: int64 `[2, room]`, the trials of each set, ascending.
        ends: int64 `[2, 2, axes, longest axis]`, for each set the places in `member` of the first and the last that is
            at each index of an axis; −1 where there is none.
        rows: int64 `[axes, room]`, all `NARROW` between calls.
        wide: int64 `[room]`.
        offset: int64 `[2, axes, room + 1]`, for each kernel of each set, the prior first, its segments in the tables.
        factor: float64 `[2, room + 1]`, its weight ÷ mass within the borders.
        drawn: int64 `[1 + axes, candidates]`, flat numbers and indices of the candidates.
        numbers: float64 `[3 + axes, room + candidates + longest axis]`, of any use.
        seen: int64 `[cells]`, for each cell the last trial that had it among its candidates.
        histogram: float64 `[cells]`, all zero between calls.
    """

    counts: np.ndarray
    values: np.ndarray
    cells: np.ndarray
    spots: np.ndarray
    lowest: np.ndarray
    member: np.ndarray
    ends: np.ndarray
    rows: np.ndarray
    wide: np.ndarray
    offset: np.ndarray
    factor: np.ndarray
    drawn: np.ndarray
    numbers: np.ndarray
    seen: np.ndarray
    histogram: np.ndarray


@compiled_part
def add(state: State, which: int, trial: int) -> None:
    """Add a trial to a set, whose trials are all older."""
    count, ends = state.counts[which], state.ends
    state.member[which, count] = trial
    for axis in range(len(state.spots)):
        here = state.spots[axis, trial]
        if ends[which, 1, axis, here] < 0:
            ends[which, 0, axis, here] = count
        ends[which, 1, axis, here] = count
    state.counts[which] = count + 1


@compiled_part
def narrowest(length: int, count: int) -> int:
    """The row of the smallest width for `count` observations on an axis of this length."""
    return length + min(100, count + 2) - 3


@compiled_part
def age_weight(rank: int, count: int) -> float:
    """The weight of an observation, oldest first: 1 for the newest 25, linear from 1/count to 1 for older ones."""
    ramp = count - 25
    if rank >= ramp:
        return 1.0
    return 1.0 / count + rank * ((1.0 - 1.0 / count) / max(ramp - 1, 1))


@compiled_part
def is_gathered(tables: Tables, count: int) -> bool:
    """Whether a histogram is faster: the narrowest kernels of a set reach fewer cells than there are kernels."""
    window = 1
    for axis in range(len(tables.shape)):
        length = tables.shape[axis]
        row = tables.masses.start[axis] + narrowest(length, count) * 2 * length
        window *= min(length, 2 * tables.masses.reach[row] + 1)
    return count > 1 and window < count


@compiled
def make_kernels(tables: Tables, state: State, which: int) -> tuple[int, bool]:
    """Make the kernels of a set's density, and return how many there are, and whether the others were gathered.

    Where the histogram is faster, only the kernels of the rest that are wider than the smallest width on some axis are
    made; the weights of the others are added to the histogram.

    Observations at the same index are neighbours at distance 0, in order of age. So only the oldest and the youngest
    have a neighbour at another index: the oldest on its left, the youngest on its right.
    """
    shape, rows, wide, ends = tables.shape, state.rows, state.wide, state.ends[which]
    axes, count, number = len(shape), state.counts[which], 0
    if count == 1:
        number, wide[0] = 1, 0
        for axis in range(axes):
            rows[axis, 0] = shape[axis] + 98 + state.spots[axis, state.member[which, 0]]
    for axis in range(axes if count > 1 else 0):
        narrow, previous = shape[axis] / min(100, count + 2), -1
        for here in range(shape[axis]):
            if ends[1, axis, here] < 0:
                continue
            gap = here - previous
            for end in range(2 if previous >= 0 and gap > narrow else 0):
                place = ends[1, axis, previous] if end == 0 else ends[0, axis, here]
                widest = NARROW
                for other in range(axes):
                    widest = max(widest, rows[other, place])
                if widest == NARROW:
                    wide[number] = place
                    number += 1
                rows[axis, place] = max(rows[axis, place], gap)
            previous = here
    gathered = which == REST and is_gathered(tables, count)
    if gathered:
        for place in range(count):
            state.histogram[state.cells[state.member[which, place]]] += age_weight(place, count)
    else:
        number = count
    offset, factor, (_, _, scale, _, start) = state.offset[which], state.factor[which], tables.masses
    for kernel in range(number + 1):
        place = wide[kernel - 1] if gathered else kernel - 1
        weight = 1.0
        if kernel > 0:
            weight = age_weight(place, count)
            trial = state.member[which, place]
            if gathered:
                state.histogram[state.cells[trial]] -= weight
        for axis in range(axes):
            length = shape[axis]
            segment = start[axis] + (2 * length + 98) * 2 * length  # the prior's
            if kernel > 0:
                row = rows[axis, place]
                rows[axis, place] = NARROW
                if row == NARROW:
                    row = narrowest(length, count)
                segment = start[axis] + row * 2 * length + length - 1 - state.spots[axis, trial]
            offset[axis, kernel] = segment
            weight *= scale[segment]
        factor[kernel] = weight
    return number + 1, gathered
