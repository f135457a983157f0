"""Section 6, Figure 1: how α and ε act together on Adam's and AvaGrad's surfaces.

A column, one ε, whose best α is the smallest or the largest of the grid is left out: its best may lie beyond.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.claims.evidence import Evidence
from analysis.claims.finding import TAIL, Estimate, Rule, Verdict, between, beyond
from analysis.claims.row import Measured, Row
from analysis.claims.uncertainty import jackknife, seeds_in_words, subset_quantile, without_each
from analysis.separability import TRANSITION, Scale, at_edge, pairs, regimes, ridge, scaled, variance_shares
from grids.surface import Surface

SLOPE_MARGIN = 0.25
"""A slope this close to a whole number counts as it, on a grid with two values a decade."""
INDEPENDENT, DEPENDENT = 0.95, 0.85
"""The value is independent of ε from the first share of variance by α alone on, and dependent below the second."""
FEWEST = 3
"""Columns with a best α within the grid, without which nothing can be told of a ridge."""
_NEAR, _AROUND = 5, 2
"""The noise of a column is that of its lowest cells, and of those of the columns around it."""
_DRAWS = 200
_EDGE = 2.0
"""An edge this many standard errors of a difference above a column's best is not the best."""


def column_noise(surface: Surface) -> np.ndarray:
    """The standard deviation between a column's good cells over one seed: float64 `[epsilons]`.

    Of the residuals of value = cell + seed + residual in the five lowest cells of the column, pooled with the two
    columns on either side, since columns differ in their noise as much as in their values.

    Args:
        surface: over α and ε, with two seeds or more.
    """
    order = np.argsort(surface.mean, axis=0)[:_NEAR]
    low = np.take_along_axis(surface.finite, order[..., None], axis=0)
    cells, columns, seeds = low.shape
    residuals = low - low.mean(axis=2, keepdims=True) - low.mean(axis=0) + low.mean(axis=(0, 2))[:, None]
    variance = (residuals**2).sum(axis=(0, 2)) / ((cells - 1) * (seeds - 1))
    ends = [(max(at - _AROUND, 0), at + _AROUND + 1) for at in range(columns)]
    return np.sqrt([variance[low_:high].mean() for low_, high in ends])


def _inner(surface: Surface) -> tuple[np.ndarray, np.ndarray, str]:
    """The best α of each ε, which of them are within the grid (bool `[epsilons]`), and how many are not, in words.

    Where noise cannot tell the best from the edge, the best may be the edge.
    """
    (pair,) = pairs(surface)
    where, seeds = ridge(pair), len(surface.seeds)
    inside = (where >= 0) & ~at_edge(pair, where)
    if seeds > 1:
        ends = np.minimum(surface.mean[0], surface.mean[-1]) - surface.mean.min(axis=0)
        inside &= ends > _EDGE * column_noise(surface) * math.sqrt(2 / seeds)
    left_out = int((~inside).sum())
    return where, inside, f"; left out: {left_out} of {len(where)} ε, best α at the edge" if left_out else ""


def _too_few(inside: np.ndarray, columns: np.ndarray) -> bool:
    """True if fewer than `FEWEST`, or only half, of these columns have their best α within the grid."""
    left = int((inside & columns).sum())
    return left < FEWEST or left <= columns.sum() / 2


