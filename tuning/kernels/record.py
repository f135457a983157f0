"""From the cells that replays evaluated to the rows of the replay table, compiled: the twin of `tuning.table`."""

import math

import numpy as np

from grids.target import gap
from tuning.kernels.compiling import compiled


def record(
    matrix: np.ndarray, told: np.ndarray, columns: np.ndarray, value: np.ndarray, lowest: float, first_repeat: int
) -> dict[str, np.ndarray]:
    """What `tuning.table.table_rows` makes of the same trials.

    Args:
        matrix: int32 `[replays, trials]`, flat cell numbers, −1 after the end; every replay has at least one.
        told: float64 `[cells, columns]`, what a searcher may be told of each cell.
        columns: int32 `[replays, trials]`, the column told at each trial.
        value: float64 `[cells]`, what a cell is judged by.
        lowest: of `value`.
        first_repeat: the number of the first replay.

    Returns:
        By column name, arrays `[rows]`, ordered by replay, trial, end row last.
    """
    numbers, best, end = _rows(matrix, told, columns, value)
    return {
        "repeat": numbers[0] + first_repeat,
        "trial": numbers[1],
        "unique": numbers[2],
        "best": best,
        "suboptimality": gap(best, lowest),
        "end": end,
    }


@compiled
def _rows(
    matrix: np.ndarray, told: np.ndarray, columns: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Replay, trial and unique as int64 `[3, rows]`, best `[rows]`, end `[rows]`."""
    replays, trials = matrix.shape
    rows = 0
    for replay in range(replays):
        lowest = math.inf
        for trial in range(trials):
            flat = matrix[replay, trial]
            if flat < 0:
                break
            heard = told[flat, columns[replay, trial]]
            rows += heard < lowest
            lowest = min(lowest, heard)
        rows += 1
    numbers, best, end = np.empty((3, rows), np.int64), np.empty(rows), np.zeros(rows, np.bool_)
    seen = np.empty(len(told), np.int64)
    seen[:] = -1
    row = 0
    for replay in range(replays):
        lowest, incumbent, unique, played = math.inf, np.int32(0), 0, 0
        for trial in range(trials):
            flat = matrix[replay, trial]
            if flat < 0:
                break
            played += 1
            unique += seen[flat] != replay
            seen[flat] = replay
            heard = told[flat, columns[replay, trial]]
            if heard < lowest:
                lowest, incumbent = heard, flat
                numbers[0, row], numbers[1, row], numbers[2, row] = replay, played, unique
                best[row] = value[incumbent]
                row += 1
        numbers[0, row], numbers[1, row], numbers[2, row] = replay, played, unique
        best[row], end[row] = value[incumbent], True
        row += 1
    return numbers, best, end
