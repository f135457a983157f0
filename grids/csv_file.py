"""Surfaces from and to CSV: anyone's sweep can be replayed, and any surface opened in a spreadsheet."""

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from grids.atomic import write_whole
from grids.errors import BadInput, unknown
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from grids.surface_file import row_order

DIVERGED = "diverged"
_TRUE, _FALSE = {"true", "1", "yes", "t"}, {"false", "0", "no", "f", ""}


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
        seed: the column of integer seeds; without it every row is seed 0.
        maximize: higher is better in the file: values are negated, and the provenance says so.
        unit: of the value, as `%`.
        task, optimizer: what the surface is called; by default the file's name and `imported`.
        command: for the provenance.

    Raises:
        BadInput: naming the row, column or cell: no such file or column, no rows, a field that is no number, a
            value that is not finite in a run that did not diverge, a cell missing or given twice.
    """
    try:
        return _read(Path(path), axes, value, seed, maximize, unit, task, optimizer, command)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _read(
    path: Path,
    axes: Sequence[str],
    value: str,
    seed: str | None,
    maximize: bool,
    unit: str,
    task: str | None,
    optimizer: str | None,
    command: str,
) -> Surface:
    if len(set(axes)) != len(axes) or not axes or value in axes:
        raise BadInput(f"axes and value must be different columns, not {', '.join((*axes, value))}")
    content, text = _text(path)
    header, rows = _table(text)
    wanted = [*axes, value, *([seed] if seed else [])]
    for name in wanted:
        if name not in header:
            raise unknown("column", name, header)
        if header.count(name) > 1:
            raise BadInput(f"two columns are called '{name}'")
    fields = {name: [row[header.index(name)] for _, row in rows] for name in wanted}
    lines = [line for line, _ in rows]
    diverged = _flags(rows, header.index(DIVERGED)) if DIVERGED in header else np.zeros(len(rows), bool)
    columns = {name: _numbers(name, fields[name], lines) for name in axes}
    columns["seed"] = _seeds(seed, fields[seed], lines) if seed else np.zeros(len(rows), np.int64)
    values = _values(value, fields[value], lines, diverged)
    values = -values if maximize else values
    if diverged.any():
        finite = values[np.isfinite(values)]
        if not len(finite):
            raise BadInput("every run diverged: there is no value to tell cells apart")
        values = np.where(np.isfinite(values), values, finite.max())

    space = Space(tuple(Axis.of(name, np.unique(columns[name]).tolist()) for name in axes))
    order, seeds = row_order(space, columns)
    shape = (*space.shape, len(seeds))
    return Surface(
        space=space,
        seeds=seeds,
        value=values[order].reshape(shape),
        diverged=diverged[order].reshape(shape),
        provenance=Provenance(
            task=task or path.stem,
            optimizer=optimizer or "imported",
            metric=f"-{value}" if maximize else value,
            unit=unit,
            fixed={"maximize": True} if maximize else {},
            data={"name": path.name, "rows": len(rows), "sha256": hashlib.sha256(content).hexdigest()},
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            command=command,
        ),
    )


def text(surface: Surface) -> str:
    """The surface as CSV: a row for each cell and seed, every number in full, so that it reads back exactly."""
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


def _text(path: Path) -> tuple[bytes, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror or error})") from error
    try:
        return content, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 text (byte {error.start})") from error


def _table(content: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the rows with their line numbers; blank lines are skipped."""
    first = content.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, skipinitialspace=True)
    rows = []
    try:
        for row in reader:
            fields = [field.strip() for field in row]
            if any(fields):
                rows.append((reader.line_num, fields))
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num}: {error}") from error
    if not rows:
        raise BadInput("it is empty")
    (_, header), body = rows[0], rows[1:]
    if not body:
        raise BadInput("it has a header but no rows")
    for line, fields in body:
        if len(fields) != len(header):
            raise BadInput(f"line {line}: {len(fields)} fields where the header has {len(header)}")
    return header, body


def _numbers(name: str, fields: Sequence[str], lines: Sequence[int]) -> np.ndarray:
    """A column of finite numbers, float64 `[rows]`."""
    out = np.empty(len(fields))
    for row, field in enumerate(fields):
        out[row] = _number(name, field, lines[row])
        if not math.isfinite(out[row]):
            raise BadInput(f"line {lines[row]}, column '{name}': {field} is not finite")
    return out


def _number(name: str, field: str, line: int) -> float:
    try:
        return float(field)
    except ValueError:
        shown = f"'{field}' is no number" if field else "is blank where a number belongs"
        raise BadInput(f"line {line}, column '{name}': {shown}") from None


def _seeds(name: str, fields: Sequence[str], lines: Sequence[int]) -> np.ndarray:
    numbers = _numbers(name, fields, lines)
    for row, number in enumerate(numbers):
        if number != int(number) or not -(2**53) < number < 2**53:
            raise BadInput(f"line {lines[row]}, column '{name}': the seed {fields[row]} is no whole number")
    return numbers.astype(np.int64)


def _values(name: str, fields: Sequence[str], lines: Sequence[int], diverged: np.ndarray) -> np.ndarray:
    """The values, float64 `[rows]`: finite, or NaN where the run diverged and says no more."""
    out = np.full(len(fields), math.nan)
    for row, field in enumerate(fields):
        if diverged[row] and not field:
            continue
        number = _number(name, field, lines[row])
        if math.isfinite(number):
            out[row] = number
        elif not diverged[row]:
            raise BadInput(
                f"line {lines[row]}, column '{name}': {field} is not finite (no '{DIVERGED}' column allows it)"
            )
    return out


def _flags(rows: Sequence[tuple[int, list[str]]], column: int) -> np.ndarray:
    flags = np.zeros(len(rows), bool)
    for row, (line, fields) in enumerate(rows):
        word = fields[column].lower()
        if word not in _TRUE | _FALSE:
            raise BadInput(f"line {line}, column '{DIVERGED}': '{fields[column]}' is neither true nor false")
        flags[row] = word in _TRUE
    return flags
