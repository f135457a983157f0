"""From live studies to the rows of a replay table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.replay_table import FURTHER, LIVE, SCHEMA
from grids.target import gap
from tuning.live.rounds import Studies
from tuning.table import distinct


@dataclass(frozen=True, eq=False)
class Judge:
    """What a chosen cell is worth.

    Args:
        value: of every cell, float64 `[cells]`; None: what the study was told of the training it chose.
        lowest: what suboptimality is measured from.
    """

    value: np.ndarray | None
    lowest: float

    @classmethod
    def of_told(cls, studies: Studies) -> "Judge":
        """Without a surface: what was told, from the lowest of it."""
        return cls(None, float(studies.told.min()))

    def best(self, studies: Studies) -> np.ndarray:
        """What the cell chosen after each trial is worth, float64 `[searchers, repeats, trials]`."""
        if self.value is None:
            return studies.at_chosen(studies.told)
        return np.asarray(self.value[studies.at_chosen(studies.cells)])


def live_rows(studies: Studies, judge: Judge, surface: str, optimizer: str, task: str, whole: float) -> pd.DataFrame:
    """The replay table of live studies: a row whenever a study's chosen cell changes, and one at its end.

    Judged by what was told, a row also where the same cell came out better in another training.

    Args:
        studies: what they did.
        judge: what a chosen cell is worth.
        surface, optimizer, task: for the columns of these names.
        whole: what a whole training is charged; NaN where not known.
    """
    searchers, repeats, trials = studies.cells.shape
    chosen, best = studies.at_chosen(studies.cells), judge.best(studies)
    changed = studies.improved
    if judge.value is not None:
        changed = changed.copy()
        changed[..., 1:] &= chosen[..., 1:] != chosen[..., :-1]
    who, repeat, trial = np.nonzero(changed)
    ends = np.unravel_index(np.arange(searchers * repeats), (searchers, repeats))
    end = np.repeat([False, True], [len(who), len(ends[0])])
    who, repeat = np.concatenate([who, ends[0]]), np.concatenate([repeat, ends[1]])
    trial = np.concatenate([trial, np.full(len(ends[0]), trials - 1)])
    order = np.lexsort((end, trial, repeat, who))
    who, repeat, trial, end = who[order], repeat[order], trial[order], end[order]
    at = who, repeat, trial
    unique = distinct(studies.cells.reshape(-1, trials)).reshape(studies.cells.shape)
    columns = {
        "surface": np.full(len(who), surface, object),
        "optimizer": np.full(len(who), optimizer, object),
        "task": np.full(len(who), task, object),
        "searcher": np.array(studies.searchers, object)[who],
        "repeat": repeat.astype(np.int64),
        "trial": trial.astype(np.int64) + 1,
        "unique": unique[at].astype(np.int64),
        "best": best[at],
        "suboptimality": gap(best[at], judge.lowest),
        "end": end,
        "spent": (trial + 1) * whole,
        "cell": chosen[at],
        "asked": _at_ends(studies.cells, who, repeat, end),
        "told": _at_ends(studies.told, who, repeat, end),
    }
    return pd.DataFrame(
        {name: columns[name] for name in (*SCHEMA.names, *FURTHER.names, *LIVE.names) if name in columns}
    )


def _at_ends(numbers: np.ndarray, who: np.ndarray, repeat: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A study's `numbers` of all trials in its end row, None in the others."""
    column = np.full(len(end), None, object)
    for row in np.flatnonzero(end):
        column[row] = numbers[who[row], repeat[row]]
    return column
