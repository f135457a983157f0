"""The rows of the replay table, computed from the cells that replays evaluated; the same code for every searcher."""

import numpy as np

from grids.target import gap
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
    cells = played.cells
    valid = cells >= 0
    full = valid if played.points is None else valid & (played.points == problem.points - 1)
    told = np.where(full, problem.final[cells, played.columns], np.inf)
    lowest_told = np.minimum.accumulate(told, axis=1)
    improved = full.copy()
    improved[:, 1:] &= lowest_told[:, 1:] < lowest_told[:, :-1]
    replay, trial = np.nonzero(improved)
    cell = cells[replay, trial]
    # The end row of a replay shows the cell of its last improvement.
    final = np.full(len(cells), -1, cells.dtype)
    final[replay] = cell  # where a replay improved several times, the last assignment remains
    lengths = valid.sum(axis=1)
    ends = np.arange(len(cells))

    unique = distinct(cells)
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


def distinct(cells: np.ndarray) -> np.ndarray:
    """The number of different cells that each replay has evaluated up to each trial.

    Args:
        cells: int `[replays, trials]`.

    Returns:
        int `[replays, trials]`.
    """
    order = np.argsort(cells, axis=1, kind="stable")
    ordered = np.take_along_axis(cells, order, axis=1)
    first = np.ones(cells.shape, bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    new = np.empty_like(first)
    np.put_along_axis(new, order, first, axis=1)
    return np.asarray(new.cumsum(axis=1))
