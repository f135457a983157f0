"""Anytime curves: how good the best cell found so far is, against what has been spent."""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.replays import Group
from grids.target import Count

RESAMPLES = 1000
_BLOCK = 4_000_000
_FIRST = 1000


def horizon(group: Group, count: Count = Count.trials) -> int:
    """The cost up to which the best cell so far is known of every replay.

    A replay that ended at the surface's lowest value stays there for ever; one that ran out of budget is known up to
    its end only. Where all ended at the lowest value, the longest of them says how far there is anything to see.
    """
    last = group.start[1:] - 1
    ended = group.spent(count)[last]
    short = ended[group.suboptimality[last] > 0]
    return int(short.min() if short.size else ended.max())


def levels(group: Group, first: int, last: int, count: Count = Count.trials) -> np.ndarray:
    """The suboptimality of the best cell so far after `first`, …, `last` trials: float64 `[replays, last - first + 1]`.

    Infinite before a replay's first row. Beyond its end a replay keeps its last value, so a caller who asks past the
    `horizon` sees the best of what the budgets allowed.
    """
    # Each row holds from its own cost to the next row's; the first stretch, before any row, is infinite.
    spent = np.clip(group.spent(count), first, last + 1) - first
    begin, owner_last = group.start[:-1], group.start[1:] - 1
    lengths = np.diff(spent, append=0)
    lengths[owner_last] = last + 1 - first - spent[owner_last]
    lead = spent[begin]
    value = np.insert(group.suboptimality, begin, np.inf)
    times = np.insert(lengths, begin, lead)
    return np.repeat(value, times).reshape(group.repeats, last + 1 - first)


def _blocks(group: Group, last: int, count: Count) -> Iterator[np.ndarray]:
    """`levels` from 1 to `last` in stretches of bounded memory."""
    step = max(1, _BLOCK // group.repeats)
    for first in range(1, last + 1, step):
        yield levels(group, first, min(first + step - 1, last), count)


def mean_curve(group: Group, last: int, count: Count = Count.trials) -> np.ndarray:
    """The mean suboptimality after 1, …, `last` trials: float64 `[last]`."""
    return np.concatenate([block.mean(axis=0) for block in _blocks(group, last, count)])


def quantile_curves(group: Group, last: int, at: Sequence[float], count: Count = Count.trials) -> np.ndarray:
    """Quantiles of the suboptimality after 1, …, `last` trials: float64 `[len(at), last]`.

    Each is a value that some replay had (`inverted_cdf`): between two levels lies no third.
    """
    parts = [np.quantile(block, at, axis=0, method="inverted_cdf") for block in _blocks(group, last, count)]
    return np.concatenate(parts, axis=1)


def mean_interval(
    group: Group,
    last: int,
    rng: np.random.Generator,
    count: Count = Count.trials,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """The bootstrap percentile interval of `mean_curve`, point by point: two float64 `[last]`.

    Of more than 2,000 trials it is calculated at some 2,000, evenly on a log scale beyond the first 1,000, and read off
    straight lines between.

    Whole replays are drawn with replacement; the same draws serve every trial. Infinite before every replay has
    found its first cell, as the mean is.
    """
    at = _sampled(last)
    low, high = np.empty(len(at)), np.empty(len(at))
    repeats, tail = group.repeats, (1 - level) / 2
    drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=resamples) / repeats
    step = max(1, _BLOCK // max(repeats, resamples))
    for start in range(0, len(at), step):
        part = at[start : start + step]
        table = _levels_at(group, part, count)
        begun = np.isfinite(table).all(axis=0)
        # In units of the largest: a product of values near the end of float64 would leave it.
        size = float(np.abs(np.where(begun, table, 0.0)).max()) or 1.0
        means = drawn @ np.where(begun, table / size, 0.0)  # 0 times infinity is no number
        below, above = np.quantile(means, (tail, 1 - tail), axis=0) * size
        low[start : start + step] = np.where(begun, below, np.inf)
        high[start : start + step] = np.where(begun, above, np.inf)
    return _between(at, low, last), _between(at, high, last)


def _between(at: np.ndarray, side: np.ndarray, last: int) -> np.ndarray:
    """`side`, known at the trials `at`, at every trial up to `last`: on straight lines, infinite where it begins so."""
    if len(at) == last:
        return side
    trials, known = np.arange(1, last + 1), np.isfinite(side)
    if not known.any():
        return np.full(last, np.inf)
    return np.where(trials < at[known][0], np.inf, np.interp(trials, at[known], side[known]))


def _sampled(last: int) -> np.ndarray:
    """The trials at which intervals are calculated, int64 ascending: all, or of many the first 1,000 and 1,000 more."""
    if last <= 2 * _FIRST:
        return np.arange(1, last + 1)
    further = np.geomspace(_FIRST, last, _FIRST).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(1, _FIRST + 1), further]))


def _levels_at(group: Group, trials: np.ndarray, count: Count) -> np.ndarray:
    """`levels` after some trials, int64 ascending: float64 `[replays, len(trials)]`."""
    spent = group.spent(count)
    out = np.empty((group.repeats, len(trials)))
    for replay in range(group.repeats):
        rows = slice(group.start[replay], group.start[replay + 1])
        found = np.searchsorted(spent[rows], trials, side="right") - 1
        out[replay] = np.where(found >= 0, group.suboptimality[rows][np.maximum(found, 0)], np.inf)
    return out


def crossing(curve: np.ndarray, level: float) -> int | None:
    """The first trial, from 1, after which a curve `[trials]` is below `level`; None where it never is."""
    below = np.flatnonzero(curve < level)
    return int(below[0]) + 1 if below.size else None
