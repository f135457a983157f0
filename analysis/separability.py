"""Measure whether two hyperparameters can be tuned separately, for every pair of a surface's axes.

The additive share is the part of the surface's variance that a function of one axis plus a function of the other
explains. The ridge is the best value of the first axis at each value of the second, and its slope says how steeply it
moves. The two-step loss is the cost of ignoring that: tune the first axis at some fixed value of the second, then the
second axis at the value found.
"""

import enum
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from grids.errors import BadInput
from grids.metric import default_targets
from grids.space import Axis
from grids.surface import Surface
from grids.target import gap, reached

CLIP_QUANTILE = 0.75
LOG_FLOOR_QUANTILE = 0.05
TRANSITION = 1e-3
"""The ε from which on it is not negligible compared with √v, for vision tasks (AvaGrad paper, section 5)."""
_SWEEPS = 500
_FEWEST = 3
"""A slope with an interval needs this many points of a ridge."""
_ROUNDING = 1e-24
"""A share of the variance below it is of rounding alone: float64 has 16 digits, and variances are squares."""


class Scale(enum.StrEnum):
    """The scale of the value on which shares of variance are computed.

    On the value itself, nearly all variance is between the plateau of cells that do not learn and the others.
    """

    rank = "rank"  # the cell's rank among all, with mid-ranks for ties
    log = "log"  # log10(suboptimality + f), f its 5% quantile above 0: stresses differences near the best value
    clip = "clip"  # the value, cut off at the upper quartile
    value = "value"  # the value itself


@dataclass(frozen=True, eq=False)
class Pair:
    """Two axes of a surface, and its values over them.

    Args:
        surface: the surface.
        first: the axis that is tuned first; the rows.
        second: the axis that is fixed first; the columns.
        table: float64 `[first, second]`, the lowest value over all further axes.
        diverged: bool `[first, second]`, true where every run diverged.
    """

    surface: Surface
    first: Axis
    second: Axis
    table: np.ndarray
    diverged: np.ndarray

    @property
    def suboptimality(self) -> np.ndarray:
        """`table` less its lowest value: float64 `[first, second]`."""
        return gap(self.table, float(self.table.min()))


@dataclass(frozen=True)
class Slope:
    """A Theil–Sen slope with its 95 % interval and the number of points; NaN for fewer than three points."""

    slope: float
    low: float
    high: float
    points: int


def pairs(surface: Surface, statistic: str = "mean") -> list[Pair]:
    """Every pair of the surface's axes with two values or more, in the space's order.

    Args:
        surface: over a grid.
        statistic: over seeds, see `grids.surface.SEED_STATISTICS`.

    Raises:
        BadInput: a pool, no such pair, or an unknown statistic.
    """
    if surface.space.is_pool:
        raise BadInput(f"{surface.name}: is a pool; separability needs a full grid of two axes or more")
    table, diverged = surface.table(statistic), surface.never_trained
    long = [number for number, axis in enumerate(surface.space.axes) if len(axis) > 1]
    if len(long) < 2:
        names = ", ".join(f"{axis.name} ({len(axis)})" for axis in surface.space.axes)
        raise BadInput(f"{surface.name}: separability needs two axes of two values or more; it has {names}")
    found = []
    for one, other in itertools.combinations(long, 2):
        rest = tuple(number for number in range(table.ndim) if number not in (one, other))
        axes = surface.space.axes
        found.append(Pair(surface, axes[one], axes[other], table.min(axis=rest), np.asarray(diverged.all(axis=rest))))
    return found


def scaled(table: np.ndarray, scale: Scale) -> np.ndarray:
    """`table` on another scale, in its shape."""
    if scale == Scale.rank:
        return np.asarray(stats.rankdata(table).reshape(table.shape))
    if scale == Scale.clip:
        return np.minimum(table, np.quantile(table, CLIP_QUANTILE))
    if scale == Scale.log:
        gap = table - table.min()
        return np.log10(gap + np.quantile(gap[gap > 0], LOG_FLOOR_QUANTILE)) if gap.any() else gap
    return table


