"""`Batch`, the arguments of a searcher's kernel: several replays that it runs in one call."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Replays of one searcher on one table; its kernel fills `matrix`.

    Args:
        states: uint64 `[replays, 4]`, the state of each replay's stream, see `tuning.kernels.pcg`; where Python runs
            the kernel, objects `[replays]`, each replay's `numpy.random.Generator`.
        shape: int64 `[axes]`, the space's.
        told: float64 `[cells, columns]`, the values that a searcher may be told for each cell.
        columns: int32 `[replays, trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        matrix: int32 `[replays, trials]`, all −1; to be filled with flat cell numbers up to each replay's end.
    """

    states: np.ndarray
    shape: np.ndarray
    told: np.ndarray
    columns: np.ndarray
    stop: float
    matrix: np.ndarray


def generator_at(state: np.ndarray | np.random.Generator) -> np.random.Generator:
    """NumPy's generator in the given state, one of `Batch.states`."""
    if isinstance(state, np.random.Generator):
        return state
    found = np.random.PCG64()
    high, low, increment_high, increment_low = (int(part) for part in state)
    at = found.state
    at["state"] = {"state": high << 64 | low, "inc": increment_high << 64 | increment_low}
    found.state = at
    return np.random.Generator(found)
