"""When a strategy stops: pycma's rules (`_CMAStopDict`) at its default thresholds.

One of them is corrected: `noeffectcoord` looks at all axes here, where pycma 4 overlooks the first one.
"""

import math

import numpy as np

from tuning.kernels.compiling import compiled, compiled_part
from tuning.searchers.cmaes.constants import Constants
from tuning.searchers.cmaes.strategy import State, deviation

TOLFUN, TOLFUNHIST, TOLX, TOLFACUPX = 1e-11, 1e-12, 1e-11, 1e3
"""Thresholds of the rules of these names."""

SHIFT, STILL, STILL_SHARE = 1e-9, 20.0, 0.1
"""`tolxstagnation`: the distance that the mean must move within `STILL` + `STILL_SHARE` · generation generations."""

EVERY = 5
"""The best value and the median of every `EVERY`th generation are added to the long history."""


@compiled_part
def rank(state: State) -> None:
    """Order the points of a generation by value, the first drawn first among equals; note its lowest value."""
    now, values, order = state.now[0], state.values, state.order
    for place in range(len(values)):
        if values[place] < now["lowest"]:
            now["lowest"], now["found"] = values[place], now["generation"] * len(values) + place + 1
    for place in range(len(values)):
        value, spot = values[place], place
        while spot > 0 and values[spot - 1] > value:
            values[spot], order[spot] = values[spot - 1], order[spot - 1]
            spot -= 1
        values[spot], order[spot] = value, place


@compiled_part
def remember(c: Constants, state: State) -> None:
    """Add the ranked generation to the histories, and note whether the mean has moved."""
    now, values = state.now[0], state.values
    generation, size = now["generation"], len(values)
    state.best[(generation - 1) % c.memory] = values[0]
    place = generation // EVERY - 1
    if generation % EVERY == 0 and place < state.long.shape[1]:
        state.long[0, place] = values[0]
        state.long[1, place] = (values[(size - 1) // 2] + values[size // 2]) / 2.0
    late, squared = (generation - now["moved"]) / (STILL + STILL_SHARE * generation), 0.0
    for axis in range(c.axes):
        squared += (state.anchor[axis] - state.mean[axis]) ** 2
    if math.sqrt(squared) > SHIFT * math.sqrt(max(1.0, late)):
        now["moved"] = generation
        for axis in range(c.axes):
            state.anchor[axis] = state.mean[axis]


@compiled
def stops(c: Constants, state: State, ranges: np.ndarray, sigma: float) -> bool:
    """Whether the strategy stops after this generation; `sigma`: its first step size."""
    now, values = state.now[0], state.values
    generation = now["generation"]
    remembered = min(generation, c.memory)
    lowest, highest = state.best[0], state.best[0]
    for place in range(remembered):
        lowest, highest = min(lowest, state.best[place]), max(highest, state.best[place])
    spread = highest - lowest
    stopped = generation >= c.max_generations
    stopped |= values[c.size - 1] - values[0] < TOLFUN and spread < TOLFUN
    stopped |= remembered > 9 and spread < TOLFUNHIST
    small, effect = True, False
    along = generation % c.axes
    for axis in range(c.axes):
        wide = deviation(state, axis)
        stopped |= wide > sigma * ranges[axis] * TOLFACUPX
        small &= wide < TOLX and now["sigma"] * state.scaling[axis] * state.path[axis] < TOLX
        stopped |= state.mean[axis] == state.mean[axis] + 0.2 * wide  # noeffectcoord
        step = 0.1 * now["sigma"] * state.lengths[along] * state.scaling[axis] * state.basis[axis, along]
        effect |= state.mean[axis] != state.mean[axis] + step  # else noeffectaxis
    now["flat"] = 0 if values[0] < values[int(0.75 * c.size)] else now["flat"] + 1
    stopped |= small or not effect or now["flat"] > 1
    stopped |= generation - now["moved"] > STILL + STILL_SHARE * generation
    return stopped or _stagnates(c, state)


@compiled_part
def _stagnates(c: Constants, state: State) -> bool:
    """`tolstagnation`: neither the best nor the median of late generations is below that of earlier ones."""
    now = state.now[0]
    generation, count = now["generation"], now["generation"] // EVERY
    part = max(c.patience / EVERY / 2, count / 10)
    length = int(part)
    since = (generation * c.size - now["found"]) / c.size
    if count <= 100 or generation <= c.axes * (5 + 100 / c.size) or count > state.long.shape[1]:
        return False
    if part > generation or since <= c.patience / 2 or 2 * length >= count:
        return False
    for kind in range(2):
        history = state.long[1 - kind]
        if _median(history, count - length, length) < _median(history, count - 2 * length, length):
            return False
    return True


@compiled
def _median(values: np.ndarray, first: int, length: int) -> float:
    """The median of `length` values from place `first` on: for each, count those below it and those equal to it."""
    low, high = values[first], values[first]
    for place in range(first, first + length):
        below, equal = 0, 0
        for other in range(first, first + length):
            below += values[other] < values[place]
            equal += values[other] == values[place]
        if below <= (length - 1) // 2 < below + equal:
            low = values[place]
        if below <= length // 2 < below + equal:
            high = values[place]
    return (low + high) / 2.0
