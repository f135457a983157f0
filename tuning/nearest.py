"""`--nearest`: a grid on which searchers propose, and the configuration of a pool nearest to each of its cells."""

import math

import numpy as np

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.tables.numbers import plain

MOST_CELLS = 200_000
"""The largest number of cells of that grid."""
MOST_LEVELS = 21
"""The largest number of values of a numeric axis of that grid: as many as the AvaGrad paper's grid has."""


def proposals(pool: Pool) -> tuple[Space, np.ndarray]:
    """The grid on which a searcher proposes, and the index in the pool of the configuration nearest to each cell.

    A numeric axis of more than 21 values becomes 21 values evenly spaced on its scale, fewer where the grid would have
    more than 200,000 cells. Distance is Euclidean: a numeric axis runs from 0 to 1 on its scale, and two different
    labels are 1 apart. Of several equal configurations the first is taken.

    Returns:
        The space, and int64 `[cells]` in C order.

    Raises:
        BadInput: so many axes that even two values on each make more than `MOST_CELLS` cells.
    """
    axes = [axis for axis in pool.axes if len(axis) > 1] or [pool.axes[0]]
    for levels in range(MOST_LEVELS, 1, -1):
        space = Space(tuple(_coarse(axis, levels) for axis in axes))
        if space.size <= MOST_CELLS:
            break
    else:
        raise BadInput(
            f"a pool of {len(axes)} axes has too many to propose on: its coarsest grid has {space.size:,} cells"
        )
    from scipy.spatial import cKDTree

    columns = pool.columns()
    rows = np.concatenate([_coordinates(axis, columns[axis.name]) for axis in axes], axis=1)
    asked = space.columns()
    points = np.concatenate([_coordinates(axis, asked[axis.name]) for axis in axes], axis=1)
    distinct, first = np.unique(rows, axis=0, return_index=True)
    _, found = cKDTree(distinct).query(points)
    return space, first[found].astype(np.int64)


def _of_numbers(axis: Axis) -> bool:
    """Whether the labels are numbers, but for the empty one (a conditional hyperparameter)."""
    numbers = [plain(value) for value in axis.values if value] if axis.labelled else []
    return bool(numbers) and all(number is not None and math.isfinite(number) for number in numbers)


def _coarse(axis: Axis, levels: int) -> Axis:
    if len(axis) <= levels:
        return axis
    if not axis.labelled:
        ends = axis.values[0], axis.values[-1]
        values = np.geomspace(*ends, levels) if axis.scale == "log" else np.linspace(*ends, levels)
        values[0], values[-1] = ends
        return Axis(axis.name, tuple(np.unique(values).tolist()), axis.scale)
    if not _of_numbers(axis):
        return axis
    ordered = sorted((value for value in axis.values if value), key=float)
    places = np.unique(np.linspace(0, len(ordered) - 1, max(levels - 1, 1)).round().astype(int))
    none = [""] if "" in axis.values else []
    return Axis.labels(axis.name, [*none, *(ordered[place] for place in places)])


def _coordinates(axis: Axis, column: np.ndarray) -> np.ndarray:
    """Coordinates, float64 `[rows, dimensions]`: at most 1 apart on one axis, at most √1.25 from an empty label."""
    if not axis.labelled:
        values = np.log(column.astype(float)) if axis.scale == "log" else column.astype(float)
        low, high = (math.log(v) if axis.scale == "log" else v for v in (axis.values[0], axis.values[-1]))
        with np.errstate(over="ignore"):
            return ((values - low) / ((high - low) or 1.0))[:, None]
    if _of_numbers(axis):
        numbers = np.array([float(value) if value else np.nan for value in column])
        every = [float(value) for value in axis.values if value]
        low, high = min(every), max(every)
        placed = (numbers - low) / ((high - low) or 1.0)
        return np.stack([np.where(np.isnan(placed), 0.5, placed), np.isnan(placed).astype(float)], axis=1)
    index = axis.indices(column)
    return np.asarray(np.eye(len(axis))[index] / math.sqrt(2.0))
