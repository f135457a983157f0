"""The rows of a table that count: those the user asks for, without rows that are no trials; the states of trials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief, unknown
from grids.space import value_text
from grids.tables.columns import Column
from grids.tables.frame import Frame
from grids.tables.numbers import missing, plain

NAMES = {"state", "status", "trial_status", "trial_state", "run_status", "run_state"}
FINISHED = {
    *("complete", "completed", "finished", "success", "succeeded", "successful", "done", "ok"),
    *("keep", "discard", "terminated"),
}
FAILED = {
    *("fail", "failed", "failure", "error", "errored", "crash", "crashed", "oom", "killed", "timeout", "nan"),
    *("diverged", "invalid"),
}
UNFINISHED = {
    *("running", "pruned", "stopped", "early_stopped", "abandoned", "canceled", "cancelled", "preempted"),
    *("preempting", "waiting", "queued", "pending", "interrupted", "scheduled", "candidate", "in_progress"),
    "inprogress",
}


@dataclass(frozen=True, eq=False)
class States:
    """The rows of trials that have no result.

    Args:
        failed: bool `[rows]`: whatever number stands beside it, the trial has no value.
        unfinished: bool `[rows]`: it ended before its time, with what it had reached.
    """

    failed: np.ndarray
    unfinished: np.ndarray

    @property
    def left(self) -> np.ndarray:
        """Either of them, bool `[rows]`."""
        return self.failed | self.unfinished

    @property
    def counts(self) -> dict[str, int]:
        """The number of each."""
        counts = {"failed": int(self.failed.sum()), "unfinished": int(self.unfinished.sum())}
        return {word: count for word, count in counts.items() if count}

    def take(self, rows: np.ndarray) -> "States":
        """The rows where `rows` is true."""
        return States(self.failed[rows], self.unfinished[rows])


def states(frame: Frame, accepted: Mapping[str, Sequence[str]] | None = None) -> States:
    """The states of the rows, by a column of one of `NAMES`; without one, all are finished.

    Where fewer than half of a column's words are states, it means something else.

    Args:
        frame: the table.
        accepted: by column, further words whose rows the user asks for: they are finished.

    Raises:
        BadInput: a word that is no state among others that are, or no finished trial.
    """
    none = np.zeros(len(frame), bool)
    name = next((name for name in frame.header if name.lower() in NAMES and frame.has(name)), None)
    if name is None:
        return States(none, none)
    column = frame.column(name)
    levels = [_normal(level) for level in column.coded[1]]
    taken = {_normal(word) for word in (accepted or {}).get(name, ())} - FAILED
    words = [word for word in levels if word]
    strange = set(words) - FINISHED - FAILED - UNFINISHED
    if 2 * sum(word not in strange for word in words) < max(1, len(words)):
        return States(none, none)
    if strange - taken:
        row = int(np.argmax(column.where(lambda level: _normal(level) in strange - taken)))
        text = brief(column.text(row))
        raise BadInput(
            f"{frame.place(row)}, column '{name}': is a trial that is '{text}' finished? write complete, failed or "
            f"pruned in its place, or give --where '{name}={text}' and each other word to be kept"
        )
    kinds = (FAILED - taken, UNFINISHED - taken)
    found = States(*(column.where(lambda level, kind=kind: _normal(level) in kind) for kind in kinds))  # type: ignore[misc]
    if found.left.all():
        counts = ", ".join(f"{count:,} {word}" for word, count in found.counts.items())
        raise BadInput(f"no trial has finished: by its column '{name}' there are {counts}")
    return found


def _normal(word: str) -> str:
    return word.rsplit(".")[-1].strip().lower().replace("-", "_").replace(" ", "_")


def without_retried(frame: Frame, left: np.ndarray, run: Sequence[str]) -> np.ndarray:
    """Mark the rows that stay when a trial without a result is dropped that has a finished one, or another before it.

    Args:
        frame: the table.
        left: bool `[rows]`: trials without a result.
        run: the columns that tell runs apart: axes, seed, fidelity.
    """
    if not left.any():
        return np.ones(len(frame), bool)
    key = _key(frame, run)
    again = np.isin(key, key[~left])
    again[left] |= pd.Series(key[left]).duplicated().to_numpy()
    return ~(left & again)


def _key(frame: Frame, columns: Sequence[str]) -> np.ndarray:
    """A number for each row that is equal where all these columns are: int64 `[rows]`."""
    key = np.zeros(len(frame), np.int64)
    for name in columns:
        keys = frame.column(name).keys
        key = pd.factorize(key * (keys.max(initial=0) + 1) + keys)[0]
    return key.astype(np.int64)


def selected(table: Frame, where: Sequence[str]) -> tuple[Frame, dict[str, list[str]]]:
    """The rows that `where` keeps, and the values it names for each column."""
    wanted: dict[str, list[str]] = {}
    for each in where:
        name, equals, value = each.partition("=")
        while equals and name.strip() not in table.header and "=" in value:  # the column's name contains =
            more, _, value = value.partition("=")
            name += "=" + more
        if not equals or not name.strip():
            raise BadInput(f"--where is written COLUMN=VALUE, not '{brief(each)}'")
        wanted.setdefault(table.find(name.strip()), []).append(value.strip())
    keep = np.ones(len(table), bool)
    for name, values in wanted.items():
        column, held = table.column(name), np.zeros(len(table), bool)
        for value in values:
            alike = column.where(_alike(value))
            if not alike.any():
                raise BadInput(f"--where {name}: {unknown('value', value, map(value_text, column.coded[1]))}")
            held |= alike
        keep &= held
    if not keep.any():
        raise BadInput(f"no row has {' and '.join(where)}")
    return table.take(keep), wanted


def _alike(value: str) -> Callable[[str], bool]:
    """True where a field equals a value given as text: the same text, number or boolean, or both missing."""
    number, flag = plain(value), value.lower() if value.lower() in ("true", "false") else None

    def alike(text: str) -> bool:
        if text == value or (missing(text) and missing(value)):
            return True
        return plain(text) == number if number is not None else text.lower() == flag

    return alike


def without_parents(table: Frame) -> Frame:
    """The table without runs of which others are parts, as MLflow's autologging of a search writes them."""
    tag = next((name for name in table.header if name.endswith("mlflow.parentRunId") and table.has(name)), None)
    if tag is None or not table.has("run_id"):
        return table
    parents = {level for level in table.column(tag).coded[1] if level}
    return table.take(~table.column("run_id").where(lambda level: level in parents))


def without_blank(table: Frame, columns: Sequence[str]) -> Frame:
    """The table without rows that have nothing in any of these columns, unless that are all."""
    blank = np.ones(len(table), bool)
    for name in columns:
        if blank.any():
            blank &= table.column(name).blank
    return table if blank.all() else table.take(~blank)


def without_second_rows(table: Frame, found: States, value: Column, run: Sequence[str]) -> tuple[Frame, States]:
    """The table without rows that have no value where another row of the run and epoch has one."""
    if not value.blank.any():
        return table, found
    key = _key(table, run)
    stay = ~(value.blank & np.isin(key, key[~value.blank]))
    return table.take(stay), found.take(stay)
