"""Turn a table into a surface, given what its columns mean."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief, unknown
from grids.space import value_text
from grids.surface import COLUMNS, Fidelity, Provenance, Surface
from grids.tables import columns
from grids.tables.cells import Layout, Rows, arrange
from grids.tables.numbers import missing as is_missing
from grids.tables.numbers import plain
from grids.tables.raw import PARAMETERS, RawTable, tidy
from grids.tables.trials import unfinished, without_retried

DIVERGED, FILLED = "diverged", "filled"
LARGEST = 1e305
"""Largest size of a value: beyond it the difference of two values may overflow."""
_OWN = ("train_loss", "seconds")
"""Columns that a surface has a field for; `keep` puts other ones into `Surface.extra`."""


@dataclass(frozen=True)
class Meaning:
    """What the columns of a table mean.

    Args:
        axes: the columns that identify a cell, in the space's order; by default those with a prefix of hyperparameters
            (`config.`, `params.`, `params_`).
        value: the column of values; lower is better unless `maximize`.
        seed: the column of seeds, whole numbers; without it every row has seed 0.
        epoch: the column of epochs or another fidelity, with one row for each; the run's value is that of the last.
        maximize: whether higher is better in the table; values are then negated, and the provenance records it.
        missing: `refuse`, or what replaces a missing value or cell: `worst`, or a number, in the table's own direction.
        seeds: `all`: every cell must have every seed; `common`: keep only the seeds that all cells have.
        number_seeds: whether rows of one cell are its seeds 0, 1, … in order of appearance.
        where: texts `COLUMN=VALUE`: keep only these rows; one column may be given several times, with other values.
        keep: further numeric columns to store.
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
    pool: bool | None = False
    scales: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    optimizer: str | None = None
    metric: str | None = None
    unit: str = ""
    created: str = ""
    command: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def meaning_of(**options: Any) -> Meaning:
    """A `Meaning` from keywords.

    Raises:
        BadInput: an unknown keyword, or a single text where a list belongs.
    """
    known = [one.name for one in fields(Meaning)]
    for name, given in options.items():
        if name not in known:
            raise unknown("option", name, known)
        if name in ("axes", "where", "keep") and isinstance(given, str):
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


def surface_of(table: RawTable, meaning: Meaning) -> Surface:
    """The surface of a table's rows.

    Raises:
        BadInput: an unknown column, a field that is not a number, a missing value of a run that did not diverge, a cell
            that is missing or given twice. The message names the row, column or cell and an option that may help.
    """
    fill = _fill(meaning)
    given = [*meaning.axes, meaning.value, *(name for name in (meaning.seed, meaning.epoch) if name)]
    if len(set(given)) != len(given):
        raise BadInput(f"axes, value, seed and epoch must be different columns, not {', '.join(given)}")
    table = _selected(table, meaning.where)
    selected = len(table)
    meaning, table, fixed = _axes(table, meaning)
    value, seed, epoch = table.find(meaning.value), meaning.seed, meaning.epoch
    full = [table.find(name) for name in meaning.axes]
    if fill is not None:
        table = without_retried(table, [*full, *(table.find(name) for name in (seed, epoch) if name)])
    if len(table) < selected:
        meaning = replace(meaning, data={"left_out": selected - len(table), **meaning.data})
    named = [*full, value, *(table.find(name) for name in (seed, epoch) if name)]
    if len(set(named)) != len(named):
        raise BadInput(f"axes, value, seed and epoch must be different columns, not {', '.join(named)}")
    names = tidy(meaning.axes)
    for name in names:
        if name in COLUMNS:
            raise BadInput(f"an axis cannot be called '{name}': a surface has a column of that name already")
    spans = [
        columns.axis(table, column, name, meaning.scales.get(name)) for column, name in zip(full, names, strict=True)
    ]
    rows = Rows(
        table=table,
        axes=tuple(axis for axis, _ in spans),
        index=np.stack([index for _, index in spans], axis=1),
        seed=columns.whole_numbers(table, seed) if seed else np.zeros(len(table), np.int64),
        epoch=columns.finite(table, epoch) if epoch else None,
        epoch_name=epoch or "",
        used=(*named, DIVERGED, FILLED),
        pool=bool(meaning.pool),
        seeded=bool(seed),
        diverged=columns.flags(table, DIVERGED) if table.has(DIVERGED) else np.zeros(len(table), bool),
    )
    if seed and meaning.number_seeds:
        raise BadInput(
            "--number-seeds makes seeds where there are none, and --seed-column names them: give one of them"
        )
    asked = {"number_seeds": meaning.number_seeds, "common_seeds": meaning.seeds == "common", "fill": fill is not None}
    # A run with a curve has what it reached; it is filled from where it ends.
    absent = unfinished(table) if fill is not None and not epoch else np.zeros(len(table), bool)
    numbers = _Values(table, value, rows.diverged, absent, meaning.maximize, fill)
    layout = _layout(rows, meaning.pool, asked)
    return _surface(table, meaning, layout, numbers, value, fixed)


