"""The rows of the replay table, computed from the cells that replays evaluated; the same code for every searcher."""

import math

import numpy as np

from grids.target import gap
from tuning.kernels.compiling import compiled_entry, plain
from tuning.played import Played
from tuning.problem import TabularProblem


def table_rows(played: Played, problem: TabularProblem, first_repeat: int) -> dict[str, np.ndarray]:
    """The rows of the replay table: one for each improvement of a replay's incumbent, and one at the replay's end.

    The incumbent is the fully trained cell with the lowest value told to the searcher so far, the earliest among
    equals. `best` is the value by which that cell is judged, so with noise, where a low draw can replace a better
    cell, it may also rise. Before the first fully trained cell there is no incumbent; a replay that ends before one
    has an infinite `best` in its end row.

    Args:
        played: the trials of the replays, arrays `[replays, trials]`.
        problem: the table of values that the replays queried.
        first_repeat: the number of the first replay.

    Returns:
        By column name, arrays `[rows]`, ordered by replay, trial, end row last:
        `repeat`, `trial` (1-based), `unique` (different cells so far), `best` and `suboptimality` (in the value's
        unit), `end` (bool), `spent` (in the surface's fidelity), and `clock` where recorded.
    """
    points = np.empty((0, 0), np.int32) if played.points is None else played.points
    # One row for each improvement and one for the end: at most one more than the replay's trials.
    most = played.cells.size + len(played.cells)
    numbers, best, end = np.empty((3, most), np.int64), np.empty(most), np.zeros(most, np.bool_)
    seen = np.full(len(problem.value), -1)
    make_rows = _rows if played.compiled else plain(_rows)
    values = problem.final, played.columns, points, problem.points - 1, problem.value
    rows = make_rows(played.cells, *values, seen, numbers, best, end)
    numbers, best, end = numbers[:, :rows].copy(), best[:rows].copy(), end[:rows].copy()
    return {
        "repeat": numbers[0] + first_repeat,
        "trial": numbers[1],
        "unique": numbers[2],
        "best": best,
        "suboptimality": gap(best, problem.lowest),
        "end": end,
        **played.more(numbers[0], numbers[1] - 1, problem.whole),
    }


@compiled_entry
def _rows(
    matrix: np.ndarray,
    told: np.ndarray,
    columns: np.ndarray,
    points: np.ndarray,
    last: int,
    value: np.ndarray,
    seen: np.ndarray,
    numbers: np.ndarray,
    best: np.ndarray,
    end: np.ndarray,
) -> int:
    """Write the rows, and return how many there are.

    Args:
        matrix: int32 `[replays, trials]`, flat cell numbers, −1 after the end of a replay.
        told: float64 `[cells, columns]`, the values of whole trainings.
        columns: int32 `[replays, trials]`, the column that was told.
        points: int32 `[replays, trials]`, the point up to which each was trained; empty where all were whole.
        last: the point of a whole training.
        value: float64 `[cells]`, the value of each cell in results.
        seen: int64 `[cells]`, all −1; work space.
        numbers: int64 `[3, rows or more]`, filled with replay, trial and unique.
        best: float64 `[rows or more]`.
        end: bool `[rows or more]`, all false.
    """
    replays, trials = matrix.shape
    all_whole = points.size == 0
    row = 0
    for replay in range(replays):
        lowest, incumbent, unique, played = math.inf, -1, 0, 0
        for trial in range(trials):
            flat = matrix[replay, trial]
            if flat < 0:
                break
            played += 1
            if seen[flat] != replay:
                unique += 1
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
    return row
