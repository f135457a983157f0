"""Kaplan–Meier estimates of a runtime's distribution, from replays of which some are censored at their budget.

A replay that ended at trial t without a hit counts as at risk at t, and no longer after it (Kaplan and Meier 1958).
`scipy.stats.ecdf` does the same, but importing it takes longer than computing a whole cost table. Without censoring,
these are the ordinary sample mean and sample quantiles.
"""

from collections.abc import Sequence

import numpy as np

from analysis.replays import Runtimes

_ROUNDING = 1e-12


def survival(runtimes: Runtimes) -> tuple[np.ndarray, np.ndarray]:
    """S(t) = P(runtime > t): the ascending times at which replays hit or ended, and S there; float64 `[times]` each."""
    times, index, watched = np.unique(runtimes.time, return_inverse=True, return_counts=True)
    hits = np.bincount(index, weights=runtimes.hit, minlength=len(times))
    if runtimes.hit.all():
        return times.astype(np.float64), 1.0 - np.cumsum(hits) / runtimes.repeats  # without the rounding of a product
    risk = runtimes.repeats - np.cumsum(watched) + watched
    return times.astype(np.float64), np.cumprod((risk - hits) / risk)


def restricted_mean(runtimes: Runtimes) -> float:
    """The mean of min(runtime, longest replay): the area under S up to the last time in the replays.

    It is at most the mean, and equals it where S falls to zero (Irwin 1949).
    """
    if runtimes.hit.all():
        return float(runtimes.time.mean())  # equal, with less rounding
    times, alive = survival(runtimes)
    widths = np.diff(times, prepend=0.0)
    return float(np.sum(widths * np.concatenate(([1.0], alive[:-1]))))


def mean(runtimes: Runtimes) -> float:
    """The mean runtime: the area under S where S falls to zero; NaN otherwise.

    If the longest replay is censored, S does not fall to zero, and the area up to there (`restricted_mean`) depends on
    the budget. `ert` does not need the tail of S.
    """
    _, alive = survival(runtimes)
    return restricted_mean(runtimes) if alive[-1] <= _ROUNDING else float("nan")


def quantiles(runtimes: Runtimes, levels: Sequence[float]) -> list[float]:
    """The runtime's quantiles at `levels`; NaN where 1 - S does not reach the level.

    The q-quantile is the first time with 1 - S >= q. Where 1 - S equals q from one hit to the next, it is the mean of
    the two, as in numpy's `averaged_inverted_cdf` and R's `survfit`, so that an even number of uncensored replays has
    the usual median. Without a later hit it is the first of the two.
    """
    times, alive = survival(runtimes)
    return [_quantile(times, 1.0 - alive, level) for level in levels]


def _quantile(times: np.ndarray, done: np.ndarray, level: float) -> float:
    at_least = np.flatnonzero(done >= level - _ROUNDING)
    if not at_least.size:
        return float("nan")
    first = int(at_least[0])
    later = np.flatnonzero(done > done[first] + _ROUNDING)
    if done[first] <= level + _ROUNDING and later.size:
        return float(times[first] + times[later[0]]) / 2
    return float(times[first])
