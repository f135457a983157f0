"""What the columns of a table mean, as the user or the table's source says it."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from grids.errors import BadInput, brief, unknown
from grids.tables.frame import Frame, candidates
from grids.tables.numbers import plain

LARGEST_VALUE = 1e305
"""Largest size of a value: beyond it the difference of two values may overflow."""
SECONDS = ("auto", "sum", "elapsed")
_HINTED = ("axes", "value", "seed", "epoch", "task", "optimizer", "metric", "unit", "scales", "fidelity")


@dataclass(frozen=True)
class Meaning:
    """What the columns of a table mean.

    Args:
        axes: the columns that identify a cell, in the space's order; by default those with a prefix of hyperparameters
            (`config.`, `params.`, `params_`, …), or those that the source names.
        value: the column of values; lower is better unless `maximize`. Several, separated by commas or as a pattern
            (`split*_score`), are seeds, or epochs where `epoch` is not a column.
        seed: the column of seeds, whole numbers; without it every row has seed 0.
        epoch: the column of epochs or another fidelity, with one row for each; the run's value is that of the last.
        maximize: whether higher is better in the table; values are then negated, and the provenance records it.
        missing: `refuse`, or what replaces a missing value or cell: `worst`, `last` (what a run that ended early
            reached; the worst for one without any value), or a number, in the table's own direction.
        seeds: `all`: every cell must have every seed; `common`: keep only the seeds that all cells have.
        number_seeds: whether rows of one cell are its seeds 0, 1, … in order of appearance.
        where: texts `COLUMN=VALUE`: keep only these rows; one column may be given several times, with other values.
        keep: further numeric columns to store.
        fidelity: what the steps of curves in lists count.
        labels: axes that hold labels, whatever their words look like.
        seconds: how `seconds` of the rows of one curve are one number: `sum`, `elapsed` (that of the last), or `auto`:
            elapsed where they rise in every run.
        pool: whether to make a pool instead of a grid; None: a pool only where the rows fill no grid.
        scales: by axis, `log` or `linear` where the source gives it.
        task, optimizer, metric: the surface's names; by default the source's name, `imported` (or the one optimizer
            that `where` names) and the column of values, with a minus where it was negated.
        unit: of the value, such as `%`.
        created, command, data: entries of the provenance.
    """

    axes: Sequence[str] = ()
    value: str = "value"
    seed: str | None = None
    epoch: str | None = None
    maximize: bool = False
    missing: str = "refuse"
    seeds: str = "all"
    number_seeds: bool = False
    where: Sequence[str] = ()
    keep: Sequence[str] = ()
    fidelity: str = ""
    labels: Sequence[str] = ()
    seconds: str = "auto"
    pool: bool | None = False
    scales: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    optimizer: str | None = None
    metric: str | None = None
    unit: str = ""
    created: str = ""
    command: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names of columns that it gives."""
        values = [] if "*" in self.value else [self.value] if self.value else []
        return [*self.axes, *values, *(name for name in (self.seed, self.epoch) if name), *self.keep]

    def check(self, header: Sequence[str]) -> None:
        """Raise BadInput where a column that it names is not in the header."""
        self.check_different()
        values = values_in(header, self.value) if self.value else []
        own = [name for name in (self.seed, self.epoch if len(values) < 2 else None) if name]
        for name in (*self.axes, *values, *own, *self.keep):
            if not candidates(header, name):
                Frame(tuple(header), (), np.zeros(0)).find(name)

    def check_different(self) -> None:
        """Raise BadInput where one column is to be two things."""
        names = [*self.axes, *(name for name in (self.value, self.seed, self.epoch) if name)]
        if len(set(names)) != len(names):
            raise BadInput(f"axes, value, seed and epoch must be different columns, not {', '.join(names)}")

    def told_by(self, hints: Mapping[str, Any]) -> "Meaning":
        """This meaning, completed by what a source says of itself."""
        free = {"value"} if hints.get("chosen") else set()
        said = {n: hints.get(n, "") for n in _HINTED if n in free or (hints.get(n) and not getattr(self, n))}
        if self.number_seeds:
            said.pop("seed", None)
        if self.pool is False and hints.get("pool") is None and "pool" in hints:
            said["pool"] = None
        return replace(self, **said, data={**hints.get("data", {}), **self.data})

    @property
    def fill(self) -> str | float | None:
        """What replaces missing values: `worst`, `last` or a number (lower is better); None where they are refused.

        Raises:
            BadInput: another word, also for `seeds` or `seconds`.
        """
        if self.seeds not in ("all", "common"):
            raise BadInput(f"--seeds must be all or common, not '{brief(self.seeds)}'")
        if self.seconds not in SECONDS:
            raise BadInput(f"--seconds must be auto, sum or elapsed, not '{brief(self.seconds)}'")
        text = str(self.missing).strip()
        if text in ("refuse", "worst", "last"):
            return None if text == "refuse" else text
        number = plain(text)
        if number is None or not math.isfinite(number):
            raise BadInput(f"--missing must be refuse, worst, last or a number, not '{brief(text)}'")
        if abs(number) > LARGEST_VALUE:
            raise BadInput(f"--missing {text}: a value may be at most {LARGEST_VALUE:g} in size")
        return -number + 0.0 if self.maximize else number


def meaning_of(**options: Any) -> Meaning:
    """A `Meaning` from keywords.

    Raises:
        BadInput: an unknown keyword, or a single text where a list belongs.
    """
    known = [one.name for one in fields(Meaning)]
    for name, given in options.items():
        if name not in known:
            raise unknown("option", name, known)
        if name in ("axes", "where", "keep", "labels") and isinstance(given, str):
            raise BadInput(f"{name} is a list of texts, not '{brief(given)}'")
    return Meaning(**options)


def split_names(text: str) -> list[str]:
    """The names in a list separated by commas; a name that contains a comma is quoted.

    >>> split_names('"lr, base", mom')
    ['lr, base', 'mom']
    """
    if not text.strip():
        return []
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True)) if name.strip()]


def values_in(header: Sequence[str], text: str) -> list[str]:
    """The columns of values that a text names: one, several separated by commas, or all that fit a pattern.

    Raises:
        BadInput: none fits the pattern.
    """
    if candidates(header, text):
        return [text]
    if any(sign in text for sign in "*?"):
        from fnmatch import fnmatchcase

        found = [name for name in dict.fromkeys(header) if fnmatchcase(name, text)]
        if not found:
            raise unknown("column", text, header)
        return found
    return split_names(text) if len(split_names(text)) > 1 else [text]