@dataclass(frozen=True, eq=False)
class _CommonAlpha:
    """The number of columns whose best α is the commonest one; at most, where noise is allowed for.

    Args:
        mean: float64 `[alphas, columns]`.
        error: of the difference of two cells of a column, float64 `[columns]`.
        freedom, seeds: of the noise.
        step: the change of a mean by one validation example.
    """

    mean: np.ndarray
    error: np.ndarray
    freedom: float
    seeds: int

    @property
    def gap(self) -> np.ndarray:
        return np.asarray(self.mean - self.mean.min(axis=0))

    def near(self, tail: float = TAIL) -> np.ndarray:
        """For each α, the number of columns in which it is the best up to noise; the tail is shared by all columns."""
        columns = self.mean.shape[1]
        quantile = subset_quantile(min(2 * _NEAR, len(self.mean) - 1), self.freedom, tail / columns)
        return np.asarray((self.gap <= quantile * self.error).sum(axis=1))

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`."""
        most = float((self.gap <= 0).sum(axis=1).max())
        return Estimate(most, most, float(self.near(tail).max()), self)

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`: unknown, since how alike columns truly are is not estimated."""
        return ()


def _one_alpha(evidence: Evidence) -> Measured | str:
    surface = evidence.plane("avagrad")
    if surface is None:
        return "needs a surface of avagrad over alpha and epsilon"
    where, inside, left_out = _inner(surface)
    columns, seeds = int(inside.sum()), len(surface.seeds)
    share = float(np.bincount(where[inside]).max()) if columns else math.nan
    if _too_few(inside, np.ones(len(where), bool)):
        return Measured(Estimate(math.nan), f"the best α is at the edge for {len(where) - columns} of {len(where)} ε")
    if seeds < 2:
        return Measured(Estimate(share), f"of {columns} ε{left_out}; {seeds_in_words(1)}")
    error = column_noise(surface)[inside] * math.sqrt(2 / seeds)
    common = _CommonAlpha(surface.mean[:, inside], error, float((_NEAR - 1) * (seeds - 1)), seeds)
    alpha, near = surface.space.axis("alpha").values, common.near()
    exact = (common.gap <= 0).sum(axis=1)
    why = f"α = {alpha[int(exact.argmax())]:g} is best for {exact.max()} of {columns} ε, and α = "
    why += f"{alpha[int(near.argmax())]:g} up to each column's noise for {near.max()}{left_out}"
    return Measured(common.estimate(), why)


def _one_alpha_rule(evidence: Evidence) -> Rule:
    surface = evidence.plane("avagrad")
    columns = int(_inner(surface)[1].sum()) if surface is not None else 0

    def verdict(one: Estimate) -> Verdict:
        return Verdict.holds if one.low >= columns else Verdict.fails if one.high < columns else Verdict.open

    return Rule(
        "columns of ε whose best α is the commonest one: holds where all are, fails where for each α some "
        "column prefers another by more than its noise; cannot be told otherwise, nor where the best α is at "
        "the edge for half of them",
        verdict,
    )


@dataclass(frozen=True, eq=False)
class _RidgeSlope:
    """The Theil–Sen slope of a ridge, with the interval of its points and of tables that the noise allows.

    Args:
        up, along: log α and log ε of the columns with a best α within the grid: float64 `[points]`.
        again: the slope on tables with further noise, ascending: float64 `[draws]`.
        seeds: of the surface.
    """

    up: np.ndarray
    along: np.ndarray
    again: np.ndarray
    seeds: int

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`."""
        if np.ptp(self.up):
            slope, _, low, high = stats.theilslopes(self.up, self.along, alpha=1 - 2 * tail)
        else:
            slope = low = high = 0.0
        ends = np.quantile(self.again, (tail, 1 - tail))
        return Estimate(float(slope), float(min(low, ends[0])), float(max(high, ends[1])), self)

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`: unknown, since the interval is of columns too."""
        return ()


def _slope(surface: Surface, regime: str) -> Measured | str:
    where, inside, _ = _inner(surface)
    (pair,) = pairs(surface)
    columns = regimes(pair, TRANSITION)[regime]
    kept, left_out = inside & columns, int((columns & ~inside).sum())
    words = f"; left out: {left_out} of {columns.sum()} ε, best α at the edge" if left_out else ""
    if _too_few(inside, columns):
        return Measured(Estimate(math.nan), f"{kept.sum()} of {columns.sum()} ε are too few{words}")
    alpha, epsilon = (np.log10(surface.space.axis(name).values) for name in ("alpha", "epsilon"))
    up, along, seeds = alpha[where[kept]], epsilon[kept], len(surface.seeds)
    if seeds < 2:
        slope = float(stats.theilslopes(up, along).slope) if np.ptp(up) else 0.0
        return Measured(Estimate(slope), f"{seeds_in_words(1)}{words}")
    rng, error = np.random.default_rng(0), column_noise(surface) / math.sqrt(seeds)
    again = []
    for _ in range(_DRAWS):
        best = (surface.mean + error * rng.standard_normal(surface.mean.shape)).argmin(axis=0)
        fit = kept & (best > 0) & (best < len(alpha) - 1)
        again.append(_theil(alpha[best[fit]], epsilon[fit]) if fit.sum() >= FEWEST else 0.0)
    why = f"Theil–Sen over {kept.sum()} values of ε and {_DRAWS} tables within the noise of {seeds} seeds{words}"
    return Measured(_RidgeSlope(up, along, np.sort(again), seeds).estimate(), why)


def _theil(up: np.ndarray, along: np.ndarray) -> float:
    low, high = np.triu_indices(len(up), 1)
    return float(np.median((up[high] - up[low]) / (along[high] - along[low])))


def _adam_slope(regime: str, aim: float) -> Row:
    def estimate(evidence: Evidence) -> Measured | str:
        surface = evidence.plane("adam")
        return "needs a surface of adam over alpha and epsilon" if surface is None else _slope(surface, regime)

    return Row(
        f"adam-ridge-{'non-adaptive' if aim else 'adaptive'}",
        "Beyond the transition, Adam's best α grows in proportion to ε"
        if aim
        else "Up to the transition near ε = 1e-3, Adam's best α does not depend on ε",
        "6, Figure 1",
        aim,
        estimate,
        slope_rule(aim),
    )


def slope_rule(aim: float) -> Rule:
    """Holds where a slope of log α against log ε is within `SLOPE_MARGIN` of `aim`."""
    return between(
        aim - SLOPE_MARGIN, aim + SLOPE_MARGIN, "slope of log α against log ε", f"within {SLOPE_MARGIN:g} of {aim:g}"
    )


def _independent(evidence: Evidence) -> Measured | str:
    surface = evidence.plane("avagrad")
    if surface is None:
        return "needs a surface of avagrad over alpha and epsilon"
    far = np.array(surface.space.axis("epsilon").values) > TRANSITION
    if far.sum() < 2:
        return "fewer than two values of ε beyond the transition"
    shares = [variance_shares(scaled(table[:, far], Scale.rank))[0] for table in without_each(surface)]
    why = f"{int(far.sum())} values of ε; {seeds_in_words(len(surface.seeds))}"
    adam = evidence.plane("adam")
    if adam is not None and adam.space == surface.space:
        why += f"; Adam's share there: {variance_shares(scaled(adam.mean[:, far], Scale.rank))[0]:.2f}"
    return Measured(jackknife(shares) if len(shares) > 1 else Estimate(shares[0]), why)


def _transition(evidence: Evidence) -> Measured | str:
    """The ε at which Adam's ridge turns, over the root mean square of √v at the best cells below it."""
    surface = evidence.plane("adam")
    if surface is None:
        return "needs a surface of adam over alpha and epsilon"
    if "rms_sqrt_v" not in surface.extra:
        return "adam's surface does not hold √v: it was trained before these were kept"
    _, inside, left_out = _inner(surface)
    epsilon, alpha = (np.array(surface.space.axis(name).values) for name in ("epsilon", "alpha"))
    regime = epsilon <= TRANSITION, epsilon >= epsilon[-1] / 100
    low, high = (inside & part for part in regime)
    if any(_too_few(inside, part) for part in regime):
        return f"too few ε in one of the regimes{left_out}"

    def of(table: np.ndarray, root: np.ndarray) -> tuple[float, float]:
        best = table.argmin(axis=0)
        turning = np.median(alpha[best][low]) / np.median((alpha[best] / epsilon)[high])
        return float(turning), float(np.nanmedian(root[best, np.arange(len(epsilon))][low]))

    seeds, roots = len(surface.seeds), surface.extra["rms_sqrt_v"]
    each = [roots.mean(axis=-1), *(np.delete(roots, one, -1).mean(-1) for one in range(seeds) if seeds > 1)]
    both = [of(table, root) for table, root in zip(without_each(surface), each, strict=True)]
    ratios = [turning / root for turning, root in both]
    why = f"the ridge turns at ε = {both[0][0]:.2g}, √v is {both[0][1]:.2g}{left_out}; {seeds_in_words(seeds)}"
    known = seeds > 1 and bool(np.isfinite(ratios).all())
    return Measured(jackknife(ratios, log=True) if known else Estimate(ratios[0]), why)


ROWS = (
    _adam_slope("_low", 0.0),
    _adam_slope("_high", 1.0),
    Row(
        "avagrad-independent-of-epsilon",
        "In the non-adaptive regime AvaGrad's performance does not depend on ε",
        "6, Figure 1",
        1.0,
        _independent,
        beyond(INDEPENDENT, DEPENDENT, "share of the ranks' variance that α alone explains, ε > 1e-3"),
    ),
    Row(
        "avagrad-one-alpha",
        "For every ε, AvaGrad's best α is the same",
        "6",
        21.0,
        _one_alpha,
        _one_alpha_rule,
    ),
    Row(
        "transition-at-root-v",
        "Adam's two regimes meet where ε is as large as √v",
        "6",
        1.0,
        _transition,
        between(0.1, 10.0, "ε at which the ridge turns over the root mean square of √v at the best cells below it"),
    ),
)
