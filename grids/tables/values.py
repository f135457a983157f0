"""The value of each run: its own, what a diverged run is worth, or what is filled in; curves in lists of values."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grids.errors import BadInput, brief
from grids.tables.cells import Layout
from grids.tables.columns import Column
from grids.tables.frame import Frame
from grids.tables.meaning import LARGEST_VALUE
from grids.tables.rows import States

_STEPS = ("step", "epoch", "iteration", "iter", "budget", "fidelity")
_WAY = "; mark the run in a column 'diverged', or choose --missing worst or --missing NUMBER"
_LARGEST = np.finfo(np.float64).max
"""What MLflow's database writes for infinity."""


@dataclass(frozen=True, eq=False)
class Values:
    """The values of a table's rows, and which of them do not count.

    Args:
        numbers: float64 `[rows, points]`, lower is better, NaN where there is none; one point, but for lists.
        points: the fidelities, where the column holds lists.
        diverged, failed, unfinished, filled: bool `[rows]`.
        percent: whether every number is written with a percent sign.
        fill: as `Meaning.fill`.
        name: of the column.
    """

    numbers: np.ndarray
    points: tuple[float, ...] | None
    diverged: np.ndarray
    failed: np.ndarray
    unfinished: np.ndarray
    filled: np.ndarray
    percent: bool
    fill: str | float | None
    name: str

    @classmethod
    def of(
        cls, table: Frame, name: str, diverged: np.ndarray, found: States, maximize: bool, fill: str | float | None
    ) -> "Values":
        """The values in the column `name`.

        Raises:
            BadInput: a field that is not a number, or one too large. With `fill`, a word among numbers is a failed run.
        """
        if name in ("diverged", "filled"):
            raise BadInput(f"the column '{name}' says which runs did so, and holds no values")
        none = np.zeros(len(table), bool)
        filled = table.flags("filled") if table.has("filled") else none
        column, words, points, percent = table.column(name), none, None, False
        if column.is_lists:
            curves = curves_of(column, "")
            numbers, points = curves.values, curves.points
        else:
            wrong = column.parsed.wrong
            if fill is not None and wrong.any() and not wrong.all():
                words = wrong & column.where(lambda text: not re.match(r"[+-]?[.,]?\d", text))
            read = table.numbers(name, diverged | words, _WAY if fill is None else "")
            numbers, percent = read.numbers[:, None], read.ways is not None and read.ways.percent
        numbers = np.where(np.abs(numbers) == _LARGEST, np.nan, 0.0 - numbers if maximize else numbers)
        large = np.abs(numbers) > LARGEST_VALUE
        numbers[large & diverged[:, None]] = np.nan
        large = large.any(axis=1) & ~diverged
        if large.any():
            row = int(np.argmax(large))
            raise BadInput(
                f"{table.place(row)}, column '{name}': {brief(column.text(row))} is beyond {LARGEST_VALUE:g}, "
                "where differences end"
            )
        return cls(numbers, points, diverged, found.failed | words, found.unfinished, filled, percent, fill, name)


@dataclass(frozen=True, eq=False)
class Settled:
    """The values of a surface's runs.

    Args:
        points: float64 `[cells, seeds, points]`; the last is the run's value.
        diverged, filled: bool `[cells, seeds]`.
        fill: the one number that was filled in; None where there were several, or none.
    """

    points: np.ndarray
    diverged: np.ndarray
    filled: np.ndarray
    fill: float | None


def settled(table: Frame, layout: Layout, values: Values) -> Settled:
    """The values of the runs, with what diverged runs are worth and what is filled in.

    A diverged run is worth the worst last value of the others. `worst` fills with the same; `last` with what the run
    had reached, where it did not fail, and otherwise with the worst.

    Raises:
        BadInput: a missing value where none is filled, or no value at all.
    """
    there = layout.row >= 0
    row = np.where(there, layout.row, 0)

    def of_runs(flags: np.ndarray) -> np.ndarray:
        return np.asarray((there & flags[row]).any(axis=-1))

    diverged, failed, filled = of_runs(values.diverged), of_runs(values.failed), of_runs(values.filled)
    own = np.where(there, values.numbers[row, 0] if values.points is None else values.numbers[row[..., 0]], np.nan)
    reached = carried(own) if values.fill == "last" else own
    # Of a run with a curve, the points show where it ended.
    ended = failed if own.shape[-1] > 1 else failed | of_runs(values.unfinished)
    own[ended & ~diverged, -1] = np.nan
    gaps = np.isnan(own) & ~diverged[..., None]
    if values.fill is None and gaps.any():
        raise _absent(table, layout, values, gaps)
    worst = _worst(own, diverged, values)
    fill: float | None = None
    if values.fill is not None:
        fill = float(values.fill) if isinstance(values.fill, float | int) else worst
        filled |= gaps.any(axis=-1)
        own = np.where(gaps, fill, own)
        if values.fill == "last":
            own = np.where(gaps & ~failed[..., None] & np.isfinite(reached), reached, own)
            fill = None
    own[..., -1] = _without_diverged(own[..., -1], diverged, worst)
    return Settled(own, diverged, filled & ~diverged, fill)


def carried(points: np.ndarray) -> np.ndarray:
    """Each missing point with the one before it that is known."""
    place = np.where(np.isnan(points), 0, np.arange(points.shape[-1]))
    return np.asarray(np.take_along_axis(points, np.maximum.accumulate(place, axis=-1), axis=-1))


def _worst(own: np.ndarray, diverged: np.ndarray, values: Values) -> float:
    """The worst last value of the runs that did not diverge; of any value, where none of these has one."""
    for points, runs in ((own[..., -1:], ~diverged), (own, ~diverged), (own, np.ones_like(diverged))):
        known = np.isfinite(points) & runs[..., None]
        if known.any():
            return float(points.max(where=known, initial=-np.inf))
    if values.diverged.any():
        raise BadInput("every run diverged: there is no value to tell cells apart")
    raise BadInput(f"column '{values.name}' holds no number at all")


def _absent(table: Frame, layout: Layout, values: Values, gaps: np.ndarray) -> BadInput:
    """The error for the first value that is missing."""
    cell, seed, point = (int(i) for i in np.argwhere(gaps)[0])
    if values.points is None:
        return table.absent(values.name, int(layout.row[cell, seed, point]), _WAY)
    row = int(layout.row[cell, seed, 0])
    return BadInput(
        f"{table.place(row)}, column '{values.name}': its list has no value for step {values.points[point]:g}; "
        "--missing last keeps the value that a run reached which ended early, --missing worst fills what is missing"
    )


def _without_diverged(value: np.ndarray, diverged: np.ndarray, worst: float) -> np.ndarray:
    """`value` with what a diverged run is worth in place of the values of the runs that diverged.

    What a program wrote down of them says nothing of the cell: the last number before the end, 0, or none. They are
    worth the worst value of all others; where they all have one value that is no better than the median of the others,
    it is that value, as in a table that this program exported.
    """
    own, others = value[diverged & np.isfinite(value)], value[~diverged]
    shared = own.size > 0 and (own == own[0]).all() and (not others.size or own[0] >= np.median(others))
    return np.where(diverged, own[0] if shared else worst, value)


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
    steps: set[float] = set().union(*rows)
    if common_to is not None:
        steps = steps.intersection(*(row for row, wanted in zip(rows, common_to, strict=True) if wanted and row))
    points = sorted(steps)
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
