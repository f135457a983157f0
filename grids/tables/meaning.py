"""The meaning of a table's columns, as the user, the table's source or the table itself says it."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from grids.errors import BadInput, brief, listed, unknown
from grids.tables.columns import Column
from grids.tables.frame import PARAMETERS, Frame, bookkeeping, candidates, short_name, tidy
from grids.tables.numbers import plain
from grids.tables.rows import without_blank, without_parents

LARGEST_VALUE = 1e305
"""Largest size of a value: beyond it the difference of two values may overflow."""
SECONDS = ("auto", "sum", "elapsed")
_HINTED = ("axes", "value", "seed", "epoch", "task", "optimizer", "metric", "unit", "scales", "fidelity")


@dataclass(frozen=True)
class Meaning:
    """The meaning of a table's columns.

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


_SEVERAL = "value column"
"""The column of seeds where several columns of values are seeds."""


def value_of(table: Frame, meaning: Meaning) -> str:
    """The column of values, or the text that names several."""
    if meaning.value.strip():
        return meaning.value
    choices = list(table.hints.get("values", ()))
    if len(choices) == 1:
        return str(choices[0])
    if choices:
        raise BadInput(f"it holds {len(choices)} metrics: choose one with --value ({listed(choices, 30)})")
    if table.has("value"):
        return "value"
    raise BadInput(f"which column holds the values? --value names none (columns: {listed(table.header)})")


def stacked(table: Frame, meaning: Meaning) -> tuple[Frame, Meaning]:
    """The table with one column of values in place of several: a row for each, which is a seed or an epoch."""
    names = [table.find(name) for name in values_in(table.header, meaning.value)]
    if len(names) < 2:
        return table, replace(meaning, value=names[0]) if "*" in meaning.value or "?" in meaning.value else meaning
    as_epochs = bool(meaning.epoch) and not candidates(table.header, meaning.epoch or "")
    if meaning.seed and not as_epochs:
        raise BadInput("several columns of values are the seeds, and --seed-column names them too: give one of them")
    columns = [table.column(name) for name in names]
    count, rows = len(names), np.repeat(np.arange(len(table)), len(names))
    texts = [[column.text(row) for row in range(len(table))] for column in columns]
    stacked = Column.of([texts[place % count][row] for place, row in enumerate(rows.tolist())])
    stacked.separator, stacked.decimal_comma = columns[0].separator, columns[0].decimal_comma
    middle, stem = _varying(names)
    told = meaning.epoch if as_epochs else _SEVERAL
    assert told is not None
    called = stem if stem and stem not in table.header else "value"
    more = {called: stacked, told: Column(np.tile(np.array(middle, np.float64), len(table)))}
    kept = table.without(names).repeated(rows)
    said = f"the columns {', '.join(map(brief, names[:4]))}{', …' if count > 4 else ''} are "
    said += f"{count} points of '{told}'" if as_epochs else f"{count} seeds"
    kept = kept.with_columns(more, notes=(*table.notes, said))
    seeds = meaning.seed if as_epochs else told
    return kept, replace(meaning, value=called, seed=seeds, epoch=meaning.epoch)


def _varying(names: Sequence[str]) -> tuple[list[int], str]:
    """The number by which the names differ (0, 1, … where it is not a whole number), and what they share."""
    parts = [re.split(r"(\d+)", name) for name in names]
    texts = [tuple(part[::2]) for part in parts]
    places = [
        place for place in range(1, len(parts[0]), 2) if len({tuple(part[place : place + 1]) for part in parts}) > 1
    ]
    if len(set(texts)) == 1 and len(places) == 1:
        numbers = [int(part[places[0]]) for part in parts]
        stem = re.sub(r"[^\w.]*_*$", "", re.sub("__+", "_", "".join(texts[0]))).strip("_. ")
        if len(set(numbers)) == len(numbers):
            return numbers, stem if len(texts[0]) > 1 and texts[0][-1].strip("_. ") else ""
    return list(range(len(names))), ""


def directed(table: Frame, meaning: Meaning) -> tuple[Meaning, str]:
    """The meaning with the direction that the table states, and where it states it.

    Raises:
        BadInput: the user gives another one.
    """
    value, name = meaning.value, short_name(meaning.value)
    maximize, told = table.hints.get("maximize"), str(table.hints.get("told_by", ""))
    rank = re.sub(r"^(mean|split\d*)_test_", "rank_test_", name)
    words = [n for n in table.header if n.rsplit(".", 1)[-1] == "direction" and table.has(n)]
    if maximize is None and rank != name and table.has(rank):
        maximize, told = True, f"its column '{rank}'"
    elif maximize is None and (value == "score" or any(value in word for word in words)):
        levels = {level.lower()[:3] for word in words for level in table.column(word).coded[1] if level}
        if levels in ({"max"}, {"min"}):
            maximize, told = levels == {"max"}, f"its column '{words[0]}'"
    if maximize is False and meaning.maximize:
        raise BadInput(f"{told or 'its source'} minimizes '{value}': leave --maximize out")
    return replace(meaning, maximize=bool(maximize) or meaning.maximize), told if maximize is not None else ""


def with_axes(table: Frame, meaning: Meaning, value: str) -> tuple[Frame, Meaning, dict[str, Any], int]:
    """The table without rows that are no trials, the meaning with its axes, what never changes, and how many rows."""
    rows = len(table)
    table = without_parents(table)
    found = [table.find(name) for name in meaning.axes] or table.parameters()
    if not meaning.axes:
        others = {table.find(name) for name in (value, meaning.seed, meaning.epoch, *meaning.keep) if name}
        found = [name for name in found if name not in others]
    table = without_blank(table, [value, *found]) if found else table
    dropped = rows - len(table)
    if meaning.axes:
        return table, meaning, {}, dropped
    if not found:
        raise BadInput(
            f"which columns make a cell? --axes names none, and no column begins with {', '.join(PARAMETERS[:4])} "
            f"(columns: {listed(table.header)})"
        )
    short = dict(zip(found, tidy(found), strict=True))
    seed = next((name for name in found if short[name] == "seed"), None)
    if seed and not meaning.seed and not meaning.number_seeds:
        meaning = replace(meaning, seed=seed)
    vary = [name for name in found if name != seed and table.column(name).varies]
    fixed = {short[name]: table.column(name).text(0) for name in found if name not in vary and name != seed}
    if not vary:
        raise BadInput("no hyperparameter has two values: there is nothing to tune")
    skipped = [name for name in table.header if short_name(name) != name and bookkeeping(name)]
    if skipped:
        note = f"{brief(', '.join(skipped))} left out as another program's bookkeeping"
        table = replace(table, notes=(*table.notes, note))
    return table, replace(meaning, axes=vary), {name: text for name, text in fixed.items() if text}, dropped
