"""Turn a table into a surface: select rows, find what columns mean, arrange rows as runs, fill what is missing."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grids.errors import BadInput, brief, unknown
from grids.space import value_text
from grids.surface import COLUMNS, Fidelity, Provenance, Surface
from grids.tables.axes import axis
from grids.tables.cells import Layout, Rows, arrange
from grids.tables.curves import curves_of, steps_beside
from grids.tables.frame import PARAMETERS, Column, Frame, bookkeeping, candidates, short_name, tidy
from grids.tables.meaning import LARGEST_VALUE, Meaning, meaning_of, split_names, values_in
from grids.tables.numbers import missing as is_missing
from grids.tables.numbers import plain
from grids.tables.runs import Settled, Values, carried, settled
from grids.tables.states import States, key_of, states, without_retried

DIVERGED, FILLED = "diverged", "filled"
_OWN = ("train_loss", "seconds")
"""Columns that a surface has a field for; `keep` puts other ones into `Surface.extra`."""
_SEVERAL = "value column"
"""The column of seeds where several columns of values are seeds."""


def surface_of(table: Frame, meaning: Meaning) -> Surface:
    """The surface of a table's rows.

    Raises:
        BadInput: an unknown column, a field that is not a number, a missing value of a run that did not diverge, a cell
            that is missing or given twice. The message names the row, column or cell and an option that may help.
    """
    meaning.check_different()
    table, where = _selected(table, meaning.where)
    meaning = meaning.told_by(table.hints)
    notes = list(table.notes)
    table, meaning = _stacked(table, replace(meaning, value=_value(table, meaning)))
    if table.column(meaning.value).is_lists:
        table, name = steps_beside(table, table.find(meaning.value), meaning.epoch)
        meaning = replace(meaning, epoch=None, fidelity=name)
    meaning, told = _direction(table, meaning)
    fill = meaning.fill
    value = table.find(meaning.value)
    table, meaning, fixed, dropped = _axes(table, meaning, value)
    found = states(table, where)
    counts = found.counts
    if "pool" in table.hints:  # a store's trials: one without a value failed, whatever its state says
        none = table.column(value).parsed.missing & ~found.left
        counts |= {"without a value": int(none.sum())} if none.any() else {}
        found = States(found.failed | none, found.unfinished)
    if fill is None:
        table, found, retried = table.take(~found.left), _none(table, found), 0
    full = [table.find(name) for name in meaning.axes]
    run = [*full, *(table.find(name) for name in (meaning.seed, meaning.epoch) if name)]
    if fill is not None:
        stay = without_retried(table, found.left, run)
        table, found, retried = table.take(stay), States(found.failed[stay], found.unfinished[stay]), int((~stay).sum())
    if meaning.epoch:
        table, found = _without_second_rows(table, found, value, run)
    left_out = retried + (sum(counts.values()) if fill is None else 0)
    replace(meaning, axes=run, value=value, seed=None, epoch=None).check_different()
    rows, more = _rows(table, meaning, full, (value, *run))
    notes += more
    if meaning.seed and meaning.number_seeds:
        raise BadInput(
            "--number-seeds makes seeds where there are none, and --seed-column names them: give one of them"
        )
    asked = {"number_seeds": meaning.number_seeds, "common_seeds": meaning.seeds == "common", "fill": fill is not None}
    values = Values.of(table, value, rows.diverged, found, meaning.maximize, fill)
    layout, reason = _layout(rows, meaning.pool, asked)
    notes += [reason] if reason else []
    if layout.restarted:
        notes.append(f"{layout.restarted} run(s) that were begun again are left out")
    data = {
        **({"left_out": left_out} if left_out else {}),
        **({"no_trials": dropped} if dropped else {}),
        **({"states": counts} if counts else {}),
        **({"direction": told} if told else {}),
        **({"notes": notes} if any(notes) else {}),
    }
    meaning = replace(meaning, data={**data, **meaning.data})
    made = settled(table, layout, values)
    curve, fidelity = _curve(table, meaning, layout, values, made, found)
    kept = _kept(table, meaning, layout)
    shape = (*layout.space.shape, len(layout.seeds))
    filled = made.filled.reshape(shape) if made.filled.any() else None
    return Surface(
        space=layout.space,
        seeds=layout.seeds,
        value=made.points[..., -1].reshape(shape),
        diverged=made.diverged.reshape(shape),
        provenance=_provenance(table, meaning, values, made, value, fixed),
        curve=None if curve is None else curve.reshape(*shape, -1),
        fidelity=fidelity,
        extra={name: column.reshape(shape) for name, column in kept.items() if name not in _OWN},
        filled=filled,
        **{name: kept[name].reshape(shape) if name in kept else None for name in _OWN},
    )


def surfaces_of(table: Frame, meaning: Meaning, by: str) -> dict[str, Surface]:
    """A surface for each value of the column `by`, each with the axis values that its own rows have.

    A table of one factor at a time is one too: where the values of `by` are names of hyperparameters, `axes` names the
    column that holds the factor's value.

    Raises:
        BadInput: as `surface_of`; the message begins with the value.
    """
    codes, levels = table.column(by).coded
    made: dict[str, Surface] = {}
    for place, level in enumerate(levels):
        part = table.take(codes == place)
        name = level or "None"
        one = replace(meaning, optimizer=meaning.optimizer or name, data={"by": f"{by}={name}", **meaning.data})
        if len(meaning.axes) == 1 and meaning.axes[0] == "value" and name not in table.header:
            part, one = _named_factor(part, one, name)
        try:
            made[name] = surface_of(part, one)
        except BadInput as error:
            raise BadInput(f"{by}={brief(name)}: {error}") from error
    return made


def _named_factor(table: Frame, meaning: Meaning, name: str) -> tuple[Frame, Meaning]:
    """The part of one factor, with the column `value` under the factor's name."""
    column = table.column("value")
    return table.without(["value"]).with_columns({name: column}), replace(meaning, axes=[name])


