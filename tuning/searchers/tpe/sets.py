"""The two sets of trials that compiled TPE compares, and the kernels that stand on them."""

from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled_part
from tuning.searchers.tpe.tables import Tables

NARROW = -1
"""In place of a row of the tables: as narrow as allowed."""


class Points(NamedTuple):
    """The trials of one set, oldest first."""

    flat: np.ndarray
    """int64 `[trials]`: their cells,"""
    spot: np.ndarray
    """int64 `[axes, trials]`: and the indices of these on every axis."""
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


@compiled_part
def new_points(axes: int, trials: int, longest: int) -> Points:
    """Room for a set of so many trials."""
    return Points(
        np.empty(trials, np.int64),
        np.empty((axes, trials), np.int64),
        np.empty((axes, longest), np.int64),
        np.empty((axes, longest), np.int64),
    )


@compiled_part
def new_kernels(axes: int, trials: int) -> Kernels:
    """Room for a kernel on each of so many trials, and the prior."""
    return Kernels(np.empty((axes, trials + 1), np.int64), np.empty(trials + 1))


@compiled_part
def unflatten(shape: np.ndarray, flat: int, column: int, index: np.ndarray) -> None:
    """Write a cell's index on every axis into a column of `index`, int64 `[axes, columns]`."""
    for axis in range(len(shape) - 1, -1, -1):
        index[axis, column] = flat % shape[axis]
        flat //= shape[axis]


@compiled_part
def clear(points: Points) -> None:
    """Make a set empty."""
    points.youngest[:] = -1


@compiled_part
def add(
    first: int,
    end: int,
    wanted: bool,
    is_good: np.ndarray,
    flats: np.ndarray,
    spots: np.ndarray,
    count: int,
    points: Points,
) -> int:
    """Add to a set of `count` those trials from `first` to before `end` whose `is_good` is as wanted.

    Args:
        is_good: bool `[trials]`.
        flats: int64 `[trials]`, their cells.
        spots: int64 `[axes, trials]`, the indices of these.
        points: the set.

    Returns:
        How many it then has.
    """
    flat, spot, oldest, youngest = points
    for trial in range(first, end):
        if is_good[trial] != wanted:
            continue
        flat[count] = flats[trial]
        for axis in range(len(spots)):
            here = spots[axis, trial]
            spot[axis, count] = here
            if youngest[axis, here] < 0:
                oldest[axis, here] = count
            youngest[axis, here] = count
        count += 1
    return count


@compiled_part
def _is_wide(i: int, axes: int, rows: np.ndarray) -> bool:
    """Whether a kernel is wider than the narrowest on any axis."""
    wide = False
    for axis in range(axes):
        wide |= rows[axis, i] != NARROW
    return wide


@compiled_part
def widen(shape: np.ndarray, count: int, points: Points, rows: np.ndarray, wide: np.ndarray) -> int:
    """Write the rows of those kernels of a set that are wider than the narrowest, and list them.

    Observations of one index stand side by side by age, with no gap between them. So only the oldest and the youngest
    have a neighbour at a distance: the oldest on its left, the youngest on its right.

    Args:
        count: how many trials the set has.
        rows: int64 `[axes, trials]`, all `NARROW` before.
        wide: int64 `[trials]`, filled with the places in the set of those written.

    Returns:
        How many they are.
    """
    spot, oldest, youngest = points.spot, points.oldest, points.youngest
    axes, found = len(shape), 0
    if count == 1:
        for axis in range(axes):
            rows[axis, 0] = shape[axis] + 98 + spot[axis, 0]
        wide[0] = 0
        return 1
    for axis in range(axes):
        narrow = shape[axis] / min(100, count + 2)
        previous = -1
        for here in range(shape[axis]):
            if youngest[axis, here] < 0:
                continue
            gap = here - previous
            if previous >= 0 and gap > narrow:
                for i in (youngest[axis, previous], oldest[axis, here]):
                    if not _is_wide(i, axes, rows):
                        wide[found] = i
                        found += 1
                    rows[axis, i] = max(rows[axis, i], gap)
            previous = here
    return found


@compiled_part
def narrowest(length: int, count: int) -> int:
    """The row of the narrowest kernels of so many observations."""
    return length + min(100, count + 2) - 3


@compiled_part
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
        factor *= tables.scale[offset]
    kernels.factor[kernel] = factor


@compiled_part
def place_prior(kernel: int, shape: np.ndarray, tables: Tables, kernels: Kernels) -> None:
    """Make the prior, of weight 1, a kernel."""
    factor = 1.0
    for axis in range(len(shape)):
        length = shape[axis]
        offset = tables.start[axis] + (2 * length + 98) * 2 * length
        kernels.offset[axis, kernel] = offset
        factor *= tables.scale[offset]
    kernels.factor[kernel] = factor
