"""The distribution of one candidate of gradientless descent, drawn around a given cell at a given radius."""

from collections.abc import Sequence

import numpy as np

from grids.errors import BadInput
from grids.space import Cell


def inside(shape: tuple[int, ...], center: Cell, radii: Sequence[float], axes: tuple[int, ...]) -> np.ndarray:
    """Distributions of `draw_inside`: uniform over the ball's other cells; `center` itself where there is none.

    Returns:
        Probabilities `[radii, cells]`, cells in C order.
    """
    indices = np.indices(shape).reshape(len(shape), -1)
    squared, free = np.zeros(indices.shape[1], np.int64), np.ones(indices.shape[1], bool)
    for axis, index in enumerate(center):
        if axis in axes:
            squared += (indices[axis] - index) ** 2
        else:
            free &= indices[axis] == index
    free &= squared > 0
    laws = np.zeros((len(radii), len(squared)))
    for law, radius in zip(laws, radii, strict=True):
        near = free & (squared <= radius * radius)
        count = int(near.sum())
        if count:
            law[near] = 1.0 / count
        else:
            law[np.ravel_multi_index(center, shape)] = 1.0
    return laws


def clipped(shape: tuple[int, ...], center: Cell, radius: float, axes: tuple[int, ...]) -> np.ndarray:
    """Distribution of `draw_clipped`: the share of the continuous ball that rounds and clips to each cell.

    Points within half a step of a cell on every axis round to it, points outside the grid to a border cell; so the
    probabilities are areas of a disc cut by axis-parallel lines (lengths, where one axis moves).

    Returns:
        Probabilities `[cells]`, in C order.

    Raises:
        BadInput: three or more axes move; the volumes in three dimensions are not implemented.
    """
    if len(axes) > 2:
        raise BadInput("ball=clip has no exact law where three or more axes move together; replay it instead")
    edges = []
    for axis in axes:
        cuts = (np.arange(shape[axis] + 1) - 0.5 - center[axis]) / radius
        cuts[0], cuts[-1] = -1.0, 1.0
        edges.append(np.clip(cuts, -1.0, 1.0))
    if len(edges) == 1:
        shares = np.diff((edges[0] + 1.0) / 2.0)
    else:
        shares = np.diff(np.diff(_disc_below(edges[0][:, None], edges[1][None, :]), axis=0), axis=1) / np.pi
    # Shares this small are rounding errors of the areas.
    shares = np.where(shares > 1e-13, shares, 0.0)
    law = np.zeros(shape)
    law[tuple(slice(None) if axis in axes else index for axis, index in enumerate(center))] = shares / shares.sum()
    return law.ravel()


def _disc_below(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Area of the unit disc's part left of `x` and below `y`, both in [−1, 1]."""
    half = np.sqrt(1.0 - y * y)

    def cap(upper: np.ndarray) -> np.ndarray:
        """∫ √(1−u²) du from −1 to `upper`."""
        return (upper * np.sqrt(1.0 - upper * upper) + np.arcsin(upper)) / 2.0 + np.pi / 4.0

    outer_left = cap(np.minimum(x, -half))
    middle = np.clip(x, -half, half)
    outer_right = cap(np.maximum(x, half)) - cap(half)
    # Left of −half and right of +half the line at y does not cut the disc: all of it is below if y > 0, else none.
    whole = 2.0 * (outer_left + outer_right)
    between = y * (middle + half) + cap(middle) - cap(-half)
    return np.where(y > 0, whole, 0.0) + between
