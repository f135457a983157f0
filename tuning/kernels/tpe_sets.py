"""The two sets of trials that compiled TPE compares, and the kernels that stand on them."""

from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.kernels.tpe_tables import Tables

NARROW = -1
"""In place of a row of the tables: as narrow as allowed."""


class Points(NamedTuple):
    """The trials of one set, oldest first."""

    spot: np.ndarray
    """int64 `[axes, trials]`: their indices on every axis."""
    oldest: np.ndarray
    """int64 `[axes, longest]`: the first of the set on each index of an axis."""
    youngest: np.ndarray
    """int64 `[axes, longest]`: the last of them; −1 where there is none."""


class Kernels(NamedTuple):
    """Kernels of one density: products over axes, each of a stretch of the tables."""

    offset: np.ndarray
    """int64 `[axes, kernels or more]`: where the stretch of each begins."""
    factor: np.ndarray
    """float64 `[kernels or more]`: weight ÷ mass within the borders."""


@compiled
def new_points(axes: int, trials: int, longest: int) -> Points:
    """Room for a set of so many trials."""
    index = np.empty((axes, trials), np.int64)
    return Points(index, np.empty((axes, longest), np.int64), np.empty((axes, longest), np.int64))


@compiled
def new_kernels(axes: int, trials: int) -> Kernels:
    """Room for a kernel on each of so many trials, and the prior."""
    return Kernels(np.empty((axes, trials + 1), np.int64), np.empty(trials + 1))


@compiled
def unflatten(shape: np.ndarray, flat: int, column: int, index: np.ndarray) -> None:
    """Write a cell's index on every axis into a column of `index`, int64 `[axes, columns]`."""
    for axis in range(len(shape) - 1, -1, -1):
        index[axis, column] = flat % shape[axis]
        flat //= shape[axis]


@compiled
def choose(shape: np.ndarray, wanted: bool, is_good: np.ndarray, flats: np.ndarray, points: Points) -> None:
    """Make a set of the trials whose `is_good` is as wanted.

    Args:
        is_good: bool `[told]`.
        flats: int64 `[told or more]`, their cells.
        points: the set.
    """
    points.youngest[:] = -1
    count = 0
    for trial in range(len(is_good)):
        if is_good[trial] == wanted:
            append(shape, count, flats[trial], points)
            count += 1


@compiled
def append(shape: np.ndarray, count: int, flat: int, points: Points) -> None:
    """Add a cell to a set of `count`, as the youngest."""
    index, oldest, youngest = points
    unflatten(shape, flat, count, index)
    for axis in range(len(shape)):
        here = index[axis, count]
        if youngest[axis, here] < 0:
            oldest[axis, here] = count
        youngest[axis, here] = count


@compiled
def widen(shape: np.ndarray, count: int, points: Points, rows: np.ndarray) -> None:
    """Write the rows of those kernels of a set that are wider than the narrowest.

    Observations of one index stand side by side by age, with no gap between them. So only the oldest and the youngest
    have a neighbour at a distance: the oldest on its left, the youngest on its right.

    Args:
        count: how many trials the set has.
        rows: int64 `[axes, trials]`, all `NARROW` before.
    """
    index, oldest, youngest = points
    for axis in range(len(shape)):
        length = shape[axis]
        if count == 1:
            rows[axis, 0] = length + 98 + index[axis, 0]
            continue
        narrow = length / min(100, count + 2)
        previous = -1
        for here in range(length):
            if youngest[axis, here] < 0:
                continue
            gap = here - previous
            if previous >= 0 and gap > narrow:
                left = youngest[axis, previous]
                rows[axis, left] = max(rows[axis, left], gap)
                rows[axis, oldest[axis, here]] = gap
            previous = here


@compiled
def is_wide(i: int, axes: int, rows: np.ndarray) -> bool:
    """Whether a kernel is wider than the narrowest on any axis."""
    wide = False
    for axis in range(axes):
        wide |= rows[axis, i] != NARROW
    return wide


@compiled
def narrowest(length: int, count: int) -> int:
    """The row of the narrowest kernels of so many observations."""
    return length + min(100, count + 2) - 3


@compiled
def place(
    kernel: int,
    weight: float,
    shape: np.ndarray,
    count: int,
    i: int,
    points: Points,
    rows: np.ndarray,
    tables: Tables,
    kernels: Kernels,
) -> None:
    """Make trial `i` of a set of `count` a kernel; its rows are `NARROW` again afterwards."""
    factor = weight
    for axis in range(len(shape)):
        length, row = shape[axis], rows[axis, i]
        rows[axis, i] = NARROW
        if row == NARROW:
            row = narrowest(length, count)
        offset = tables.start[axis] + row * 2 * length + length - 1 - points.spot[axis, i]
        kernels.offset[axis, kernel] = offset
        factor /= tables.before[offset + length] - tables.before[offset]
    kernels.factor[kernel] = factor


@compiled
def place_prior(kernel: int, shape: np.ndarray, tables: Tables, kernels: Kernels) -> None:
    """Make the prior, of weight 1, a kernel."""
    factor = 1.0
    for axis in range(len(shape)):
        length = shape[axis]
        offset = tables.start[axis] + (2 * length + 98) * 2 * length
        kernels.offset[axis, kernel] = offset
        factor /= tables.before[offset + length] - tables.before[offset]
    kernels.factor[kernel] = factor
