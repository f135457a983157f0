"""pycma's stopping rules (`_CMAStopDict`) at its default thresholds, compiled; and which states only pycma handles."""

import math
from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.searchers.cmaes.constants import Constants
from tuning.searchers.cmaes.strategy import State

TOLFUN, TOLFUNHIST, TOLX, TOLFACUPX = 1e-11, 1e-12, 1e-11, 1e3
"""Thresholds of the rules of these names."""

SHIFT, STILL, STILL_SHARE = 1e-9, 20.0, 0.1
"""`tolxstagnation`: the distance that the mean must move within `STILL` + `STILL_SHARE` · generation generations."""

EVERY = 5
"""The best value and the median of every `EVERY`th generation are added to the long history."""


class History(NamedTuple):
    """The values of one strategy that the rules use.

    Args:
        values: float64 `[size]`, the values of the latest generation, ascending.
        best: float64 `[memory]`, the best values of the latest generations, a ring buffer.
        long_best, long_median: float64, the best value and the median of every fifth generation, the earliest first.
        anchor: float64 `[axes]`, the mean when it last moved.
        moved: int64 `[1]`, the generation in which it last moved.
        flat: int64 `[1]`, the number of latest generations whose better three quarters were equal.
        lowest: float64 `[1]`, the best value so far.
        found: int64 `[1]`, the number of the evaluation with the best value.
    """

    values: np.ndarray
    best: np.ndarray
    long_best: np.ndarray
    long_median: np.ndarray
    anchor: np.ndarray
    moved: np.ndarray
    flat: np.ndarray
    lowest: np.ndarray
    found: np.ndarray


@compiled
def new_history(constants: Constants) -> History:
    """An uninitialised history."""
    most = int(constants.max_generations) // EVERY + 2
    return History(
        np.empty(constants.size),
        np.empty(constants.memory),
        np.empty(most),
        np.empty(most),
        np.empty(constants.axes),
        np.empty(1, np.int64),
        np.empty(1, np.int64),
        np.empty(1),
        np.empty(1, np.int64),
    )


@compiled
def reset_history(history: History, mean: np.ndarray) -> None:
    """Reset the history for a new start at `mean`."""
    history.anchor[:] = mean
    history.moved[0], history.flat[0] = 0, 0
    history.lowest[0], history.found[0] = math.inf, 0


@compiled
def add_generation(
    constants: Constants, history: History, values: np.ndarray, order: np.ndarray, generation: int
) -> None:
    """Add a generation's values, in the order in which they were told; generations count from 1."""
    size = constants.size
    first = 0
    for place in range(size):
        history.values[place] = values[order[place]]
        if values[place] < values[first]:
            first = place
    if values[first] < history.lowest[0]:
        history.lowest[0] = values[first]
        history.found[0] = (generation - 1) * size + first + 1
    history.best[(generation - 1) % constants.memory] = history.values[0]
    if generation % EVERY == 0:
        middle, place = size // 2, generation // EVERY - 1
        median = history.values[middle]
        if size % 2 == 0:
            median = (history.values[middle - 1] + history.values[middle]) / 2.0
        history.long_best[place], history.long_median[place] = history.values[0], median


@compiled
def track_mean(history: History, mean: np.ndarray, generation: int) -> None:
    """Update `anchor` and `moved` if the mean has moved far enough."""
    late = (generation - history.moved[0]) / (STILL + STILL_SHARE * generation)
    squared = ((history.anchor - mean) ** 2).sum()
    if math.sqrt(squared) > SHIFT * math.sqrt(max(1.0, late)):
        history.anchor[:] = mean
        history.moved[0] = generation


@compiled
def stops(
    constants: Constants,
    state: State,
    history: History,
    ranges: np.ndarray,
    start: float,
    sigma: float,
    generation: int,
) -> bool:
    """Whether the strategy stops after this generation; `start` was its first step size."""
    c, values = constants, history.values
    remembered = min(generation, c.memory)
    spread = values[-1] - values[0]
    spread_before = history.best[:remembered].max() - history.best[:remembered].min()
    stopped = generation >= c.max_generations
    stopped |= spread < TOLFUN and spread_before < TOLFUN
    stopped |= remembered > 9 and spread_before < TOLFUNHIST
    small, no_effect, effect_along = True, False, False
    along = generation % c.axes
    for axis in range(c.axes):
        deviation = sigma * (state.scaling[axis] * math.sqrt(state.covariance[axis, axis]))
        stopped |= deviation > start * ranges[axis] * TOLFACUPX
        small &= deviation < TOLX and sigma * (state.scaling[axis] * state.path[axis]) < TOLX
        # pycma tests `any` of the axes' indices, so it ignores the first axis, whose index is 0.
        no_effect |= axis > 0 and state.mean[axis] == state.mean[axis] + 0.2 * deviation
        step = 0.1 * sigma * state.lengths[along] * state.scaling[axis] * state.basis[axis, along]
        effect_along |= state.mean[axis] != state.mean[axis] + step
    stopped |= small or no_effect or not effect_along
    stopped |= generation - history.moved[0] > STILL + STILL_SHARE * generation
    stopped |= _stagnates(c, history, generation)
    history.flat[0] = 0 if values[0] < values[int(0.75 * c.size)] else history.flat[0] + 1
    return stopped or history.flat[0] > 1


@compiled
def _stagnates(constants: Constants, history: History, generation: int) -> bool:
    """`tolstagnation`: neither the best nor the median of late generations is below that of earlier ones."""
    c, count = constants, generation // EVERY
    if count <= 100 or generation <= c.axes * (5 + 100 / c.size):
        return False
    since = (generation * c.size - history.found[0]) / c.size
    part = max(c.patience / EVERY / 2, count / 10)
    length = int(part)
    if part > generation or since <= c.patience / 2 or 2 * length >= count:
        return False
    for values in (history.long_median, history.long_best):
        late, early = values[count - length : count], values[count - 2 * length : count - length]
        if not np.median(late) >= np.median(early):
            return False
    return True


@compiled
def is_unsupported(state: State, start: float, sigma: float) -> bool:
    """Whether pycma would change the state: a too large condition number of C or step size; only pycma handles this."""
    largest, smallest = state.covariance[0, 0], state.covariance[0, 0]
    for axis in range(1, len(state.mean)):
        largest = max(largest, state.covariance[axis, axis])
        smallest = min(smallest, state.covariance[axis, axis])
    if not (smallest > 0.0 and largest / smallest < 1e8 and sigma <= 1e9 * start):
        return True
    return not (state.lengths[-1] / state.lengths[0]) ** 2 < 1e12