def variance_shares(table: np.ndarray) -> tuple[float, float, float]:
    """Shares of the variance of `table` `[first, second]`: the first axis's, the second's, their interaction's.

    Functional ANOVA over the grid with equal weights (Hooker 2007; Hutter, Hoos and Leyton-Brown 2014,
    section 3): with m the mean, r the means of the rows and c those of the columns, the additive model m + (r − m) +
    (c − m) explains the first two shares, orthogonally. NaN where the table is constant.
    """
    centred = table - table.mean()
    size = float(np.abs(centred).max())
    if size <= 1e-12 * float(np.abs(table).max()):
        return float("nan"), float("nan"), float("nan")
    centred = centred / size  # otherwise squares of values near 1e300 overflow
    total = float(np.mean(centred**2))
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    parts = (rows, columns, centred - rows[:, None] - columns)
    first, second, both = (float(np.mean(part**2)) / total for part in parts)
    return _but_rounding(first), _but_rounding(second), _but_rounding(both)


def _but_rounding(share: float) -> float:
    """A share of the variance; 0 where it is no more than the rounding of the values."""
    return share if share > _ROUNDING else 0.0


def trained_shares(pair: Pair, scale: Scale) -> tuple[float, float, float]:
    """`variance_shares` of the values on a scale, over the cells that trained.

    Cells that diverged, or are no better than a failure, hold one value for all: a plateau whose edge is no sum of a
    function of each axis even where the values are. In their place stand the sums that fit the other cells best
    (missing cells of a two-way table, Yates 1933), which add nothing to the interaction. NaN where hardly any cell
    trained.
    """
    table, missing, failure = scaled(pair.table, scale), pair.diverged, pair.surface.provenance.failure
    if failure is not None:
        missing = missing | (pair.table >= failure)
    if not missing.any():
        return variance_shares(table)
    if (~missing).sum() < sum(table.shape):
        return float("nan"), float("nan"), float("nan")
    values = scaled(pair.table[~missing], scale)
    filled = np.full(table.shape, float(values.mean()))
    filled[~missing] = values
    for _ in range(_SWEEPS):
        sums = filled.mean(axis=1)[:, None] + filled.mean(axis=0) - filled.mean()
        filled[missing] = sums[missing]
    return variance_shares(filled)


def ridge(pair: Pair) -> np.ndarray:
    """The index of the best value of the first axis in each column: int64 `[second]`, -1 where all diverged.

    Of tied values it is the nearest to that of the surface's best cell, so that ties do not look like a movement.
    """
    home = int(np.unravel_index(np.argmin(pair.table), pair.table.shape)[0])
    tied = pair.table == pair.table.min(axis=0)
    away = np.abs(np.arange(len(pair.first)) - home)[:, None]
    best = np.argmin(np.where(tied, away, len(pair.first)), axis=0)
    return np.where(pair.diverged.all(axis=0), -1, best)


def at_edge(pair: Pair, where: np.ndarray) -> np.ndarray:
    """The columns whose best value is the first or the last of the first axis: bool `[second]`.

    A better value may lie beyond the grid, so that the ridge is not known there. An axis of labels has no edge.
    """
    if pair.first.labelled:
        return np.zeros(len(where), bool)
    return np.asarray((where == 0) | (where == len(pair.first) - 1))


def coordinates(axis: Axis) -> np.ndarray:
    """An axis's values on its scale: log10 on a log scale, the index for labels: float64 `[values]`."""
    if axis.labelled:
        return np.arange(len(axis), dtype=np.float64)
    values = np.array(axis.values)
    return np.log10(values) if axis.scale == "log" else values


def ridge_slope(pair: Pair, where: np.ndarray, keep: np.ndarray | None = None) -> Slope:
    """The Theil–Sen slope of the ridge in the axes' `coordinates`; on log axes, 1 means in proportion.

    Columns whose best value is at the edge of the grid are left out (`at_edge`).

    Args:
        pair: the two axes.
        where: the ridge, int64 `[second]`.
        keep: which columns to fit, bool `[second]`; all where not given.
    """
    fit = (where >= 0) & ~at_edge(pair, where) & (keep if keep is not None else True)
    if fit.sum() < _FEWEST or pair.first.labelled or pair.second.labelled:  # labels have no slope
        return Slope(float("nan"), float("nan"), float("nan"), int(fit.sum()))
    along, up = coordinates(pair.second)[fit], coordinates(pair.first)[where[fit]]
    if np.ptp(up) == 0:
        return Slope(0.0, 0.0, 0.0, int(fit.sum()))
    found = stats.theilslopes(up, along, alpha=0.95)
    return Slope(float(found.slope), float(found.low_slope), float(found.high_slope), int(fit.sum()))


