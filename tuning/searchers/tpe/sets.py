"""The two sets of trials that compiled TPE compares, the good ones and the rest, and the kernels of their densities."""

from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled_part
from tuning.searchers.tpe.tables import Tables

NARROW = -1
"""In place of a row of the tables: the smallest allowed width."""


class Points(NamedTuple):
    """The trials of one set, oldest first."""

    flat: np.ndarray
    """int64 `[trials]`: flat numbers of their cells."""
    spot: np.ndarray
    """int64 `[axes, trials]`: the indices of these cells on every axis."""
    oldest: np.ndarray
    """int64 `[axes, longest]`: the first trial of the set at each index of an axis."""
    youngest: np.ndarray
    """int64 `[axes, longest]`: the last trial of the set at each index; −1 where there is none."""


class Kernels(NamedTuple):
    """Kernels of one density: each a product over axes of segments of the tables."""

    offset: np.ndarray
    """int64 `[axes, kernels or more]`: the offset of each segment."""
    factor: np.ndarray
    """float64 `[kernels or more]`: weight ÷ mass within the borders."""


@compiled_part
def new_points(axes: int, trials: int, longest: int) -> Points:
    """Uninitialised arrays for a set of this many trials."""
    return Points(
        np.empty(trials, np.int64),
        np.empty((axes, trials), np.int64),
        np.empty((axes, longest), np.int64),
        np.empty((axes, longest), np.int64),
    )


@compiled_part
def new_kernels(axes: int, trials: int) -> Kernels:
    """Uninitialised arrays for a kernel of each of this many trials, and the prior."""
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
    """Add to a set of `count` trials those of `first` … `end` − 1 for which `is_good` equals `wanted`.

    Args:
        is_good: bool `[trials]`.
        flats: int64 `[trials]`, their cells.
        spots: int64 `[axes, trials]`, the indices of these cells.
        points: the set.

    Returns:
        The new number of trials in the set.
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
    """Whether a kernel is wider than the smallest width on any axis."""
    wide = False
    for axis in range(axes):
        wide |= rows[axis, i] != NARROW
    return wide


@compiled_part
def widen(shape: np.ndarray, count: int, points: Points, rows: np.ndarray, wide: np.ndarray) -> int:
    """Find the kernels of a set that are wider than the smallest width, and write their rows.

    Observations at the same index are neighbours at distance 0, in order of age. So only the oldest and the youngest
    have a neighbour at another index: the oldest on its left, the youngest on its right.

    Args:
        count: the number of trials in the set.
        rows: int64 `[axes, trials]`, all `NARROW` before.
        wide: int64 `[trials]`, filled with the places in the set of the wide kernels.

    Returns:
        The number of wide kernels.
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
    """The row of the smallest width for `count` observations on an axis of this length."""
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
    """Write kernel number `kernel`, of trial `i` in a set of `count`; resets the trial's rows to `NARROW`."""
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
    """Write the prior, with weight 1, as kernel number `kernel`."""
    factor = 1.0
    for axis in range(len(shape)):
        length = shape[axis]
        offset = tables.start[axis] + (2 * length + 98) * 2 * length
        kernels.offset[axis, kernel] = offset
        factor *= tables.scale[offset]
    kernels.factor[kernel] = factor
