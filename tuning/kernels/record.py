"""The rows of the replay table from the queries of replays, compiled: the same rows as `tuning.table` makes."""

import math

import numpy as np

from grids.target import gap
from tuning.kernels.compiling import compiled
from tuning.played import Played
from tuning.problem import TabularProblem


def record(played: Played, problem: TabularProblem, first_repeat: int) -> dict[str, np.ndarray]:
    """The same columns as `tuning.table.table_rows`, for the same arguments."""
    points = np.empty((0, 0), np.int32) if played.points is None else played.points
    numbers, best, end = _rows(played.cells, problem.final, played.columns, points, problem.points - 1, problem.value)
    lowest = problem.lowest
    return {
        "repeat": numbers[0] + first_repeat,
        "trial": numbers[1],
        "unique": numbers[2],
        "best": best,
        "suboptimality": gap(best, lowest),
        "end": end,
        **played.more(numbers[0], numbers[1] - 1, problem.whole),
    }


@compiled
def _rows(
    matrix: np.ndarray, told: np.ndarray, columns: np.ndarray, points: np.ndarray, last: int, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Replay, trial and unique as int64 `[3, rows]`, best `[rows]`, end `[rows]`.

    Args:
        matrix: int32 `[replays, trials]`, flat cell numbers, −1 after the end of a replay.
        told: float64 `[cells, columns]`, the values of whole trainings.
        columns: int32 `[replays, trials]`, the column that was told.
        points: int32 `[replays, trials]`, the point up to which each was trained; empty where all were whole.
        last: the point of a whole training.
        value: float64 `[cells]`, the value of each cell in results.
    """
    replays, trials = matrix.shape
    all_whole = points.size == 0
    rows = 0
    for replay in range(replays):
        lowest = math.inf
        for trial in range(trials):
            flat = matrix[replay, trial]
            if flat < 0:
                break
            if all_whole or points[replay, trial] == last:
                told_value = told[flat, columns[replay, trial]]
                rows += told_value < lowest
                lowest = min(lowest, told_value)
        rows += 1
    numbers, best, end = np.empty((3, rows), np.int64), np.empty(rows), np.zeros(rows, np.bool_)
    seen = np.empty(len(told), np.int64)
    seen[:] = -1
    row = 0
    for replay in range(replays):
        lowest, incumbent, unique, played = math.inf, np.int32(-1), 0, 0
        for trial in range(trials):
            flat = matrix[replay, trial]
            if flat < 0:
                break
            played += 1
            unique += seen[flat] != replay
            seen[flat] = replay
            if all_whole or points[replay, trial] == last:
                told_value = told[flat, columns[replay, trial]]
                if told_value < lowest:
                    lowest, incumbent = told_value, flat
                    numbers[0, row], numbers[1, row], numbers[2, row] = replay, played, unique
                    best[row] = value[incumbent]
                    row += 1
        numbers[0, row], numbers[1, row], numbers[2, row] = replay, played, unique
        best[row], end[row] = value[incumbent] if incumbent >= 0 else math.inf, True
        row += 1
    return numbers, best, end
