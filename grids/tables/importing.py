"""Turn a table into a surface: select rows, find what columns mean, arrange rows as runs, fill what is missing."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grids.errors import BadInput, brief
from grids.surface import COLUMNS, Fidelity, Provenance, Surface
from grids.tables.axes import axis
from grids.tables.cells import Layout, Rows, arrange
from grids.tables.frame import Frame, tidy
from grids.tables.meaning import Meaning, directed, meaning_of, split_names, stacked, value_of, with_axes
from grids.tables.rows import States, selected, states, without_retried, without_second_rows
from grids.tables.values import Settled, Values, carried, curves_of, settled, steps_beside

DIVERGED, FILLED = "diverged", "filled"
_MANY = 1 / 3
"""The share of filled cells from which on it is said."""
_OWN = ("train_loss", "seconds")
"""Columns that a surface has a field for; `keep` puts other ones into `Surface.extra`."""


def surface_of(table: Frame, meaning: Meaning) -> Surface:
    """The surface of a table's rows.

    Raises:
        BadInput: an unknown column, a field that is not a number, a missing value of a run that did not diverge, a cell
            that is missing or given twice. The message names the row, column or cell and an option that may help.
    """
    meaning.check_different()
    table, where = selected(table, meaning.where)
    meaning = meaning.told_by(table.hints)
    table, meaning = stacked(table, replace(meaning, value=value_of(table, meaning)))
    if table.column(meaning.value).is_lists:
        table, name = steps_beside(table, table.find(meaning.value), meaning.epoch)
        meaning = replace(meaning, epoch=None, fidelity=name)
    meaning, told = directed(table, meaning)
    fill = meaning.fill
    value = table.find(meaning.value)
    table, meaning, fixed, dropped = with_axes(table, meaning, value)
    full = [table.find(name) for name in meaning.axes]
    run = [*full, *(table.find(name) for name in (meaning.seed, meaning.epoch) if name)]
    table, found, counts, left_out = _with_results(table, states(table, where), value, run, fill is not None)
    if meaning.epoch:
        table, found = without_second_rows(table, found, table.column(value), run)
    replace(meaning, axes=run, value=value, seed=None, epoch=None).check_different()
    rows, notes = _rows(table, meaning, full, (value, *run))
    notes = [*table.notes, *notes]
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
    made = settled(table, layout, values)
    curve, fidelity = _curve(table, meaning, layout, values, made, found)
    kept, summed = _kept(table, meaning, layout)
    notes += [summed] if summed else []
    share = made.filled.any(axis=-1).mean()
    if share > _MANY:
        notes.append(f"{share:.0%} of the cells are filled in: means and quantiles speak of what fills them")
    said = {"left_out": left_out, "no_trials": dropped, "states": counts, "direction": told, "notes": notes}
    meaning = replace(meaning, data={**{name: item for name, item in said.items() if item}, **meaning.data})
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


def _with_results(
    table: Frame, found: States, value: str, run: Sequence[str], fill: bool
) -> tuple[Frame, States, dict[str, int], int]:
    """The table without trials that have no result, or where missing values are filled without those that were retried.

    Returns:
        The table, the states of its rows, how many trials there were of each state, and how many rows were left out.
    """
    counts = found.counts
    if "pool" in table.hints:  # a store's trials: one without a value failed, whatever its state says
        none = table.column(value).parsed.missing & ~found.left
        counts |= {"without a value": int(none.sum())} if none.any() else {}
        found = States(found.failed | none, found.unfinished)
    stay = without_retried(table, found.left, run) if fill else ~found.left
    return table.take(stay), found.take(stay), counts, int((~stay).sum())


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


def _rows(table: Frame, meaning: Meaning, full: Sequence[str], used: Sequence[str]) -> tuple[Rows, list[str]]:
    """The axes, and each row's place on them, its seed and epoch; and notes."""
    names = tidy(full if all(name in full for name in meaning.axes) else meaning.axes)
    for name in names:
        if name in COLUMNS:
            raise BadInput(f"an axis cannot be called '{name}': a surface has a column of that name already")
    labelled = {table.find(name) for name in meaning.labels}
    if strange := labelled - set(full):
        raise BadInput(f"--labels {strange.pop()}: is none of the axes")
    axes, index, notes = [], [], []
    for column, name in zip(full, names, strict=True):
        scale = meaning.scales.get(name) or meaning.scales.get(column)
        made, places, note = axis(table, column, name, scale, column in labelled, meaning.pool is not False)
        axes.append(made)
        index.append(places)
        notes += [note] if note else []
    seed, epoch = meaning.seed, meaning.epoch
    rows = Rows(
        table=table,
        axes=tuple(axes),
        index=np.stack(index, axis=1),
        seed=table.whole_numbers(seed) if seed else np.zeros(len(table), np.int64),
        epoch=table.finite(epoch) if epoch else None,
        epoch_name=epoch or "",
        used=(*used, DIVERGED, FILLED),
        pool=bool(meaning.pool),
        seeded=bool(seed),
        diverged=table.flags(DIVERGED) if table.has(DIVERGED) else np.zeros(len(table), bool),
    )
    return rows, notes


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
    curves = curves_of(table.column(column), meaning.fidelity or "step", None if exported else used & ~found.left)
    if len(curves.points) < 2:
        return None, None
    fidelity = Fidelity(curves.name, curves.points)
    own = np.where(layout.row >= 0, curves.values[layout.row[..., 0]], np.nan)
    own = 0.0 - own if meaning.maximize else own
    if exported:
        return own.astype(exported), fidelity
    own = carried(own)
    return np.where(np.isnan(own), made.points[..., -1:], own), fidelity


