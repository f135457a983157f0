"""Learning curves that stand in one field: lists of values, or of pairs of a step and a value."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grids.tables.columns import Column
from grids.tables.frame import Frame

_STEPS = ("step", "epoch", "iteration", "iter", "budget", "fidelity")


@dataclass(frozen=True, eq=False)
class Curves:
    """A curve for each row.

    Args:
        points: the steps, ascending.
        values: float64 `[rows, points]`, NaN where a row has none.
        name: what is counted.
    """

    points: tuple[float, ...]
    values: np.ndarray
    name: str = "step"


def curves_of(column: Column, name: str, common_to: np.ndarray | None = None) -> Curves:
    """The curves in a column of lists; a list without steps has the steps 1, 2, ….

    Args:
        column: of lists.
        name: what the steps count.
        common_to: bool `[rows]`: keep the steps that all these rows have; by default those of any row.
    """
    rows = [_steps(item) for item in column.data.tolist()]
    kept: set[float] = set().union(*rows)
    if common_to is not None:
        for row, wanted in zip(rows, common_to.tolist(), strict=True):
            if wanted and row:
                kept &= row.keys()
    points = sorted(kept)
    values = np.array([[row.get(point, math.nan) for point in points] for row in rows], np.float64)
    return Curves(tuple(points), values.reshape(len(rows), len(points)), name)


def _steps(item: Any) -> dict[float, float]:
    """The values of one list by their steps; of a step that is given twice, the last."""
    pairs: Iterable[Any] = item or ()
    if item and not isinstance(item[0], list | tuple):
        pairs = enumerate(item, start=1)
    found = {}
    for step, value in pairs:
        if step is not None and math.isfinite(step):
            found[float(step)] = math.nan if value is None or not math.isfinite(value) else float(value)
    return found


def steps_beside(table: Frame, value: str, epoch: str | None) -> tuple[Frame, str]:
    """The table with the steps of another column of lists in the curves of `value`, and what they count."""
    stem = value.rpartition(".")[0]
    named = [epoch] if epoch else [f"{stem}.{word}" for word in _STEPS] if stem else []
    column = next((table.find(name) for name in named if name and name in table.header), None)
    if column is None or not table.column(column).is_lists:
        return table, epoch or "step"
    joined = np.empty(len(table), object)
    joined[:] = [
        [list(pair) for pair in zip(steps or (), values or (), strict=False)]
        for steps, values in zip(table.column(column).data.tolist(), table.column(value).data.tolist(), strict=True)
    ]
    return table.with_columns({value: Column(joined)}), column.rpartition(".")[2]
