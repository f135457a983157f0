"""Find which columns of a table are its values, its axes, its seeds, and in which direction values are better."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grids.errors import BadInput, brief
from grids.tables.columns import Column
from grids.tables.frame import PARAMETERS, Frame, bookkeeping, candidates, short_name, tidy
from grids.tables.meaning import Meaning, values_in
from grids.tables.selection import without_blank, without_parents

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
        raise BadInput(
            f"it holds {len(choices)} metrics: choose one with --value ({', '.join(map(brief, choices[:30]))})"
        )
    if table.has("value"):
        return "value"
    raise BadInput(f"which column holds the values? --value names none (columns: {_listed(table.header)})")


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
    kept = table.without(names)
    kept = replace(kept, columns=tuple(column.take(rows) for column in kept.columns), rows=kept.rows[rows])
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
    table = without_blank(table, found, value)
    dropped = rows - len(table)
    if meaning.axes:
        return table, meaning, {}, dropped
    if not found:
        raise BadInput(
            f"which columns make a cell? --axes names none, and no column begins with {', '.join(PARAMETERS[:4])} "
            f"(columns: {_listed(table.header)})"
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


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(brief, names[:60])) + (f" and {len(names) - 60} more" if len(names) > 60 else "")