def common_loss(pair: Pair, where: np.ndarray) -> float:
    """The loss in the worst column when one value of the first axis, chosen to minimise it, is used for all columns.

    A column's loss is its value less its lowest one. Columns without a ridge do not count; NaN where there is no other.
    """
    columns = pair.table[:, where >= 0]
    return float((columns - columns.min(axis=0)).max(axis=1).min()) if columns.size else float("nan")


@dataclass(frozen=True, eq=False)
class TwoStep:
    """The result of tuning the first axis at each value of the second, then the second axis at the value found.

    Tied values of the first axis are equally likely to be chosen.

    Args:
        mean, worst: the final suboptimality, over ties, from each start: float64 `[second]`.
        within: the probability that it is within the level: float64 `[second]`.
    """

    mean: np.ndarray
    worst: np.ndarray
    within: np.ndarray


def two_step(pair: Pair, level: float) -> TwoStep:
    """The two-step loss from every start, and the probability that it is at most `level`."""
    tied = pair.table == pair.table.min(axis=0)
    end = pair.suboptimality.min(axis=1)
    ties = tied.sum(axis=0)
    return TwoStep(
        mean=(tied * end[:, None]).sum(axis=0) / ties,
        worst=np.where(tied, end[:, None], -np.inf).max(axis=0),
        within=(tied * reached(end, level)[:, None]).sum(axis=0) / ties,
    )


def regimes(pair: Pair, split: float | None) -> dict[str, np.ndarray]:
    """The columns of each regime, bool `[second]`: all (`""`); with a split, also `_low` up to it and `_high` above."""
    found = {"": np.ones(len(pair.second), bool)}
    if split is None or pair.second.labelled:
        return found
    values = np.array(pair.second.values)
    return found | {"_low": values <= split, "_high": values > split}


def separability_row(
    pair: Pair, scale: Scale = Scale.rank, level: float | None = None, split: float | None = None
) -> dict[str, Any]:
    """All measures of a pair by name, ready to print; NaN where one is undefined.

    Args:
        pair: the two axes.
        scale: of the values, for shares of variance.
        level: suboptimality for `share_within`; the surface's first target where not given.
        split: the value of the second axis at which the ridge's slope may change.
    """
    if level is None:
        level = default_targets(pair.surface).values[0]
    first, second, interaction = trained_shares(pair, scale)
    where = ridge(pair)
    found = where[where >= 0]
    up = coordinates(pair.first)
    steps = two_step(pair, level)
    row: dict[str, Any] = {
        "surface": pair.surface.name,
        "optimizer": pair.surface.provenance.optimizer,
        "task": pair.surface.provenance.task,
        "first": pair.first.name,
        "second": pair.second.name,
        "scale": scale.value,
        "additive_share": first + second,
        "first_share": first,
        "second_share": second,
        "interaction_share": interaction,
        "columns": len(found),
        "best_first_low": _over(found, lambda at: pair.first.values[at.min()]),
        "best_first_high": _over(found, lambda at: pair.first.values[at.max()]),
        "moves_cells": _over(found, lambda at: float(np.ptp(at))),
        "moves": float("nan") if pair.first.labelled else _over(found, lambda at: float(np.ptp(up[at]))),
        "at_edge": int(np.isin(found, (0, len(pair.first) - 1)).sum()),
        "common_loss": common_loss(pair, where),
    }
    for regime, keep in regimes(pair, split).items():
        slope = ridge_slope(pair, where, keep)
        row |= {f"slope{regime}": slope.slope, f"slope{regime}_from": slope.low, f"slope{regime}_to": slope.high}
    return row | {
        "loss_mean": float(steps.mean.mean()),
        "loss_max": float(steps.worst.max()),
        "level": level,
        "share_within": float(steps.within.mean()),
    }


def ridge_rows(pair: Pair, level: float) -> list[dict[str, Any]]:
    """The ridge and the two-step loss of each column, one row each; `level` as in `two_step`."""
    where, steps = ridge(pair), two_step(pair, level)
    return [
        {
            pair.second.name: value,
            f"best_{pair.first.name}": pair.first.values[where[column]] if where[column] >= 0 else None,
            "suboptimality": float(pair.suboptimality[:, column].min()),
            "loss_mean": float(steps.mean[column]),
            "loss_max": float(steps.worst[column]),
            "share_within": float(steps.within[column]),
        }
        for column, value in enumerate(pair.second.values)
    ]


def _over(found: np.ndarray, measure: Callable[[np.ndarray], float]) -> float:
    return measure(found) if found.size else float("nan")
