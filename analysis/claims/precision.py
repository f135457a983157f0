"""The uncertainty of numbers measured on few seeds, and the number of seeds that would reduce it."""

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

from analysis.claims.finding import Estimate
from grids.metric import binomial_deviation, resolution, validation_size
from grids.surface import Surface

GROUPS = 5
"""Largest number of parts of the seeds that are left out in turn: each costs further searches."""

_LEVEL, _TAIL = 0.95, 0.975
_NORMAL = float(stats.norm.ppf(_TAIL))


def seed_parts(seeds: int) -> list[list[int]]:
    """Indices of seeds: first all, then all but one, each left out in turn (all but a fifth of more than 5 seeds).

    With one seed, only that one.

    >>> seed_parts(3)
    [[0, 1, 2], [1, 2], [0, 2], [0, 1]]
    """
    every = list(range(seeds))
    left_out = np.array_split(every, min(seeds, GROUPS)) if seeds > 1 else []
    return [every, *([one for one in every if one not in part] for part in left_out)]


def tables(surface: Surface) -> list[np.ndarray]:
    """The mean over the seeds of each of `seed_parts`: float64 `[*shape]` each."""
    return [surface.mean, *(surface.finite[..., part].mean(axis=-1) for part in seed_parts(len(surface.seeds))[1:])]


def over_tables(surface: Surface, measure: Callable[[np.ndarray], float]) -> Estimate:
    """`measure` of the mean table, with an interval over seeds where there are several."""
    return jackknife([measure(table) for table in tables(surface)], len(surface.seeds))


def jackknife(
    values: "Sequence[float] | np.ndarray",
    seeds: int,
    *,
    ratio: bool = False,
    other: float = 0.0,
    of_others: float = 0.0,
) -> Estimate:
    """A statistic of means over seeds with a 95 % jackknife interval, which leaves out each of g parts of the seeds.

    Half its width is Student's t of g − 1 degrees of freedom times the standard error of the jackknife,
    error² = (g − 1)/g · Σ (θ₋ₖ − mean θ₋)² (Efron & Stein 1981, equation 1.6).

    Args:
        values: the statistic with all seeds, then without each part, in the order of `tables`.
        seeds: the number of seeds.
        ratio: whether errors multiply and the statistic is above 0; the interval is then that of its logarithm.
        other: a further standard error of the first value, from replays, on the same scale.
        of_others: the same for each other value; what it adds to the jackknife is subtracted.

    Returns:
        The estimate; without an interval where there is one value and no other error. Where a value is not finite (or
        not above 0, as a ratio) the interval is the range of all.
    """
    first, left_out = float(values[0]), np.asarray(values[1:], dtype=np.float64)
    parts = len(left_out)
    if not parts and not other:
        return Estimate(first)
    if not np.isfinite(values).all() or (ratio and min(values) <= 0):
        known = np.asarray(values)[~np.isnan(values)]
        return Estimate(first, float(known.min()), float(known.max())) if known.size else Estimate(first)
    scaled = np.log(left_out) if ratio else left_out
    squares = (parts - 1) / parts * float(((scaled - scaled.mean()) ** 2).sum()) if parts else 0.0
    squares = max(squares - (parts - 1) ** 2 / parts * of_others**2, 0.0) if parts else 0.0

    def with_seeds(now: int) -> Estimate:
        freedom = min(now, GROUPS) - 1
        of_seeds = float(stats.t.ppf(_TAIL, freedom)) * math.sqrt(squares * seeds / now) if squares else 0.0
        half = math.hypot(of_seeds, _NORMAL * other)
        if ratio:
            return Estimate(first, first * math.exp(-half), first * math.exp(half))
        return Estimate(first, first - half, first + half)

    now = with_seeds(max(seeds, 2))
    return Estimate(now.value, now.low, now.high, seeds, with_seeds if squares else None)


@functools.cache
def subset_quantile(rivals: int, freedom: float) -> float:
    """Gupta's constant: in how many standard errors of the lowest mean the truly lowest one has a 95 % chance to be.

    The standard error is that of a difference of two means, and the case the hardest one, in which all are equal. It
    is the one-sided quantile of Dunnett's comparisons with a control (Gupta 1965, On some multiple decision rules).

    Args:
        rivals: the number of means besides the one in question, 1 or more.
        freedom: degrees of freedom of the standard error; may be infinite.

    >>> round(subset_quantile(1, math.inf), 3), round(subset_quantile(5, 20), 2)
    (1.645, 2.39)
    """
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    shares = (np.arange(400) + 0.5) / 400
    scale = np.sqrt(stats.chi2.ppf(shares, freedom) / freedom) if math.isfinite(freedom) else np.ones(1)

    def excess(quantile: float) -> float:
        kept = stats.norm.cdf(points + math.sqrt(2) * quantile * scale[:, None]) ** rivals
        return float((kept @ weights).mean() / math.sqrt(2 * math.pi)) - _LEVEL

    return float(optimize.brentq(excess, 0.0, 100.0))


