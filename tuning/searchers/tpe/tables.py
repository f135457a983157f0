"""The lookup tables of compiled TPE: the probability masses of every kernel that can occur on an axis of a grid.

A kernel's width on an axis of n indices is either a whole number of steps (the distance to a neighbour), or the
smallest allowed, n/k with k = min(100, observations + 2), or, for a single observation, the distance to the farther
border. So there are few widths, each a *row* here:

    row s, 0 < s < n        width s
    row n + k − 3           width n/k, k = 3 … 100
    row n + 98 + m          a single observation at index m
    row 2n + 98             the prior

Before it is cut off at the borders, a kernel's mass depends only on the distance from its center: a row has the masses
at the distances −(n−1) … n−1, and the kernel with center m is the segment of n masses that begins at place n − 1 − m.
The prior has one center, and its segment begins at place 0. All rows of all axes are in one flat array, 2n places each,
so that one number, the *offset* of a segment, specifies a kernel on one axis.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

SMALLEST_SHARE = 100
"""The smallest kernel width is the length of the axis divided by this, or by the number of observations + 2 if less."""

NEGLIGIBLE = 1e-20
"""A kernel's mass below this is negligible compared with the prior's."""

LONGEST = 1000
"""The largest length of an axis; for longer ones the tables would be too big."""


class Masses(NamedTuple):
    """The tables of a space, see the module's docstring. Axes of the same length use the same rows."""

    mass: np.ndarray
    """float64 `[places]`: the probability of an index, borders not yet cut off."""
    before: np.ndarray
    """float64 `[places + 1]`: the sum of `mass` in its row before a place."""
    scale: np.ndarray
    """float64 `[places]`: 1 ÷ the mass of the segment that begins at a place."""
    reach: np.ndarray
    """int64 `[places]`: at the first place of each row, the largest distance whose mass is not negligible."""
    start: np.ndarray
    """int64 `[axes]`: the place of each axis's row 0."""


def masses(shape: tuple[int, ...]) -> Masses:
    """The tables of a space of this shape, whose axes are no longer than `LONGEST`."""
    lengths = sorted(set(shape))
    axes = [_axis(length) for length in lengths]
    starts = np.cumsum([0, *(len(axis.mass) for axis in axes)])
    return Masses(
        np.concatenate([axis.mass for axis in axes]),
        np.concatenate([*(axis.before for axis in axes), np.zeros(1)]),
        np.concatenate([axis.scale for axis in axes]),
        np.concatenate([axis.reach for axis in axes]),
        np.array([starts[lengths.index(length)] for length in shape]),
    )


@lru_cache(maxsize=8)
def _axis(length: int) -> Masses:
    """The tables of one axis; `before` without its last place."""
    indices = np.arange(length)
    widths = np.concatenate(
        [
            np.maximum(indices, 1.0),  # row 0 is never looked up
            length / np.arange(3.0, SMALLEST_SHARE + 1),
            np.maximum(indices + 0.5, length - 0.5 - indices),
        ]
    )
    outside = np.array([[_tail(step - 0.5, width) for step in range(length + 2)] for width in widths.tolist()])
    steps = np.abs(np.arange(2 * length) - (length - 1))
    distances = np.abs(np.arange(2 * length) - 0.5 * (length - 1)).tolist()
    prior = [_tail(distance - 0.5, length) - _tail(distance + 0.5, length) for distance in distances]
    mass = np.vstack([outside[:, steps] - outside[:, steps + 1], prior])
    before = np.cumsum(mass, axis=1) - mass
    scale = np.zeros(mass.shape)
    scale[:, :length] = 1.0 / (before[:, length:] - before[:, :length])
    reach = np.zeros(mass.shape, np.int64)
    reach[:, 0] = (mass[:, length - 1 : -1] > NEGLIGIBLE).sum(axis=1) - 1
    return Masses(mass.ravel(), before.ravel(), scale.ravel(), reach.ravel(), np.zeros(1, np.int64))


def _tail(distance: float, width: float) -> float:
    """The mass of a normal distribution beyond a distance from its center: `erfc` keeps its precision there."""
    return 0.5 * math.erfc(distance / (math.sqrt(2.0) * width))