def _none(table: Frame, found: States) -> States:
    """No states, for the rows that stay where trials without a result are left out."""
    none = np.zeros(int((~found.left).sum()), bool)
    return States(none, none)


def _layout(rows: Rows, pool: bool | None, asked: Mapping[str, bool]) -> tuple[Layout, str]:
    """The rows as a grid or a pool; where `pool` is None, a pool if they fill no grid, and why not."""
    if pool is not None:
        return arrange(rows, **asked), ""
    if math.prod(map(len, rows.axes)) < 2 * len(np.unique(rows.index, axis=0)):
        try:
            return arrange(rows, **asked), ""
        except BadInput as error:
            reason = f"its trials form a pool and no grid: {error}"
    else:
        reason = "its trials form a pool: they are fewer than half the cells of a grid"
    return arrange(replace(rows, pool=True), **asked), reason


def _selected(table: Frame, where: Sequence[str]) -> tuple[Frame, dict[str, list[str]]]:
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
        codes, levels = table.column(name).coded
        held = np.zeros(len(levels), bool)
        for value in values:
            alike = np.array([_alike(text, value) for text in levels])
            if not alike.any():
                raise BadInput(f"--where {name}: {unknown('value', value, map(value_text, levels))}")
            held |= alike
        keep &= held[codes]
    if not keep.any():
        raise BadInput(f"no row has {' and '.join(where)}")
    return table.take(keep), wanted


def _alike(text: str, value: str) -> bool:
    """Whether a field equals a value given as text: the same text, number or boolean, or both missing."""
    if text == value or (is_missing(text) and is_missing(value)):
        return True
    one, other = plain(text), plain(value)
    if one is not None and other is not None:
        return one == other
    return text.lower() == value.lower() and value.lower() in ("true", "false")


def _value(table: Frame, meaning: Meaning) -> str:
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


def _stacked(table: Frame, meaning: Meaning) -> tuple[Frame, Meaning]:
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
    return kept, replace(meaning, value=called, **{"epoch" if as_epochs else "seed": told})


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


def _direction(table: Frame, meaning: Meaning) -> tuple[Meaning, str]:
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


