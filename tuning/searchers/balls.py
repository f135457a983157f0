"""Balls of cells in index space, from which gradientless descent draws its candidates.

Distance is Euclidean, in index steps, over the axes that may move. On spaces of up to `MOST_LISTED` cells every ball's
cells are listed once (`members`); on larger ones they are counted at each draw (`draw_counted`).
"""

import functools
import math
from typing import Any

import numpy as np

from grids.errors import BadInput
from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.draws import pick, uniform

MOST_LISTED = 2000
"""The largest number of cells whose balls are listed: the lists grow with its square."""

NO_MEMBERS = np.empty((0, 1), np.int64), np.empty(0, np.int32)
"""The result of `members` where balls are not listed."""


def radii(shape: tuple[int, ...], radius_max: float | None, radius_min: float) -> tuple[float, ...]:
    """The radii R·2^−k, k = 0 … ⌊log2(R/r)⌋, largest first (Golovin et al. 2020, Algorithm 1, in index steps).

    Args:
        shape: the space's; R is its longest axis − 1 (at least `radius_min`) where `radius_max` is None.
        radius_max: R.
        radius_min: r.

    Raises:
        BadInput: r is not a positive number, or R is less than r.

    >>> radii((21, 21), None, 1)
    (20.0, 10.0, 5.0, 2.5, 1.25)
    """
    if not (math.isfinite(radius_min) and radius_min > 0):
        raise BadInput(f"radius_min must be a positive number, not {radius_min:g}")
    largest = max(float(max(shape) - 1), radius_min) if radius_max is None else float(radius_max)
    if not (math.isfinite(largest) and largest >= radius_min):
        raise BadInput(f"radius_max must be a number not less than radius_min={radius_min:g}, not {largest:g}")
    found = [largest]
    while found[-1] / 2 >= radius_min:
        found.append(found[-1] / 2)
    return tuple(found)


@functools.lru_cache(maxsize=16)
def members(shape: tuple[int, ...], reach: tuple[float, ...], turns: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells of every ball around every cell, without its center, ball by ball and in C order.

    Args:
        shape: the space's.
        reach: the radii, in index steps.
        turns: 1 where all axes move; the number of axes where only axis t moves in the balls of turn t.

    Returns:
        int64 `[turns · radii, cells + 1]`, where each ball's cells begin in the second array, and the end of the last;
        and int32, the flat numbers of the cells. `NO_MEMBERS` where the space has more than `MOST_LISTED` cells.
    """
    cells = math.prod(shape)
    if cells > MOST_LISTED:
        return NO_MEMBERS
    index = np.indices(shape).reshape(len(shape), cells)
    steps = (index[:, :, None] - index[:, None, :]) ** 2  # [axes, cells, cells]
    starts, listed, total = [], [], 0
    for turn in range(turns):
        squared = steps.sum(axis=0) if turns == 1 else steps[turn]
        reachable = squared > 0 if turns == 1 else (squared > 0) & (steps.sum(axis=0) == squared)
        for radius in reach:
            centers, others = np.nonzero(reachable & (squared <= radius * radius))
            ends = total + np.cumsum(np.bincount(centers, minlength=cells))
            starts.append(np.concatenate([[total], ends]))
            listed.append(others.astype(np.int32))
            total = int(ends[-1])
    return np.array(starts), np.concatenate(listed)


@compiled
def draw_counted(
    rng: Any, shape: np.ndarray, current: int, radius: float, first: int, end: int, box: np.ndarray
) -> int:
    """A uniform cell of a ball, other than its center; the center where there is none. Always one uniform number.

    Args:
        rng: the stream.
        shape: int64 `[axes]`.
        current: the flat number of the center.
        radius: of the ball.
        first, end: the axes that move are `first` … `end` − 1.
        box: int64 `[4, axes]`, work space.
    """
    center = box[3]
    _unflatten(shape, current, center)
    count = _nth(-1, shape, center, radius, first, end, box)
    chosen = pick(rng, max(count, 1))
    return _nth(chosen, shape, center, radius, first, end, box) if count > 0 else current


@compiled
def draw_clipped(
    rng: Any,
    shape: np.ndarray,
    current: int,
    radius: float,
    first: int,
    end: int,
    center: np.ndarray,
    point: np.ndarray,
) -> int:
    """A uniform point of the continuous ball, rounded to a cell (halves up) and clipped into the grid.

    It may be the center itself. The point comes by rejection from the cube around the ball: one uniform number for
    each axis that moves, in order, again and again until it lies inside; with one axis the first always does.

    Args:
        rng, shape, current, radius, first, end: as of `draw_counted`.
        center: int64 `[axes]`, work space.
        point: float64 `[axes]`, work space.
    """
    _unflatten(shape, current, center)
    while True:
        squared = 0.0
        for axis in range(first, end):
            point[axis] = 2.0 * uniform(rng) - 1.0
            squared += point[axis] * point[axis]
        if squared <= 1.0:
            break
    flat = 0
    for axis in range(len(shape)):
        spot = center[axis]
        if first <= axis < end:
            spot = min(max(math.floor(center[axis] + radius * point[axis] + 0.5), 0), shape[axis] - 1)
        flat = flat * shape[axis] + spot
    return flat


@compiled_part
def _unflatten(shape: np.ndarray, flat: int, index: np.ndarray) -> None:
    """Write the index on every axis of a cell into `index`, int64 `[axes]`."""
    for axis in range(len(shape) - 1, -1, -1):
        index[axis] = flat % shape[axis]
        flat //= shape[axis]


@compiled
def _nth(
    number: int, shape: np.ndarray, center: np.ndarray, radius: float, first: int, end: int, box: np.ndarray
) -> int:
    """The cell of this number in the ball around `center`, in C order without `center`; for −1, the number of cells.

    The cells of a ball, in C order, are line segments along the last axis that moves, one for each position on the
    other axes that move.

    Args:
        box: int64 `[4, axes]`, work space; its last row is `center`.
    """
    low, high, at = box[0], box[1], box[2]
    last_axis = end - 1
    for axis in range(len(shape)):
        reach = int(min(radius, shape[axis])) if first <= axis <= last_axis else 0
        low[axis], high[axis] = max(center[axis] - reach, 0), min(center[axis] + reach, shape[axis] - 1)
        at[axis] = low[axis]
    limit = radius * radius
    count, half = 0, 0
    while True:
        squared, line = 0, 0
        for axis in range(last_axis):
            squared += (at[axis] - center[axis]) ** 2
            line = line * shape[axis] + at[axis]
        if squared <= limit:
            # Half the length of this segment, found from that of the previous one.
            while half < shape[last_axis] and squared + (half + 1) * (half + 1) <= limit:
                half += 1
            while squared + half * half > limit:
                half -= 1
            left = max(center[last_axis] - half, low[last_axis])
            right = min(center[last_axis] + half, high[last_axis])
            own = 1 if squared == 0 else 0
            if 0 <= number - count < right - left + 1 - own:
                spot = left + number - count
                if own == 1 and spot >= center[last_axis]:
                    spot += 1
                line = line * shape[last_axis] + spot
                for axis in range(last_axis + 1, len(shape)):
                    line = line * shape[axis] + center[axis]
                return line
            count += right - left + 1 - own
        axis = last_axis - 1
        while axis >= first and at[axis] == high[axis]:
            at[axis] = low[axis]
            axis -= 1
        if axis < first:
            return count
        at[axis] += 1
