"""The rows of the replay table of live studies."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.replay_table import FURTHER, LIVE, SCHEMA
from grids.surface import Surface
from grids.target import gap
from tuning.live.rounds import Studies


@dataclass(frozen=True, eq=False)
class Judge:
    """The value of a chosen cell in results.

    Args:
        value: the value of every cell, float64 `[cells]`; None: the value that the study was told for the chosen trial.
        lowest: the value from which suboptimality is measured.
    """

    value: np.ndarray | None
    lowest: float

    @classmethod
    def of_told(cls, studies: Studies) -> "Judge":
        """Without a surface: the told values, suboptimality measured from the lowest of them."""
        return cls(None, float(studies.told.min()))

    @classmethod
    def of(cls, surface: Surface) -> "Judge":
        """By a surface: the means over its seeds."""
        return cls(surface.mean.ravel(), float(surface.mean.min()))

    def best(self, studies: Studies) -> np.ndarray:
        """The value of the cell chosen after each trial, float64 `[searchers, repeats, trials]`."""
        if self.value is None:
            return studies.at_chosen(studies.told)
        return np.asarray(self.value[studies.at_chosen(studies.cells)])


def live_rows(studies: Studies, judge: Judge, surface: str, optimizer: str, task: str, whole: float) -> pd.DataFrame:
    """The replay table of live studies: a row whenever a study's chosen cell changes, and one at its end.

    Without a surface there is also a row where the same cell got a lower value in another training.

    Args:
        studies: their trials.
        judge: the values of chosen cells.
        surface, optimizer, task: for the columns of these names.
        whole: the charge of a whole training, in the unit of the surface's fidelity; NaN where not known.
    """
    searchers, repeats, trials = studies.cells.shape
    chosen, best = studies.at_chosen(studies.cells), judge.best(studies)
    changed = studies.improved
    if judge.value is not None:
        changed = changed.copy()
        changed[..., 1:] &= chosen[..., 1:] != chosen[..., :-1]
    searcher, repeat, trial = np.nonzero(changed)
    ends = np.unravel_index(np.arange(searchers * repeats), (searchers, repeats))
    end = np.repeat([False, True], [len(searcher), len(ends[0])])
    searcher, repeat = np.concatenate([searcher, ends[0]]), np.concatenate([repeat, ends[1]])
    trial = np.concatenate([trial, np.full(len(ends[0]), trials - 1)])
    order = np.lexsort((end, trial, repeat, searcher))
    searcher, repeat, trial, end = searcher[order], repeat[order], trial[order], end[order]
    at = searcher, repeat, trial
    unique = distinct(studies.cells.reshape(-1, trials)).reshape(studies.cells.shape)
    columns = {
        "surface": np.full(len(searcher), surface, object),
        "optimizer": np.full(len(searcher), optimizer, object),
        "task": np.full(len(searcher), task, object),
        "searcher": np.array(studies.searchers, object)[searcher],
        "repeat": repeat.astype(np.int64),
        "trial": trial.astype(np.int64) + 1,
        "unique": unique[at].astype(np.int64),
        "best": best[at],
        "suboptimality": gap(best[at], judge.lowest),
        "end": end,
        "spent": (trial + 1) * whole,
        "cell": chosen[at],
        "asked": _at_ends(studies.cells, searcher, repeat, end),
        "told": _at_ends(studies.told, searcher, repeat, end),
    }
    return pd.DataFrame(
        {name: columns[name] for name in (*SCHEMA.names, *FURTHER.names, *LIVE.names) if name in columns}
    )


def _at_ends(numbers: np.ndarray, searcher: np.ndarray, repeat: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A column with a study's `numbers` of all trials in its last row and None in the others."""
    column = np.full(len(end), None, object)
    for row in np.flatnonzero(end):
        column[row] = numbers[searcher[row], repeat[row]]
    return column


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