def _axes(table: Frame, meaning: Meaning, value: str) -> tuple[Frame, Meaning, dict[str, Any], int]:
    """The table without rows that are no trials, the meaning with its axes, what never changes, and how many rows."""
    rows = len(table)
    table = _without_parents(table)
    found = [table.find(name) for name in meaning.axes] or table.parameters()
    if not meaning.axes:
        others = {table.find(name) for name in (value, meaning.seed, meaning.epoch, *meaning.keep) if name}
        found = [name for name in found if name not in others]
    table = _without_blank(table, found, value)
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
    levels = {name: table.column(name).coded for name in found}
    vary = [name for name in found if name != seed and len(np.unique(levels[name][0])) > 1]
    fixed = {short[name]: table.column(name).text(0) for name in found if name not in vary and name != seed}
    if not vary:
        raise BadInput("no hyperparameter has two values: there is nothing to tune")
    skipped = [name for name in table.header if short_name(name) != name and bookkeeping(name)]
    if skipped:
        note = f"{brief(', '.join(skipped))} left out as another program's bookkeeping"
        table = replace(table, notes=(*table.notes, note))
    return table, replace(meaning, axes=vary), {name: text for name, text in fixed.items() if text}, dropped


def _without_parents(table: Frame) -> Frame:
    """The table without runs of which others are parts, as MLflow's autologging of a search writes them."""
    tag = next((name for name in table.header if name.endswith("mlflow.parentRunId") and table.has(name)), None)
    if tag is None or not table.has("run_id"):
        return table
    parents = {level for level in table.column(tag).coded[1] if level}
    codes, levels = table.column("run_id").coded
    return table.take(~np.array([level in parents for level in levels], bool)[codes])


def _without_blank(table: Frame, names: Sequence[str], value: str) -> Frame:
    """The table without rows that have neither a value nor any of these hyperparameters."""
    if not names:
        return table
    blank = np.ones(len(table), bool)
    for name in [value, *names]:
        if not blank.any():
            return table
        codes, levels = table.column(name).coded
        blank &= np.array([is_missing(level) for level in levels], bool)[codes]
    return table if blank.all() else table.take(~blank)


def _without_second_rows(table: Frame, found: States, value: str, run: Sequence[str]) -> tuple[Frame, States]:
    """The table without rows that have no value where another row of the run and epoch has one."""
    codes, levels = table.column(value).coded
    blank = np.array([is_missing(level) for level in levels], bool)[codes]
    if not blank.any():
        return table, found
    key = key_of(table, run)
    stay = ~(blank & np.isin(key, key[~blank]))
    return table.take(stay), States(found.failed[stay], found.unfinished[stay])


def _rows(table: Frame, meaning: Meaning, full: Sequence[str], used: Sequence[str]) -> tuple[Rows, list[str]]:
    """The axes, and each row's place on them, its seed and epoch; and notes."""
    names = tidy(full if all(name in full for name in meaning.axes) else meaning.axes)
    for name in names:
        if name in COLUMNS:
            raise BadInput(f"an axis cannot be called '{name}': a surface has a column of that name already")
    labelled = {table.find(name) for name in meaning.labels}
    if strange := labelled - set(full):
        raise BadInput(f"--labels {strange.pop()}: is none of the axes")
    spans = [
        axis(
            table,
            column,
            name,
            meaning.scales.get(name) or meaning.scales.get(column),
            column in labelled,
            meaning.pool is not False,
        )
        for column, name in zip(full, names, strict=True)
    ]
    seed, epoch = meaning.seed, meaning.epoch
    rows = Rows(
        table=table,
        axes=tuple(made for made, _, _ in spans),
        index=np.stack([index for _, index, _ in spans], axis=1),
        seed=table.whole_numbers(seed) if seed else np.zeros(len(table), np.int64),
        epoch=table.finite(epoch) if epoch else None,
        epoch_name=epoch or "",
        used=(*used, DIVERGED, FILLED),
        pool=bool(meaning.pool),
        seeded=bool(seed),
        diverged=table.flags(DIVERGED) if table.has(DIVERGED) else np.zeros(len(table), bool),
    )
    return rows, [note for _, _, note in spans if note]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(brief, names[:60])) + (f" and {len(names) - 60} more" if len(names) > 60 else "")


