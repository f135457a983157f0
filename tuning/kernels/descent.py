"""Compiled gradientless descent: the same trials as `GLD` and `CGLD`.

The cells of a ball, in C order, are line segments along the last axis that moves, one for each position on the other
axes that move. A uniform cell is found by its number: first the segment, then the position in it.
"""

import math

import numpy as np

from tuning.kernels.batch import Batch
from tuning.kernels.compiling import compiled
from tuning.kernels.pcg import pick, uniform
from tuning.searchers.balls import draw_clipped
from tuning.searchers.cgld import CGLD
from tuning.searchers.gld import GLD


def descent(searcher: GLD, batch: Batch) -> bool:
    """The kernel of `GLD` and `CGLD`."""
    clip, one_axis = searcher.draw is draw_clipped, isinstance(searcher, CGLD)
    states, shape, told, columns, stop, matrix = batch
    play_descent(states, shape, np.array(searcher.radii), clip, one_axis, told, columns, stop, matrix)
    return True


@compiled
def play_descent(
    states: np.ndarray,
    shape: np.ndarray,
    radii: np.ndarray,
    clip: bool,
    one_axis: bool,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    matrix: np.ndarray,
) -> None:
    """Run replays, one for each row.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        shape: int64 `[axes]`.
        radii: float64, largest first.
        clip: draw as `ball="clip"` says.
        one_axis: only one axis moves in each step, the axes in turn (CGLD).
        told: float64 `[cells, columns]`.
        columns: int32 `[replays, trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        matrix: int32 `[replays, trials]`, filled with flat cell numbers up to each replay's end.
    """
    axes = len(shape)
    center = np.empty(axes, np.int64)
    box = np.empty((3, axes), np.int64)
    point = np.empty(axes)
    # A ball's number of cells depends on its center, radius and axes; it is counted once for each combination.
    turns = axes if one_axis else 1
    counts = np.empty((turns, len(radii), len(told)), np.int32)
    counts[:] = -1
    for replay in range(len(matrix)):
        state = states[replay]
        current, best, best_value, step, candidate = 0, 0, math.inf, 0, -1
        for trial in range(matrix.shape[1]):
            first_axis, last_axis = (step % axes, step % axes) if one_axis else (0, axes - 1)
            if candidate < 0:
                flat = pick(state, len(told))
            elif clip:
                flat = _clipped(state, shape, center, radii[candidate], first_axis, last_axis, point)
            else:
                turn = step % turns
                count = counts[turn, candidate, current]
                if count < 0:
                    count = _ball(-1, shape, center, radii[candidate], first_axis, last_axis, box)
                    counts[turn, candidate, current] = count
                chosen = pick(state, max(count, 1))
                flat = current
                if count > 0:
                    flat = _ball(chosen, shape, center, radii[candidate], first_axis, last_axis, box)
            matrix[replay, trial] = flat
            value = told[flat, columns[replay, trial]]
            if value <= stop:
                break
            if value < best_value:
                best, best_value = flat, value
            candidate += 1
            if candidate == 0 or candidate == len(radii):
                step += candidate > 0
                candidate = 0
                current = best
                rest = current
                for axis in range(axes - 1, -1, -1):
                    center[axis] = rest % shape[axis]
                    rest //= shape[axis]


@compiled
def _ball(
    number: int, shape: np.ndarray, center: np.ndarray, radius: float, first_axis: int, last_axis: int, box: np.ndarray
) -> int:
    """The cell of this number in the ball around `center`, in C order without `center`; for −1, the number of cells.

    Args:
        first_axis, last_axis: the first and the last of the axes that move.
        box: int64 `[3, axes]`, work space.
    """
    low, high, at = box
    for axis in range(len(shape)):
        reach = int(min(radius, shape[axis])) if first_axis <= axis <= last_axis else 0
        low[axis], high[axis] = max(center[axis] - reach, 0), min(center[axis] + reach, shape[axis] - 1)
        at[axis] = low[axis]
    limit = radius * radius
    count, half = 0, 0
    while True:
        squared, line = 0, 0
        for axis in range(last_axis):
            squared += (at[axis] - center[axis]) ** 2
            line = line * shape[axis] + at[axis]
        if squared <= limit:
            # Half the length of this segment, found from that of the previous one.
            while half < shape[last_axis] and squared + (half + 1) * (half + 1) <= limit:
                half += 1
            while squared + half * half > limit:
                half -= 1
            left = max(center[last_axis] - half, low[last_axis])
            right = min(center[last_axis] + half, high[last_axis])
            own = 1 if squared == 0 else 0
            if 0 <= number - count < right - left + 1 - own:
                spot = left + number - count
                if own == 1 and spot >= center[last_axis]:
                    spot += 1
                line = line * shape[last_axis] + spot
                for axis in range(last_axis + 1, len(shape)):
                    line = line * shape[axis] + center[axis]
                return line
            count += right - left + 1 - own
        axis = last_axis - 1
        while axis >= first_axis and at[axis] == high[axis]:
            at[axis] = low[axis]
            axis -= 1
        if axis < first_axis:
            return count
        at[axis] += 1


@compiled
def _clipped(
    state: np.ndarray,
    shape: np.ndarray,
    center: np.ndarray,
    radius: float,
    first_axis: int,
    last_axis: int,
    point: np.ndarray,
) -> int:
    """The same draw as `tuning.searchers.balls.draw_clipped`, as a flat cell number."""
    while True:
        squared = 0.0
        for axis in range(first_axis, last_axis + 1):
            point[axis] = 2.0 * uniform(state) - 1.0
            squared += point[axis] * point[axis]
        if squared <= 1.0:
            break
    flat = 0
    for axis in range(len(shape)):
        spot = center[axis]
        if first_axis <= axis <= last_axis:
            spot = math.floor(center[axis] + radius * point[axis] + 0.5)
            spot = min(max(spot, 0), shape[axis] - 1)
        flat = flat * shape[axis] + spot
    return flat
