"""Costs over surfaces drawn without noise: the uncertainty that seeds leave, apart from that of replays."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from analysis.replays import Runtimes


def log_costs(runtimes: Sequence[Runtimes]) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of ERT on each surface and its variance from few replays: float64 `[surfaces]` each.

    Half a hit is added to the hits, which may be none. The variance is that of the ratio Σ time / hits to first order.
    """
    values, variances = [], []
    for one in runtimes:
        hits, spent = one.hits + 0.5, float(one.time.sum())
        rest = one.time / (spent / one.repeats) - one.hit / (hits / one.repeats)
        values.append(math.log(spent / hits))
        variances.append(float(rest.var(ddof=1)) / one.repeats if one.repeats > 1 else 1.0)
    return np.array(values), np.array(variances)


def of_draws(values: np.ndarray, own: np.ndarray) -> tuple[float, float, float]:
    """The mean of a number over surfaces, the standard error that seeds leave in it, and that of replays.

    The spread over surfaces less what their replays add is what the seeds leave open (DerSimonian and Laird 1986). It
    is taken for half of the standard error of the spread at least, since few surfaces do not tell it better.

    Args:
        values: the number on each surface, float64 `[surfaces]`.
        own: the variance of each from replays, float64 `[surfaces]`.
    """
    total = float(values.var(ddof=1))
    between = max(total - float(own.mean()), 0.5 * math.sqrt(2 / (len(values) - 1)) * total if own.any() else 0.0)
    return float(values.mean()), math.sqrt(between), math.sqrt(total / len(values))


def freedom(seeds: int) -> float:
    """Degrees of freedom of costs over draws: 2(seeds − 1), by simulation.

    The draws take the noise that the seeds show for the true one; on surfaces of known truth with the noise of shipped
    ones, intervals with this many cover 93 to 99 %.
    """
    return 2.0 * (seeds - 1)


def parts(runtimes: Runtimes, draws: int) -> list[Runtimes]:
    """The runtimes on each of the surfaces over which replays are spread in equal parts."""
    times, hits = np.array_split(runtimes.time, draws), np.array_split(runtimes.hit, draws)
    return [Runtimes(time, hit) for time, hit in zip(times, hits, strict=True)]


def ert_over_seeds(runtimes: Runtimes, draws: int, seeds: int) -> tuple[float, float, float]:
    """ERT on surfaces without noise, the geometric mean over them, and its 95 % interval over seeds; NaN without a hit.

    Args:
        runtimes: spread over `draws` surfaces.
        draws: how many.
        seeds: that support them.
    """
    if not runtimes.hits:
        return math.nan, math.nan, math.nan
    mean, error, fixed = of_draws(*log_costs(parts(runtimes, draws)))
    half = math.hypot(float(stats.t.isf(0.025, freedom(seeds))) * error, float(stats.norm.isf(0.025)) * fixed)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)