def _curve(
    table: Frame, meaning: Meaning, layout: Layout, values: Values, made: Settled, found: States
) -> tuple[np.ndarray | None, Fidelity | None]:
    """The curves `[cells, seeds, points]`, by rows, in the lists of values, or in a column beside the values."""
    if values.points is not None and len(values.points) > 1:
        return made.points, Fidelity(meaning.fidelity or "step", values.points)
    if meaning.epoch:
        return made.points, Fidelity(tidy([meaning.epoch])[0], layout.points)
    column = table.curves.get(meaning.value)
    if column is None or not table.column(column).is_lists:
        return None, None
    used = np.zeros(len(table), bool)
    used[layout.row[layout.row >= 0]] = True
    exported = table.hints.get("precision")
    common = None if exported else used & ~found.left
    curves = curves_of(table.column(column), meaning.fidelity or "step", common)
    if len(curves.points) < 2:
        return None, None
    own = np.where(layout.row >= 0, curves.values[layout.row[..., 0]], np.nan)
    own = 0.0 - own if meaning.maximize else own
    if exported:
        return own.astype(exported), Fidelity(curves.name, curves.points)
    own = carried(own)
    ends = np.broadcast_to(made.points[..., -1:], own.shape)
    return np.where(np.isnan(own), ends, own), Fidelity(curves.name, curves.points)


def _kept(table: Frame, meaning: Meaning, layout: Layout) -> dict[str, np.ndarray]:
    """The further columns, float64 `[cells, seeds]`: of a run's rows the last, but for seconds that are to be summed.

    Raises:
        BadInput: a column that is not of numbers, or negative seconds.
    """
    names = [table.find(name) for name in dict.fromkeys(meaning.keep)]
    there, made = layout.row >= 0, {}
    for full, name in zip(names, tidy(names), strict=True):
        numbers = table.numbers(full).numbers
        points = np.where(there, numbers[np.where(there, layout.row, 0)], np.nan)
        if name == "seconds":
            if (numbers < 0).any():
                row = int(np.argmax(numbers < 0))
                raise BadInput(f"{table.place(row)}, column '{full}': seconds cannot be negative")
            rising = bool((np.diff(points, axis=-1) > 0).all())
            if points.shape[-1] > 1 and (meaning.seconds == "sum" or (meaning.seconds == "auto" and not rising)):
                points = np.nansum(points, axis=-1, keepdims=True)
        made[name] = points[..., -1]
    return made


def _stem(name: str) -> str:
    """A file's name without the endings of formats: `my.sweep` for `my.sweep.csv.gz`."""
    stem = name.removesuffix(".gz").removesuffix(".zip")
    for ending in (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet"):
        stem = stem.removesuffix(ending)
    return stem


def _provenance(
    table: Frame, meaning: Meaning, values: Values, made: Settled, value: str, fixed: Mapping[str, Any]
) -> Provenance:
    short = tidy([value])[0]
    where = {"where": list(meaning.where)} if meaning.where else {}
    source = {"name": table.name, "rows": len(table), **({"sha256": table.sha256} if table.sha256 else {})}
    one = [each.partition("=")[2].strip() for each in meaning.where if each.partition("=")[0].strip() == "optimizer"]
    maximized = {"maximize": True} if meaning.maximize else {}
    worth = {} if made.fill is None else {"value": made.fill}
    filled = {
        "cells": int(made.filled.any(axis=-1).sum()),
        "runs": int(made.filled.sum()),
        "with": _asked(meaning) or "the table's own",
        **worth,
    }
    return Provenance(
        task=meaning.task or _stem(table.name) or "table",
        optimizer=meaning.optimizer or (one[0] if len(one) == 1 and one[0] else "imported"),
        metric=meaning.metric or (f"-{short}" if meaning.maximize else short),
        unit=meaning.unit or ("%" if values.percent else ""),
        fixed={**fixed, **table.hints.get("fixed", {}), **maximized},
        data={**source, **where, **({"epoch_column": meaning.epoch} if meaning.epoch else {}), **meaning.data},
        created=meaning.created,
        command=meaning.command,
        filled=filled if made.filled.any() else {},
    )


def _asked(meaning: Meaning) -> str:
    """What was asked to fill missing values with, in the table's own direction; empty where nothing was."""
    fill = meaning.fill
    if fill is None or isinstance(fill, str):
        return fill or ""
    return f"{(-fill if meaning.maximize else fill) + 0.0:g}"


__all__ = ["DIVERGED", "FILLED", "LARGEST_VALUE", "Meaning", "meaning_of", "split_names", "surface_of", "surfaces_of"]
