"""Compiled line searches: the same trials as `Line` with one worker."""

import math

import numpy as np

from tuning.kernels.batch import Batch
from tuning.kernels.compiling import compiled
from tuning.kernels.pcg import pick
from tuning.searchers.line import Line


def line(searcher: Line, batch: Batch) -> bool:
    """The kernel of `Line`."""
    first = -1 if searcher.first is None else searcher.space.flat(searcher.first)
    states, shape, told, columns, stop, matrix = batch
    play_line(states, shape, first, np.array(searcher.axes), searcher.rounds, told, columns, stop, matrix)
    return True


@compiled
def play_line(
    states: np.ndarray,
    shape: np.ndarray,
    first: int,
    order: np.ndarray,
    rounds: int,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    matrix: np.ndarray,
) -> None:
    """Run replays, one for each row.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        shape: int64 `[axes]`.
        first: the flat number of the first start; −1 where it is random.
        order: int64 `[axes]`, the axes in the order in which they are scanned.
        rounds: the largest number of scans of each axis.
        told, columns, stop, matrix: as of `Batch`.
    """
    axes, trials = len(shape), matrix.shape[1]
    stride = np.ones(axes, np.int64)
    for axis in range(axes - 2, -1, -1):
        stride[axis] = stride[axis + 1] * shape[axis + 1]
    for replay in range(len(matrix)):
        state = states[replay]
        trial, start, over = 0, first, False
        while trial < trials and not over:
            current = start if start >= 0 else pick(state, len(told))
            start = -1
            known, value, still = False, math.inf, 0
            for scan in range(rounds * axes):
                axis = order[scan % axes]
                index = (current // stride[axis]) % shape[axis]
                zero = current - index * stride[axis]
                best, lowest, any_cell = current, value, False
                for place in range(shape[axis]):
                    if known and place == index:
                        continue
                    if trial == trials:
                        over = True
                        break
                    flat = zero + place * stride[axis]
                    found = told[flat, columns[replay, trial]]
                    matrix[replay, trial] = flat
                    trial += 1
                    if found <= stop:
                        over = True
                        break
                    if (not any_cell and not known) or found < lowest:
                        best, lowest = flat, found
                    any_cell = True
                if over:
                    break
                if not known or lowest < value:
                    current, value, known, still = best, lowest, True, 1
                else:
                    still += 1
                if still >= axes:
                    break
