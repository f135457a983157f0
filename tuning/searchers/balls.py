"""Balls of cells in index space, from which gradientless descent draws its candidates.

Distance is Euclidean, in index steps, over the axes that may move.
"""

import functools
import math

import numpy as np

from grids.errors import BadInput
from grids.space import Cell
from tuning.searchers.base import pick


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


@functools.lru_cache(maxsize=16384)
def others_within(shape: tuple[int, ...], center: Cell, radius: float, axes: tuple[int, ...]) -> np.ndarray:
    """Flat numbers, ascending, of the cells that differ from `center` on `axes` only and are at most `radius` away.

    `center` itself is not among them.

    Args:
        shape: the space's.
        center: index tuple.
        radius: in index steps, Euclidean.
        axes: the axes that may move.

    Returns:
        int64 `[cells]`, read-only; empty where no other cell is within the radius.
    """
    reach = int(min(radius, max(shape)))
    spans = [
        np.arange(max(0, c - reach), min(n, c + reach + 1)) if axis in axes else np.array([c])
        for axis, (c, n) in enumerate(zip(center, shape, strict=True))
    ]
    window = np.meshgrid(*spans, indexing="ij")
    squared = sum((index - c) ** 2 for index, c in zip(window, center, strict=True))
    inside = (squared > 0) & (squared <= radius * radius)
    found = np.ravel_multi_index([index[inside] for index in window], shape).astype(np.int64)
    found.flags.writeable = False
    return found


def draw_inside(
    rng: np.random.Generator, shape: tuple[int, ...], center: Cell, radius: float, axes: tuple[int, ...]
) -> int:
    """Flat number of a uniform cell of `others_within`, `center` where there is none. Always one `rng.random()`."""
    cells = others_within(shape, center, radius, axes)
    choice = pick(rng, max(len(cells), 1))
    return int(cells[choice]) if len(cells) else int(np.ravel_multi_index(center, shape))


def draw_clipped(
    rng: np.random.Generator, shape: tuple[int, ...], center: Cell, radius: float, axes: tuple[int, ...]
) -> int:
    """Flat number of a uniform point of the continuous ball, rounded to a cell (halves up) and clipped into the grid.

    It may be `center` itself. The point comes by rejection from the cube around the ball: one `rng.random()` for each
    of `axes`, in order, again and again until it lies inside; with one axis the first always does.
    """
    while True:
        step = [2.0 * rng.random() - 1.0 for _ in axes]
        if sum(part * part for part in step) <= 1.0:
            break
    cell = list(center)
    for axis, part in zip(axes, step, strict=True):
        cell[axis] = min(max(math.floor(center[axis] + radius * part + 0.5), 0), shape[axis] - 1)
    return int(np.ravel_multi_index(cell, shape))