def _kept(table: Frame, meaning: Meaning, layout: Layout) -> tuple[dict[str, np.ndarray], str]:
    """The further columns, float64 `[cells, seeds]`: of a run's rows the last, but for seconds that are to be summed;
    and which of the two was done.

    Raises:
        BadInput: a column that is not of numbers, or negative seconds.
    """
    names = [table.find(name) for name in dict.fromkeys(meaning.keep)]
    there, made, note = layout.row >= 0, {}, ""
    for full, name in zip(names, tidy(names), strict=True):
        numbers = table.numbers(full).numbers
        points = np.where(there, numbers[np.where(there, layout.row, 0)], np.nan)
        if name == "seconds" and (numbers < 0).any():
            row = int(np.argmax(numbers < 0))
            raise BadInput(f"{table.place(row)}, column '{full}': seconds cannot be negative")
        if name == "seconds" and points.shape[-1] > 1:
            rising = bool((np.diff(points, axis=-1) > 0).all())
            summed = meaning.seconds == "sum" or (meaning.seconds == "auto" and not rising)
            how = "summed over the rows of each run" if summed else "those of each run's last row"
            note = f"seconds are {how} (--seconds sum or elapsed)"
            points = np.nansum(points, axis=-1, keepdims=True) if summed else points
        made[name] = points[..., -1]
    return made, note


def _provenance(
    table: Frame, meaning: Meaning, values: Values, made: Settled, value: str, fixed: Mapping[str, Any]
) -> Provenance:
    stem = re.sub(r"(\.(csv|tsv|txt|json|jsonl|ndjson|parquet))*(\.zip)?(\.gz)?$", "", table.name)
    short = tidy([value])[0]
    source = {"name": table.name, "rows": len(table), "sha256": table.sha256, "where": list(meaning.where)}
    source |= {"epoch_column": meaning.epoch}
    chosen = [each.partition("=")[2].strip() for each in meaning.where if each.partition("=")[0].strip() == "optimizer"]
    filled: dict[str, Any] = {}
    if made.filled.any():
        counts = {"cells": int(made.filled.any(axis=-1).sum()), "runs": int(made.filled.sum())}
        worth = {} if made.fill is None else {"value": made.fill}
        filled = {**counts, "with": _asked(meaning) or "the table's own", **worth}
    return Provenance(
        task=meaning.task or stem or "table",
        optimizer=meaning.optimizer or (chosen[0] if len(chosen) == 1 and chosen[0] else "imported"),
        metric=meaning.metric or (f"-{short}" if meaning.maximize else short),
        unit=meaning.unit or ("%" if values.percent else ""),
        fixed={**fixed, **table.hints.get("fixed", {}), **({"maximize": True} if meaning.maximize else {})},
        data={**{name: item for name, item in source.items() if item}, **meaning.data},
        created=meaning.created,
        command=meaning.command,
        filled=filled,
    )


def _asked(meaning: Meaning) -> str:
    """What was asked to fill missing values with, in the table's own direction; empty where nothing was."""
    fill = meaning.fill
    if fill is None or isinstance(fill, str):
        return fill or ""
    return f"{(-fill if meaning.maximize else fill) + 0.0:g}"


__all__ = ["DIVERGED", "FILLED", "Meaning", "meaning_of", "split_names", "surface_of", "surfaces_of"]