def _layout(rows: Rows, pool: bool | None, asked: Mapping[str, bool]) -> Layout:
    if pool is not None:
        return arrange(rows, **asked)
    try:
        return arrange(rows, **asked)
    except BadInput:
        return arrange(replace(rows, pool=True), **asked)


def _fill(meaning: Meaning) -> str | float | None:
    """What replaces missing values: `worst` or a number; None where they are refused."""
    if meaning.seeds not in ("all", "common"):
        raise BadInput(f"--seeds must be all or common, not '{brief(meaning.seeds)}'")
    text = str(meaning.missing).strip()
    if text == "refuse":
        return None
    if text == "worst":
        return text
    number = plain(text)
    if number is None or not math.isfinite(number):
        raise BadInput(f"--missing must be refuse, worst or a number, not '{brief(text)}'")
    if abs(number) > LARGEST:
        raise BadInput(f"--missing {text}: a value may be at most {LARGEST:g} in size")
    return -number + 0.0 if meaning.maximize else number


def _selected(table: RawTable, where: Sequence[str]) -> RawTable:
    """The rows that `where` keeps."""
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
        codes, levels = pd.factorize(table.texts(name))
        texts = [str(text) for text in levels.tolist()]
        held = np.zeros(len(texts), bool)
        for value in values:
            found = np.array([_alike(text, value) for text in texts])
            if not found.any():
                raise BadInput(f"--where {name}: {unknown('value', value, map(value_text, texts))}")
            held |= found
        keep &= held[codes]
    if not keep.any():
        raise BadInput(f"no row has {' and '.join(where)}")
    return table.take(keep) if wanted else table


def _alike(text: str, value: str) -> bool:
    """Whether a field equals a value given as text: the same text, number or boolean, or both missing."""
    if text == value or (is_missing(text) and is_missing(value)):
        return True
    one, other = plain(text), plain(value)
    if one is not None and other is not None:
        return one == other
    return text.lower() == value.lower() and value.lower() in ("true", "false")


def _axes(table: RawTable, meaning: Meaning) -> tuple[Meaning, RawTable, dict[str, Any]]:
    """The meaning with its axes, the table without unfinished trials, and the hyperparameters that never change."""
    if str(meaning.missing).strip() == "refuse":  # otherwise an unfinished trial is given a value
        table = table.take(~unfinished(table))
    if meaning.axes:
        return meaning, table, {}
    found = [name for name in table.header if any(name.startswith(p) and name != p for p in PARAMETERS)]
    others = {table.find(name) for name in (meaning.value, meaning.seed, meaning.epoch, *meaning.keep) if name}
    found = [name for name in dict.fromkeys(found) if name not in others and table.has(name)]
    if not found:
        raise BadInput(
            f"which columns make a cell? --axes names none, and no column begins with {', '.join(PARAMETERS[:4])} "
            f"(columns: {', '.join(map(brief, table.header[:60]))})"
        )
    short = dict(zip(found, tidy(found), strict=True))
    seed = next((name for name in found if short[name] == "seed"), None)
    if seed and not meaning.seed and not meaning.number_seeds:
        meaning = replace(meaning, seed=seed)
    vary = [name for name in found if name != seed and len(pd.unique(table.texts(name))) > 1]
    fixed = {short[name]: table.texts(name)[0] for name in found if name not in vary and name != seed}
    if not vary:
        raise BadInput("no hyperparameter has two values: there is nothing to tune")
    return replace(meaning, axes=vary), table, {name: text for name, text in fixed.items() if text}


class _Values:
    """The values of the rows (lower is better) as float64 `[rows]`, and which rows diverged or were filled in."""

    def __init__(
        self,
        table: RawTable,
        name: str,
        diverged: np.ndarray,
        absent: np.ndarray,
        maximize: bool,
        fill: str | float | None,
    ) -> None:
        self.diverged = diverged
        self.filled = columns.flags(table, FILLED) if table.has(FILLED) else np.zeros(len(table), bool)
        read = columns.numbers(table, name, self.diverged)
        self.percent = read.percent
        if name in (DIVERGED, FILLED):
            raise BadInput(f"the column '{name}' says which runs did so, and holds no values")
        missing = (read.missing | absent) & ~self.diverged
        if missing.any() and fill is None:
            way = "; mark the run in a column 'diverged', or choose --missing worst or --missing NUMBER"
            raise columns.absent(table, name, int(np.argmax(missing)), way)
        values = 0.0 - read.numbers if maximize else read.numbers
        large = np.isfinite(values) & (np.abs(np.where(np.isfinite(values), values, 0.0)) > LARGEST)
        values = np.where((large & self.diverged) | missing, np.nan, values)
        known, large = np.isfinite(values), large & ~self.diverged
        if large.any():
            row = int(np.argmax(large))
            text = brief(str(table.texts(name)[row]))
            raise BadInput(f"{table.place(row)}, column '{name}': {text} is beyond {LARGEST:g}, where differences end")
        if not known.any():
            raise BadInput(
                "every run diverged: there is no value to tell cells apart"
                if self.diverged.any()
                else f"column '{name}' holds no number at all"
            )
        counted = known & ~self.diverged
        self.worst = float(values[counted if counted.any() else known].max())
        self.fill = self.worst if isinstance(fill, str) else fill
        self.asked = (
            "worst" if isinstance(fill, str) else "" if fill is None else f"{(-fill if maximize else fill) + 0.0:g}"
        )
        self.filled |= missing
        self.values = np.where(missing, self.fill if self.fill is not None else np.nan, values)


