"""The uncertainty of numbers measured on few seeds: Student's t, subsets with the lowest cell, censored numbers."""

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from analysis.claims.finding import TAIL, Estimate, Uncertainty
from grids.metric import resolution
from grids.surface import Surface

_FUTURES = 81


@dataclass(frozen=True)
class Student:
    """A number whose error follows Student's t.

    Args:
        value: the number, or its logarithm.
        error: its standard error.
        seeds: behind it.
        freedom: degrees of freedom with a number of seeds.
        log: whether `value` is a logarithm.
        fixed: a further standard error that more seeds do not reduce.
    """

    value: float
    error: float
    seeds: int
    freedom: Callable[[int], float]
    log: bool = False
    fixed: float = 0.0

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`."""
        return self._estimate(self.value, self.error, self.freedom(self.seeds), tail)

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`: the mean of all seeds lies around today's as far as today's error less its own allows."""
        share = self.seeds / seeds
        away = stats.t.ppf((np.arange(_FUTURES) + 0.5) / _FUTURES, self.freedom(self.seeds))
        centres = self.value + math.sqrt(1 - share) * self.error * away
        error = self.error * math.sqrt(share)
        return [self._estimate(float(one), error, self.freedom(seeds), TAIL) for one in centres]

    def _estimate(self, value: float, error: float, freedom: float, tail: float) -> Estimate:
        half = math.hypot(_quantile(tail, freedom) * error, _quantile(tail, math.inf) * self.fixed)
        ends = value, value - half, value + half
        number, low, high = (_exp(one) if self.log else one for one in ends)
        return Estimate(number, low, high, self)


@functools.cache
def _quantile(tail: float, freedom: float) -> float:
    return float(stats.t.isf(tail, freedom) if math.isfinite(freedom) else stats.norm.isf(tail))


def _exp(power: float) -> float:
    return math.exp(min(power, 700.0))


def of_seeds(values: "Sequence[float] | np.ndarray", log: bool = False) -> Estimate:
    """The mean of one number for each seed with Student's interval; without an interval for one seed.

    Args:
        values: one for each seed, two or more; above 0 where `log`.
        log: whether to average logarithms.
    """
    numbers = np.log(values) if log else np.asarray(values, np.float64)
    seeds = len(numbers)
    mean, error = float(numbers.mean()), float(numbers.std(ddof=1)) / math.sqrt(seeds)
    return Student(mean, error, seeds, lambda many: many - 1.0, log).estimate()


def jackknife(values: "Sequence[float] | np.ndarray", log: bool = False) -> Estimate:
    """A statistic of the mean over seeds, from its jackknife pseudo-values (Tukey 1958).

    Args:
        values: the statistic with all seeds, then without each one; above 0 where `log`.
        log: whether to take its logarithm.
    """
    numbers = np.log(values) if log else np.asarray(values, np.float64)
    seeds = len(numbers) - 1
    pseudo = seeds * numbers[0] - (seeds - 1) * numbers[1:]
    return of_seeds(np.exp(pseudo) if log else pseudo, log)


def without_each(surface: Surface) -> list[np.ndarray]:
    """The mean over all seeds, then without each one: float64 `[*shape]` each; of one seed that alone."""
    seeds = len(surface.seeds)
    return [surface.mean, *(np.delete(surface.finite, one, -1).mean(-1) for one in range(seeds) if seeds > 1)]


@dataclass(frozen=True)
class Censored:
    """A number of which only one side is known, since a best cell lies at the edge of its grid.

    Args:
        source: the number as it is.
        low, high: whether it may be lower, or higher.
    """

    source: Uncertainty
    low: bool
    high: bool

    @property
    def seeds(self) -> int:
        """Of the number."""
        return self.source.seeds

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`."""
        return self._open(self.source.estimate(tail))

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`."""
        return [self._open(one) for one in self.source.futures(seeds)]

    def _open(self, one: Estimate) -> Estimate:
        low, high = -math.inf if self.low else one.low, math.inf if self.high else one.high
        return replace(one, low=low, high=high, source=self)


@dataclass(frozen=True)
class Noise:
    """The random part of the values of good cells.

    Args:
        deviation: the standard deviation of one seed's value, or of the part of it that differs between the cells of a
            surface.
        freedom: its degrees of freedom.
        seeds: the number of seeds of which a cell's value is the mean.
        step: the change of a value by one validation example; 0 where unknown.
        source: where the deviation comes from, in words.
        rivals: of how many cells besides itself the lowest was picked.
    """

    deviation: float
    freedom: float
    seeds: int
    step: float
    source: str
    rivals: int = 1

    def margin(self, tail: float = TAIL, seeds: int | None = None) -> float:
        """How far above the lowest mean the truly lowest cell may be, with a probability of 1 − `tail`.

        It is at least one validation example, over all seeds.
        """
        seeds = self.seeds if seeds is None else seeds
        quantile = subset_quantile(self.rivals, self.freedom, tail)
        return max(quantile * self.deviation * math.sqrt(2 / seeds), self.step / seeds)


@functools.cache
def subset_quantile(rivals: int, freedom: float, tail: float = 0.05) -> float:
    """Gupta's constant: how many standard errors of a difference above the lowest mean the truly lowest one may be.

    With a probability of 1 − `tail`, in the hardest case, in which all are equal: the one-sided quantile of Dunnett's
    comparisons with a control (Gupta 1965, On some multiple decision rules).

    Args:
        rivals: the number of means besides the one in question, 1 or more.
        freedom: degrees of freedom of the standard error; may be infinite.
        tail: the probability of more.

    >>> round(subset_quantile(1, math.inf), 3), round(subset_quantile(5, 20), 2)
    (1.645, 2.39)
    """
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    shares = (np.arange(100) + 0.5) / 100
    scale = np.sqrt(stats.chi2.ppf(shares, freedom) / freedom) if math.isfinite(freedom) else np.ones(1)

    def excess(quantile: float) -> float:
        kept = special.ndtr(points + math.sqrt(2) * quantile * scale[:, None]) ** rivals
        return float((kept @ weights).mean() / math.sqrt(2 * math.pi)) - (1 - tail)

    return float(optimize.brentq(excess, -100.0, 1000.0))


def noise_of_values(surfaces: Iterable[Surface]) -> tuple[float, float, int] | None:
    """The standard deviation of one seed's value in good cells, its degrees of freedom, and of how many surfaces.

    It is the root mean square over all surfaces with several seeds, weighted by their degrees of freedom, of which a
    surface has one fewer than seeds: a seed moves all of its good cells together. None where no surface has two seeds.
    """
    several = [surface for surface in surfaces if len(surface.seeds) > 1]
    if not several:
        return None
    weights = np.array([len(surface.seeds) - 1.0 for surface in several])
    deviations = np.array([_typical(_good(surface)) for surface in several])
    return float(np.sqrt(np.average(deviations**2, weights=weights))), float(weights.sum()), len(several)


def noise_within(surface: Surface, others: Iterable[Surface] = ()) -> Noise | None:
    """The noise between the lowest cell of a surface and its other good cells, which share their seeds.

    A seed with lucky initial weights lowers all good cells together, which says nothing of their difference. The
    deviation is therefore that of the residuals of value = cell + seed + residual, an analysis of variance in two ways
    without replication. The lowest cell is picked by its value among the good ones, for which the margin allows
    (`Noise.rivals`).

    Args:
        surface: the surface of the cells.
        others: surfaces of the same task; where the surface has one seed, the noise is that of those with several.

    Returns:
        The noise; None where no surface has two seeds.
    """
    step, seeds, rivals = resolution(surface.provenance) or 0.0, len(surface.seeds), max(len(_good(surface)) - 1, 1)
    if seeds > 1:
        deviation, freedom = _residual(surface)
        return Noise(deviation, freedom, seeds, step, f"residuals of {seeds} seeds", rivals)
    lenders = [one for one in others if len(one.seeds) > 1]
    if not lenders:
        return None
    deviations, freedoms = np.array([_residual(one) for one in lenders]).T
    deviation = float(np.sqrt(np.average(deviations**2, weights=freedoms)))
    source = f"one seed; residuals of the seeds of {_names(lenders)}"
    return Noise(deviation, float(freedoms.sum()), 1, step, source, rivals)


def _names(surfaces: Sequence[Surface]) -> str:
    names = [surface.provenance.optimizer for surface in surfaces]
    return ", ".join(names) if len(names) < 4 else f"{len(names)} optimizers"


def _residual(surface: Surface) -> tuple[float, float]:
    """The typical deviation of the residuals in good cells, and its degrees of freedom."""
    good = _good(surface)
    cells, seeds = good.shape
    if cells < 2:
        return _typical(good), float(seeds - 1)
    deviation = _typical((good - good.mean(axis=0)) * math.sqrt(cells / (cells - 1)))
    return (deviation or _typical(good)), float((cells - 1) * (seeds - 1))


def _good(surface: Surface) -> np.ndarray:
    """The values of the best tenth of the cells: float64 `[cells, seeds]`."""
    return surface.finite[surface.mean <= np.quantile(surface.mean, 0.1)]


def _typical(values: np.ndarray) -> float:
    """The standard deviation over seeds of which the median cell tells: `values` are `[cells, seeds]`.

    A mean would be dominated by single cells with a huge variance.
    """
    freedom = values.shape[1] - 1
    # For normal values, the median of a sample variance is below the variance by a known factor.
    return math.sqrt(float(np.median(values.var(axis=-1, ddof=1))) * freedom / float(stats.chi2.median(freedom)))


def seeds_in_words(seeds: int) -> str:
    """The kind of interval of `of_seeds` and `jackknife`, in words."""
    return f"interval: over {seeds} seeds" if seeds > 1 else "one seed, whose noise is not known"
