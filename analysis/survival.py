"""Kaplan–Meier: the law of a runtime, read off replays of which some are censored at their budget.

A replay that ended at trial t without a hit was watched at t, so it counts as at risk there and leaves just after
(Kaplan and Meier 1958). `scipy.stats.ecdf` does the same, but takes longer to import than a whole cost table. Where
nothing is censored all of this is the ordinary sample mean and sample quantile.
"""

from collections.abc import Sequence

import numpy as np

from analysis.replays import Runtimes

_ROUNDING = 1e-12


def survival(runtimes: Runtimes) -> tuple[np.ndarray, np.ndarray]:
    """S(t) = P(runtime > t): the times where replays hit or ended, ascending, and S there, float64 `[times]`."""
    times, index, watched = np.unique(runtimes.time, return_inverse=True, return_counts=True)
    hits = np.bincount(index, weights=runtimes.hit, minlength=len(times))
    if runtimes.hit.all():
        return times.astype(np.float64), 1.0 - np.cumsum(hits) / runtimes.repeats  # without the rounding of a product
    risk = runtimes.repeats - np.cumsum(watched) + watched
    return times.astype(np.float64), np.cumprod((risk - hits) / risk)


def restricted_mean(runtimes: Runtimes) -> float:
    """The mean of min(runtime, longest replay): the area under S up to the last time at which a replay was watched.

    Never above the mean, and the mean itself where S falls to zero (Irwin 1949).
    """
    if runtimes.hit.all():
        return float(runtimes.time.mean())  # the same, without the rounding of a sum of shares
    times, alive = survival(runtimes)
    widths = np.diff(times, prepend=0.0)
    return float(np.sum(widths * np.concatenate(([1.0], alive[:-1]))))


def mean(runtimes: Runtimes) -> float:
    """The area under S, where S falls to zero; NaN otherwise.

    If the longest replay is censored, S never falls to zero and its tail is unknown: any number would be an answer
    about the budget rather than the searcher. `restricted_mean` is that number, and `ert` the one that needs no tail.
    """
    _, alive = survival(runtimes)
    return restricted_mean(runtimes) if alive[-1] <= _ROUNDING else float("nan")


def quantiles(runtimes: Runtimes, levels: Sequence[float]) -> list[float]:
    """The runtime's quantiles at `levels`, NaN where fewer replays than that are known to have hit.

    The q-quantile is the first time with 1 - S >= q. Where 1 - S equals q from one hit to the next, it is the
    middle of the two, so that an even number of uncensored replays has the median that everyone expects
    (numpy's `averaged_inverted_cdf`; R's `survfit` does the same). Where no later hit is known, it is the first.
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
