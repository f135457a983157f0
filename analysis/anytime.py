"""Anytime curves: how good the best cell found so far is, against what has been spent."""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.replays import Group
from grids.target import Count

RESAMPLES = 1000
_BLOCK = 4_000_000


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

    Whole replays are drawn with replacement; the same draws serve every trial. Infinite before every replay has
    found its first cell, as the mean is.
    """
    repeats = group.repeats
    means = np.empty((resamples, last), np.float32)
    table = np.concatenate(list(_blocks(group, last, count)), axis=1)
    begun = np.isfinite(table).all(axis=0)
    table = np.where(begun, table, 0.0)  # 0 times infinity is no number
    step = max(1, _BLOCK // repeats)
    for low in range(0, resamples, step):
        drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=min(step, resamples - low))
        means[low : low + len(drawn)] = (drawn / repeats) @ table
    tail = (1 - level) / 2
    below, above = np.quantile(means, (tail, 1 - tail), axis=0)
    return np.where(begun, below, np.inf), np.where(begun, above, np.inf)


def crossing(curve: np.ndarray, level: float) -> int | None:
    """The first trial, from 1, after which a curve `[trials]` is below `level`; None where it never is."""
    below = np.flatnonzero(curve < level)
    return int(below[0]) + 1 if below.size else None