@dataclass(frozen=True)
class Noise:
    """The random part of the difference of two good cells' values.

    Args:
        deviation: the standard deviation of one seed's value, or of the part of it that differs between the cells of a
            surface; 0 where unknown.
        freedom: its degrees of freedom; infinite where it follows from a distribution.
        seeds: the number of seeds of which a cell's value is the mean.
        step: the change of a value by one validation example; 0 where unknown.
        source: where the deviation comes from, in words.
        rivals: of how many cells besides itself the lowest was picked; 0 for two cells that were picked beforehand.
    """

    deviation: float
    freedom: float
    seeds: int
    step: float
    source: str
    rivals: int = 0

    @property
    def margin(self) -> float:
        """The difference that chance exceeds with a probability of 5 %.

        With `rivals`, how far above the lowest value the cell that is truly the lowest may be found, with a
        probability of 95 % (`subset_quantile`).
        """
        return self.with_seeds(self.seeds)

    def with_seeds(self, seeds: int) -> float:
        """`margin` for another number of seeds; it is at least one validation example, over all seeds."""
        if self.rivals:
            quantile = subset_quantile(self.rivals, self.freedom)
        else:
            quantile = float(stats.t.ppf(_TAIL, self.freedom)) if math.isfinite(self.freedom) else _NORMAL
        return max(quantile * self.deviation * math.sqrt(2 / seeds), self.step / seeds if self.deviation else 0.0)


class _Spread(NamedTuple):
    """A standard deviation over seeds, its degrees of freedom, and what it is called."""

    deviation: float
    freedom: float
    words: str


def noise(
    surface: Surface, others: Iterable[Surface] = (), value: float | None = None, seeds: int | None = None
) -> Noise:
    """The noise between cells of two surfaces with values near `value`, by default the surface's lowest.

    All cells are evaluated on the same examples, so the noise comes from the seed: initial weights and the order of the
    data. Its standard deviation is estimated from the surface's own seeds. With one seed, it is estimated from those of
    `others`, or from the binomial law of the validation examples, whichever is larger. That law treats two cells'
    errors as independent: it may overstate the noise of examples, and ignores that of training.

    Args:
        surface: the surface of the cells.
        others: surfaces of the same task, some of them with several seeds.
        value: of the cells; far from the lowest value, the binomial law may exceed the deviation over seeds.
        seeds: the number of seeds of a cell, where not all of the surface's.
    """
    return _noise(surface, others, _of_seeds, value, seeds)


def noise_within(surface: Surface, others: Iterable[Surface] = ()) -> Noise:
    """The noise between the lowest cell of a surface and its other good cells, which share their seeds.

    A seed with lucky initial weights lowers all good cells together, which says nothing of their difference. The
    deviation is therefore that of the residuals of value = cell + seed + residual, an analysis of variance in two ways
    without replication. The lowest cell is picked by its value among the good ones, and the margin allows for that
    (`Noise.rivals`). All else is as in `noise`.

    Args:
        surface: the surface of the cells.
        others: surfaces of the same task, some of them with several seeds.
    """
    return replace(_noise(surface, others, _of_pairs, None, None), rivals=max(len(_good(surface)) - 1, 1))


def _noise(
    surface: Surface,
    others: Iterable[Surface],
    spread_of: Callable[[Surface], _Spread | None],
    value: float | None,
    seeds: int | None,
) -> Noise:
    step = resolution(surface.provenance) or 0.0
    own, count = spread_of(surface), len(surface.seeds) if seeds is None else seeds
    law = binomial_deviation(surface.provenance, float(surface.mean.min()) if value is None else value)
    if own is not None and (value is None or own.deviation >= (law or 0.0)):
        return Noise(own.deviation, own.freedom, count, step, f"{own.words} of {len(surface.seeds)} seeds")
    known = [found for found in map(spread_of, others) if found is not None]
    freedom = sum(one.freedom for one in known)
    borrowed = math.sqrt(sum(one.freedom * one.deviation**2 for one in known) / freedom) if freedom else 0.0
    if borrowed and borrowed >= (law or 0.0):
        lenders = f"{len(known)} optimizer{'s' * (len(known) > 1)}"
        return Noise(borrowed, freedom, count, step, f"one seed; the {known[0].words} of seeds of {lenders}")
    if law is None:
        return Noise(0.0, math.inf, count, step, "one seed, noise unknown")
    return Noise(law, math.inf, count, step, f"one seed, {validation_size(surface.provenance)} validation examples")


def _of_seeds(surface: Surface) -> _Spread | None:
    """The standard deviation of a seed's value in the best tenth of the cells.

    It comes from the median variance, since single cells with a huge variance would dominate a mean. None with one
    seed.
    """
    if len(surface.seeds) < 2:
        return None
    good = _good(surface)
    return _Spread(_typical_deviation(good), float(good.shape[0] * (good.shape[1] - 1)), "spread")


def _of_pairs(surface: Surface) -> _Spread | None:
    """As `_of_seeds`, without what a seed does to all of these cells alike; the same where they do not differ in it."""
    good = _good(surface)
    cells, seeds = good.shape
    if seeds > 1 and cells > 1:
        deviation = _typical_deviation((good - good.mean(axis=0)) * math.sqrt(cells / (cells - 1)))
        if deviation > 0:
            return _Spread(deviation, float((cells - 1) * (seeds - 1)), "paired spread")
    return _of_seeds(surface)


def _good(surface: Surface) -> np.ndarray:
    """The values of the best tenth of the cells: float64 `[cells, seeds]`."""
    return surface.finite[surface.mean <= np.quantile(surface.mean, 0.1)]


def _typical_deviation(values: np.ndarray) -> float:
    """The standard deviation over seeds of which the median cell tells: `values` are `[cells, seeds]`."""
    freedom = values.shape[1] - 1
    # For normal values, the median of a sample variance is below the variance by a known factor.
    return math.sqrt(float(np.median(values.var(axis=-1, ddof=1))) * freedom / float(stats.chi2.median(freedom)))


def seeds_in_words(surface: Surface) -> str:
    """The kind of interval of `over_tables`, in words."""
    seeds = len(surface.seeds)
    return f"interval: over {seeds} seeds" if seeds > 1 else "one seed: its own noise is not in this"