def _surface(
    table: RawTable, meaning: Meaning, layout: Layout, numbers: _Values, value: str, fixed: Mapping[str, Any]
) -> Surface:
    there = layout.row >= 0
    row = np.where(there, layout.row, 0)
    shape = (*layout.space.shape, len(layout.seeds))
    points = np.where(there, numbers.values[row], np.nan)
    diverged = (there & numbers.diverged[row]).any(axis=-1)
    filled = there & numbers.filled[row]
    gaps = ~there & ~diverged[..., None]
    if numbers.fill is not None:
        points, filled = np.where(gaps, numbers.fill, points), filled | gaps
    points[..., -1] = _without_diverged(points[..., -1], diverged, numbers.worst)
    ever = filled.any(axis=-1) & ~diverged
    curve = points.reshape(*shape, -1) if meaning.epoch else None
    given = {name: columns.numbers(table, name).numbers for name in dict.fromkeys(meaning.keep)}
    kept = {
        name: np.where(there[..., -1], column[row[..., -1]], np.nan).reshape(shape)
        for name, column in zip(tidy(list(given)), given.values(), strict=True)
    }
    return Surface(
        space=layout.space,
        seeds=layout.seeds,
        value=points[..., -1].reshape(shape),
        diverged=diverged.reshape(shape),
        provenance=_provenance(table, meaning, numbers, value, fixed, ever),
        curve=curve,
        fidelity=Fidelity(tidy([meaning.epoch])[0], layout.points) if meaning.epoch else None,
        extra={name: column for name, column in kept.items() if name not in _OWN},
        filled=ever.reshape(shape) if ever.any() else None,
        **{name: kept.get(name) for name in _OWN},
    )


def _without_diverged(value: np.ndarray, diverged: np.ndarray, worst: float) -> np.ndarray:
    """`value` with what a diverged run is worth in place of the values of the runs that diverged.

    What a program wrote down of them says nothing of the cell: the last number before the end, 0, or none. They are
    worth the worst value of all others; where they all have one value that is no better than the median of the others,
    it is that value, as in a table that this program exported.
    """
    own, others = value[diverged & np.isfinite(value)], value[~diverged]
    shared = own.size > 0 and (own == own[0]).all() and (not others.size or own[0] >= np.median(others))
    return np.where(diverged, own[0] if shared else worst, value)


def _stem(name: str) -> str:
    """A file's name without the endings of formats: `my.sweep` for `my.sweep.csv.gz`."""
    stem = name.removesuffix(".gz")
    for ending in (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet"):
        stem = stem.removesuffix(ending)
    return stem


def _provenance(
    table: RawTable, meaning: Meaning, numbers: _Values, value: str, fixed: Mapping[str, Any], filled: np.ndarray
) -> Provenance:
    short = tidy([value])[0]
    where = {"where": list(meaning.where)} if meaning.where else {}
    source = {"name": table.name, "rows": len(table), **({"sha256": table.sha256} if table.sha256 else {})}
    counts = {
        "cells": int(filled.any(axis=-1).sum()),
        "runs": int(filled.sum()),
        "with": numbers.asked or "the table's own",
    }
    worth = {} if numbers.fill is None else {"value": numbers.fill}
    one = [each.partition("=")[2].strip() for each in meaning.where if each.partition("=")[0].strip() == "optimizer"]
    maximized = {"maximize": True} if meaning.maximize else {}
    return Provenance(
        task=meaning.task or _stem(table.name) or "table",
        optimizer=meaning.optimizer or (one[0] if len(one) == 1 and one[0] else "imported"),
        metric=meaning.metric or (f"-{short}" if meaning.maximize else short),
        unit=meaning.unit or ("%" if numbers.percent else ""),
        fixed={**fixed, **maximized},
        data={**source, **where, **({"epoch_column": meaning.epoch} if meaning.epoch else {}), **meaning.data},
        created=meaning.created,
        command=meaning.command,
        filled={**counts, **worth} if filled.any() else {},
    )
