"""From the cells that replays evaluated to the rows of the replay table: one piece of code for every searcher."""

import numpy as np

from grids.target import gap
from tuning.played import Played
from tuning.problem import TabularProblem


def table_rows(played: Played, problem: TabularProblem, first_repeat: int) -> dict[str, np.ndarray]:
    """The rows of the replay table: one each time a replay improves on its best, and one last row at its end.

    The incumbent is the fully trained cell of the lowest value told so far, the first of equals. `best` is what that
    cell is judged by, so with noise, where a lucky draw can displace a better cell, it may also rise. Before the first
    fully trained cell there is no incumbent; a replay that ends there has `best` infinite in its end row.

    Args:
        played: what was played.
        problem: what it was played on.
        first_repeat: the number of the first replay.

    Returns:
        By column name, arrays `[rows]`, ordered by replay, trial, end row last:
        `repeat`, `trial` (1-based), `unique`, `best`, `suboptimality`, `end`, `spent`, and `clock` where recorded.
    """
    matrix = played.cells
    there = matrix >= 0
    full = there if played.points is None else there & (played.points == problem.points - 1)
    told = np.where(full, problem.final[matrix, played.columns], np.inf)
    so_far = np.minimum.accumulate(told, axis=1)
    improved = full.copy()
    improved[:, 1:] &= so_far[:, 1:] < so_far[:, :-1]
    replay, trial = np.nonzero(improved)
    cell = matrix[replay, trial]
    # The last improvement of each replay is also what its end row shows.
    final = np.full(len(matrix), -1, matrix.dtype)
    final[replay] = cell  # of several, the last is written last
    lengths = there.sum(axis=1)
    ends = np.arange(len(matrix))

    unique = distinct(matrix)
    replay = np.concatenate([replay, ends])
    trial = np.concatenate([trial, lengths - 1])
    cell = np.concatenate([cell, final])
    end = np.repeat([False, True], [len(replay) - len(ends), len(ends)])
    order = np.lexsort((end, trial, replay))
    replay, trial, cell, end = replay[order], trial[order], cell[order], end[order]
    best = np.where(cell >= 0, problem.value[cell], np.inf)
    return {
        "repeat": replay.astype(np.int64) + first_repeat,
        "trial": trial.astype(np.int64) + 1,
        "unique": unique[replay, trial].astype(np.int64),
        "best": best,
        "suboptimality": gap(best, problem.lowest),
        "end": end,
        **played.more(replay, trial, problem.whole),
    }


def distinct(matrix: np.ndarray) -> np.ndarray:
    """How many different cells each replay has seen up to each trial; `[replays, trials]` like `matrix`."""
    order = np.argsort(matrix, axis=1, kind="stable")
    ranked = np.take_along_axis(matrix, order, axis=1)
    first = np.ones(matrix.shape, bool)
    first[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    new = np.empty_like(first)
    np.put_along_axis(new, order, first, axis=1)
    return np.asarray(new.cumsum(axis=1))
