"""Rows of trials that never finished, by a column `state` or `status`, as Optuna, W&B and MLflow export it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from grids.tables.raw import PARAMETERS, RawTable

_NAMES = {"state", "status"}
_FINISHED = {"complete", "completed", "finished", "done", "ok", "success", "succeeded", "successful"}
_UNFINISHED = {
    "fail",
    "failed",
    "failure",
    "error",
    "errored",
    "pruned",
    "stopped",
    "running",
    "waiting",
    "crashed",
    "killed",
    "canceled",
    "cancelled",
    "timeout",
    "preempted",
    "preempting",
    "pending",
    "queued",
    "scheduled",
}


def unfinished(table: RawTable) -> np.ndarray:
    """Whether each row is of a trial that never finished: bool `[rows]`.

    No row is, where no trial or every trial finished, or where the column may mean something else: it has other words
    too, and no hyperparameter has a prefix by which a program marks it.
    """
    name = next((name for name in table.header if name.lower() in _NAMES and table.has(name)), None)
    if name is None:
        return np.zeros(len(table), bool)
    codes, levels = pd.factorize(table.texts(name))
    words = [str(text).rsplit(".")[-1].lower() for text in levels.tolist()]
    left = np.array([word in _UNFINISHED for word in words])[codes]
    known = any(n.startswith(PARAMETERS) for n in table.header) or all(w in _FINISHED | _UNFINISHED for w in words)
    return left if known and not left.all() else np.zeros(len(table), bool)


def without_retried(table: RawTable, run: Sequence[str]) -> RawTable:
    """The table without unfinished trials of a run that has a finished one, or an unfinished one before it.

    Args:
        table: the rows.
        run: the columns that tell runs apart: axes, seed, fidelity.
    """
    left = unfinished(table)
    if not left.any():
        return table
    key = pd.MultiIndex.from_arrays([table.texts(name) for name in run]).factorize()[0]
    done = np.isin(key, key[~left])
    again = np.zeros(len(table), bool)
    again[left] = pd.Series(key[left]).duplicated().to_numpy()
    return table.take(~(left & (done | again)))
