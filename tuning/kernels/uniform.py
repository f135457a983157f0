"""Compiled random search, with and without replacement: the same trials as `Random` and `RandomUnique`."""

import numpy as np

from tuning.kernels.batch import Batch
from tuning.kernels.compiling import compiled
from tuning.kernels.pcg import pick
from tuning.searchers.random import Random
from tuning.searchers.random_unique import RandomUnique


def random(searcher: Random, batch: Batch) -> bool:
    """The kernel of `Random`."""
    play_random(batch.states, batch.told, batch.columns, batch.stop, batch.matrix)
    return True


def random_unique(searcher: RandomUnique, batch: Batch) -> bool:
    """The kernel of `RandomUnique`."""
    play_random_unique(batch.states, batch.told, batch.columns, batch.stop, batch.matrix)
    return True


@compiled
def play_random(states: np.ndarray, told: np.ndarray, columns: np.ndarray, stop: float, matrix: np.ndarray) -> None:
    """Run `tuning.searchers.random.Random`, one replay for each row.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        told: float64 `[cells, columns]`.
        columns: int32 `[replays, trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        matrix: int32 `[replays, trials]`, filled with flat cell numbers up to each replay's end.
    """
    cells = len(told)
    for replay in range(len(matrix)):
        state = states[replay]
        for trial in range(matrix.shape[1]):
            flat = pick(state, cells)
            matrix[replay, trial] = flat
            if told[flat, columns[replay, trial]] <= stop:
                break


@compiled
def play_random_unique(
    states: np.ndarray, told: np.ndarray, columns: np.ndarray, stop: float, matrix: np.ndarray
) -> None:
    """Run `tuning.searchers.random_unique.RandomUnique`; arguments as of `play_random`."""
    cells = len(told)
    order = np.empty(cells, np.int64)
    for replay in range(len(matrix)):
        state = states[replay]
        for trial in range(matrix.shape[1]):
            here = trial % cells
            if here == 0:
                for flat in range(cells):
                    order[flat] = flat
            other = here + pick(state, cells - here)
            order[here], order[other] = order[other], order[here]
            flat = order[here]
            matrix[replay, trial] = flat
            if told[flat, columns[replay, trial]] <= stop:
                break
