"""The states of trials: finished, failed or unfinished, by the words of trackers and tuners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief
from grids.tables.frame import Frame

NAMES = frozenset(("state", "status", "trial_status", "trial_state", "run_status", "run_state"))
FINISHED = frozenset(
    [
        *("complete", "completed", "finished", "success", "succeeded", "successful", "done", "ok"),
        *("keep", "discard", "terminated"),
    ]
)
FAILED = frozenset(
    [
        "fail",
        "failed",
        "failure",
        "error",
        "errored",
        "crash",
        "crashed",
        "oom",
        "killed",
        "timeout",
        "nan",
        "diverged",
        "invalid",
    ]
)
UNFINISHED = frozenset(
    [
        *("running", "pruned", "stopped", "early_stopped", "abandoned", "canceled", "cancelled", "preempted"),
        *("preempting", "waiting", "queued", "pending", "interrupted", "scheduled", "candidate", "in_progress"),
        "inprogress",
    ]
)


@dataclass(frozen=True, eq=False)
class States:
    """Which rows are of trials that have no result.

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
        """How many there are of each."""
        found = {"failed": int(self.failed.sum()), "unfinished": int(self.unfinished.sum())}
        return {word: count for word, count in found.items() if count}


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
    codes, levels = frame.column(name).coded
    words = [_normal(level) for level in levels]
    taken = {_normal(word) for word in (accepted or {}).get(name, ())} - FAILED
    known = [word in FINISHED | FAILED | UNFINISHED for word in words if word]
    if 2 * sum(known) < max(1, len(known)):
        return States(none, none)
    for place, word in enumerate(words):
        if word and word not in FINISHED | FAILED | UNFINISHED | taken:
            row = int(np.argmax(codes == place))
            text = brief(levels[place])
            raise BadInput(
                f"{frame.place(row)}, column '{name}': is a trial that is '{text}' finished? write complete, failed or "
                f"pruned in its place, or give --where '{name}={text}' and each other word to be kept"
            )
    failed = np.array([word in FAILED and word not in taken for word in words], bool)[codes]
    unfinished = np.array([word in UNFINISHED and word not in taken for word in words], bool)[codes]
    found = States(failed, unfinished)
    if found.left.all():
        counts = ", ".join(f"{count:,} {word}" for word, count in found.counts.items())
        raise BadInput(f"no trial has finished: by its column '{name}' there are {counts}")
    return found


def _normal(word: str) -> str:
    return word.rsplit(".")[-1].strip().lower().replace("-", "_").replace(" ", "_")


def without_retried(frame: Frame, left: np.ndarray, run: Sequence[str]) -> np.ndarray:
    """Which rows stay when a trial without a result is dropped that has a finished one, or another before it.

    Args:
        frame: the table.
        left: bool `[rows]`: trials without a result.
        run: the columns that tell runs apart: axes, seed, fidelity.
    """
    if not left.any():
        return np.ones(len(frame), bool)
    key = key_of(frame, run)
    done = np.isin(key, key[~left])
    again = np.zeros(len(frame), bool)
    again[left] = pd.Series(key[left]).duplicated().to_numpy()
    return ~(left & (done | again))


def key_of(frame: Frame, columns: Sequence[str]) -> np.ndarray:
    """A number for each row that is equal where all these columns are: int64 `[rows]`."""
    key = np.zeros(len(frame), np.int64)
    for name in columns:
        keys = frame.column(name).keys
        key = pd.factorize(key * (keys.max(initial=0) + 1) + keys)[0]
    return key.astype(np.int64)
