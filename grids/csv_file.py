"""Surfaces from and to CSV: anyone's sweep can be replayed, and any surface opened in a spreadsheet."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grids.atomic import write_whole
from grids.csv_table import CsvTable
from grids.errors import BadInput
from grids.space import Axis, Space, number_text
from grids.surface import Provenance, Surface
from grids.surface_file import row_order

DIVERGED = "diverged"
_CLOSE = 1e-6
"""Two values of an axis that differ relatively by less are taken for one that was rounded in two ways."""


def read(
    path: str | Path,
    axes: Sequence[str],
    value: str,
    *,
    seed: str | None = None,
    maximize: bool = False,
    unit: str = "",
    task: str | None = None,
    optimizer: str | None = None,
    metric: str | None = None,
    created: str = "",
    command: str = "",
) -> Surface:
    """A surface from a CSV with a header line and one row for each cell (and seed).

    Fields may be separated by commas, semicolons or tabs; other columns are ignored, but for one called
    `diverged` (true/false), which is kept. A value of a diverged run that is blank or not finite becomes the worst
    finite value of the file.

    Args:
        path: the CSV file, UTF-8.
        axes: the columns that make a cell, in the space's order.
        value: the column of values; lower is better unless `maximize`.
        seed: the column of whole-number seeds; without it every row is seed 0.
        maximize: higher is better in the file: values are negated, and the provenance says so.
        unit: of the value, as `%`.
        task, optimizer: what the surface is called; by default the file's name and `imported`.
        metric: what the value is; by default its column's name, with a minus where it was negated.
        created, command: for the provenance.

    Raises:
        BadInput: naming the row, column or cell: no such file or column, no rows, a field that is no number, a
            value that is not finite in a run that did not diverge, a cell missing or given twice.
    """
    columns = [*axes, value, *([seed] if seed else [])]
    if not axes or len(set(columns)) != len(columns):
        raise BadInput(f"axes, value and seed must be different columns, not {', '.join(columns)}")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        table = CsvTable.parse(content)
        space, seeds, values, diverged = _surface(table, axes, value, seed, maximize)
        return Surface(
            space=space,
            seeds=seeds,
            value=values,
            diverged=diverged,
            provenance=Provenance(
                task=task or Path(path).stem,
                optimizer=optimizer or "imported",
                metric=metric or (f"-{value}" if maximize else value),
                unit=unit,
                fixed={"maximize": True} if maximize else {},
                data={
                    "name": Path(path).name,
                    "rows": len(table.rows),
                    "sha256": hashlib.sha256(content).hexdigest(),
                },
                created=created,
                command=command,
            ),
        )
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _surface(
    table: CsvTable, axes: Sequence[str], value: str, seed: str | None, maximize: bool
) -> tuple[Space, tuple[int, ...], np.ndarray, np.ndarray]:
    """The space, the seeds, and value and `diverged` in the shape `[*shape, seeds]`."""
    for name in (*axes, value, *([seed] if seed else [])):
        table.text(name)  # a column that is not there is the first thing to say
    rows = len(table.rows)
    columns = {name: table.numbers(name) for name in axes}
    columns["seed"] = table.whole_numbers(seed) if seed else np.zeros(rows, np.int64)
    diverged = table.flags(DIVERGED) if DIVERGED in table.header else np.zeros(rows, bool)
    values = table.numbers_or(value, diverged)
    values = 0.0 - values if maximize else values
    known = np.isfinite(values)
    if not known.any():
        raise BadInput("every run diverged: there is no value to tell cells apart")
    values = np.where(known, values, values[known].max())

    space = Space(tuple(Axis.of(name, np.unique(columns[name]).tolist()) for name in axes))
    try:
        order, seeds = row_order(space, columns)
    except BadInput as error:
        raise BadInput(f"{error}{_hint(space, table, seed)}") from error
    shape = (*space.shape, len(seeds))
    return space, seeds, values[order].reshape(shape), diverged[order].reshape(shape)


def _hint(space: Space, table: CsvTable, seed: str | None) -> str:
    """What may be behind cells that are missing or given twice."""
    if seed is None and "seed" in table.header:
        return "; its column 'seed' is read only with --seed-column seed"
    for axis in space.axes:
        for low, high in zip(axis.values, axis.values[1:], strict=False):
            if high - low < _CLOSE * abs(high):
                return f"; {axis.name} is {number_text(low)} in some rows and {number_text(high)} in others"
    return ""


def text(surface: Surface) -> str:
    """The surface as CSV: a row for each cell and seed, every number in full, so that it reads back exactly.

    All columns of the surface's file but `curve`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    further = [name for name in ("train_loss", "seconds") if getattr(surface, name) is not None]
    writer.writerow([*surface.space.names, "seed", "value", DIVERGED, *further])
    for cell in surface.space:
        point = list(surface.space.values(cell).values())
        for number, seed in enumerate(surface.seeds):
            place = (*cell, number)
            more = [repr(float(getattr(surface, name)[place])) for name in further]
            flag = "true" if surface.diverged[place] else "false"
            writer.writerow([*map(repr, point), seed, repr(float(surface.value[place])), flag, *more])
    return out.getvalue()


def write(surface: Surface, path: str | Path) -> None:
    """Write the surface as a CSV file, whole or not at all. Raises BadInput where it cannot be written."""
    write_whole(path, text(surface))
