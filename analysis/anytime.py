"""Anytime curves: the suboptimality of the best cell found so far as a function of the cost spent."""

from collections.abc import Iterator

import numpy as np

from analysis.replays import Group
from grids.target import Count

RESAMPLES = 1000
BLOCK = 4_000_000
"""Numbers of a table of replays and costs that are held at a time."""
_FIRST = 1000


def horizon(group: Group, count: Count = Count.trials) -> float:
    """The cost up to which every replay's best cell is known, in the unit of `count`.

    A replay that ended at the surface's lowest value keeps it from then on; one that ran out of budget is known only up
    to its end. Where all ended at the lowest value, this is the end of the longest.
    """
    ended = group.spent(count)[group.start[1:] - 1]
    short = ended[~group.arrived]
    return (short.min() if short.size else ended.max()).item()


def grid(group: Group, last: float, count: Count = Count.trials) -> np.ndarray:
    """The costs at which curves are evaluated, ascending `[costs]`: 1, 2, … `last` trials or distinct cells.

    For epochs and time, the costs at which some replay improved; of more than 4,000 of them, the first 1,000 and 1,000
    more, evenly spaced on a log scale.
    """
    if count in (Count.trials, Count.unique):
        return np.arange(1, int(last) + 1)
    spent = group.spent(count)
    found = np.unique(np.append(spent[spent <= last], last))
    return found if len(found) <= 4 * _FIRST else found[_sampled(len(found)) - 1]


def levels(group: Group, at: np.ndarray, count: Count = Count.trials) -> np.ndarray:
    """The suboptimality of the best cell so far at costs `at`, ascending `[costs]`: float64 `[replays, costs]`.

    Infinite before a replay's first row. Beyond its end a replay keeps its last value.
    """
    # Each row's value lasts from its cost to the next row's; before the first row it is infinite.
    begin, owner_last = group.start[:-1], group.start[1:] - 1
    spent = np.searchsorted(at, group.spent(count))
    lengths = np.diff(spent, append=0)
    lengths[owner_last] = len(at) - spent[owner_last]
    lead = spent[begin]
    value = np.insert(group.suboptimality, begin, np.inf)
    times = np.insert(lengths, begin, lead)
    return np.repeat(value, times).reshape(group.repeats, len(at))


def _blocks(group: Group, at: np.ndarray, count: Count) -> Iterator[np.ndarray]:
    """`levels` at `at`, in blocks of bounded memory."""
    step = max(1, BLOCK // group.repeats)
    for first in range(0, len(at), step):
        yield levels(group, at[first : first + step], count)


def mean_curve(group: Group, last: float, count: Count = Count.trials) -> np.ndarray:
    """The mean suboptimality at each cost of `grid`: float64 `[costs]`."""
    return np.concatenate([block.mean(axis=0) for block in _blocks(group, grid(group, last, count), count)])


def mean_interval(
    group: Group,
    last: float,
    rng: np.random.Generator,
    count: Count = Count.trials,
    resamples: int = RESAMPLES,
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % bootstrap percentile interval of `mean_curve`, point by point: two float64 `[costs]`.

    For more than 2,000 costs it is calculated at about 2,000 of them, evenly spaced on a log scale beyond the first
    1,000, and interpolated linearly between.

    Whole replays are drawn with replacement, the same ones for every cost. Infinite, as the mean is, until every replay
    has found its first cell.

    Args:
        group: the replays.
        last: the largest cost.
        rng: draws the resamples.
        count: the kind of cost.
        resamples: how many.
    """
    costs = grid(group, last, count)
    places = _sampled(len(costs)) - 1
    at = costs[places]
    low, high = np.empty(len(at)), np.empty(len(at))
    repeats = group.repeats
    drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=resamples) / repeats
    step = max(1, BLOCK // max(repeats, resamples))
    for start in range(0, len(at), step):
        part = at[start : start + step]
        table = levels(group, part, count)
        begun = np.isfinite(table).all(axis=0)
        # In units of the largest value, so that products of very large values do not overflow.
        size = float(np.abs(np.where(begun, table, 0.0)).max()) or 1.0
        means = drawn @ np.where(begun, table / size, 0.0)  # 0 times infinity is NaN
        below, above = np.quantile(means, (0.025, 0.975), axis=0) * size
        low[start : start + step] = np.where(begun, below, np.inf)
        high[start : start + step] = np.where(begun, above, np.inf)
    return _between(at, low, costs), _between(at, high, costs)


def _between(at: np.ndarray, side: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """`side`, known at the costs `at`, interpolated linearly at all `costs`; infinite where it starts infinite."""
    if len(at) == len(costs):
        return side
    known = np.isfinite(side)
    if not known.any():
        return np.full(len(costs), np.inf)
    return np.where(costs < at[known][0], np.inf, np.interp(costs, at[known], side[known]))


def _sampled(last: int) -> np.ndarray:
    """The trials at which intervals are calculated, int64 ascending: all, or the first 1,000 and 1,000 more of many."""
    if last <= 2 * _FIRST:
        return np.arange(1, last + 1)
    further = np.geomspace(_FIRST, last, _FIRST).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(1, _FIRST + 1), further]))


def crossing(curve: np.ndarray, level: float, costs: np.ndarray | None = None) -> float | None:
    """The first cost after which a curve is below `level`; None where it never is.

    Args:
        curve: float64 `[costs]`.
        costs: of the curve's points, ascending; 1, 2, … where not given.
    """
    below = np.flatnonzero(curve < level)
    if not below.size:
        return None
    return int(below[0]) + 1 if costs is None else costs[below[0]].item()
