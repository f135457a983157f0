"""The surface file: one Parquet row for each cell and seed, with the surface's provenance in its header."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from grids.errors import BadInput
from grids.sealed import SealedFile, write_sealed
from grids.space import Space
from grids.surface import Provenance, Surface

FORMAT = 1
_PROVENANCE = (
    "task",
    "optimizer",
    "metric",
    "unit",
    "fixed",
    "data",
    "software",
    "device",
    "created",
    "command",
)


def save(surface: Surface, path: str | Path) -> None:
    """Write `surface` to `path` as a whole file. Rows are in C order of the cells, seeds fastest.

    Raises:
        BadInput: the file cannot be written.
    """
    seeds = len(surface.seeds)
    columns: dict[str, pa.Array] = {
        name: pa.array(np.repeat(values, seeds)) for name, values in surface.space.columns().items()
    }
    columns["seed"] = pa.array(np.tile(np.array(surface.seeds, np.int64), surface.space.size))
    columns["value"] = pa.array(surface.value.astype(np.float64).ravel())
    columns["diverged"] = pa.array(surface.diverged.astype(bool).ravel())
    if surface.curve is not None:
        epochs = surface.curve.shape[-1]
        offsets = np.arange(surface.value.size + 1, dtype=np.int32) * epochs
        flat = pa.array(surface.curve.astype(np.float32).ravel())
        columns["curve"] = pa.ListArray.from_arrays(pa.array(offsets), flat)
    for name in ("train_loss", "seconds"):
        array = getattr(surface, name)
        if array is not None:
            columns[name] = pa.array(array.astype(np.float64).ravel())
    header: dict[str, Any] = {"format": FORMAT}
    for name in _PROVENANCE:
        item = getattr(surface.provenance, name)
        header[name] = dict(item) if name in ("fixed", "data", "software") else item
    header["axes"] = surface.space.to_json()
    write_sealed(path, pa.table(columns), header)


def load(path: str | Path) -> Surface:
    """Read a surface file, checked: nothing missing, doubled, altered or not finite.

    Raises:
        BadInput: the file cannot be read, is no surface, is of a newer format, was cut short or altered, has
            missing or doubled cells, or has a value that is not finite where `diverged` is false.
    """
    file = SealedFile(path)
    file.check_format(FORMAT)
    try:
        surface = _surface(file.table, file.header)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    file.check_seal()
    return surface


def _surface(table: pa.Table, header: dict[str, Any]) -> Surface:
    try:
        space = Space.from_json(header["axes"])
        provenance = Provenance(**{name: header[name] for name in _PROVENANCE if name in header})
    except (KeyError, TypeError) as error:
        raise BadInput(f"the header is not that of a surface (missing or wrong: {error})") from error
    for name in (*space.names, "seed", "value", "diverged"):
        if name not in table.column_names:
            raise BadInput(f"no column '{name}' (columns: {', '.join(table.column_names)})")
    order, seeds = row_order(space, {name: _numbers(table, name) for name in (*space.names, "seed")})
    shape = (*space.shape, len(seeds))

    def dense(name: str) -> np.ndarray | None:
        return _numbers(table, name)[order].reshape(shape) if name in table.column_names else None

    value, diverged = dense("value"), dense("diverged")
    assert value is not None
    assert diverged is not None
    return Surface(
        space=space,
        seeds=seeds,
        value=value.astype(np.float64),
        diverged=diverged.astype(bool),
        provenance=provenance,
        curve=_curve(table, order, shape),
        train_loss=dense("train_loss"),
        seconds=dense("seconds"),
    )


def row_order(space: Space, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Which row holds each cell and seed: row numbers in C order (seeds fastest), and the seeds, ascending.

    Args:
        space: the axes that the rows must fill.
        columns: each axis's value and `seed`, an array `[rows]` each.

    Raises:
        BadInput: a value that is not on its axis, a cell missing for a seed, or one given twice.
    """
    rows = len(columns["seed"])
    if rows == 0:
        raise BadInput("it has no rows")
    flat = np.zeros(rows, np.int64)
    for axis in space.axes:
        column, values = columns[axis.name], np.array(axis.values)
        index = np.searchsorted(values, column).clip(0, len(values) - 1)
        strange = values[index] != column
        if strange.any():
            row = int(np.argmax(strange))
            raise BadInput(f"row {row + 1}: {axis.name}={column[row]:g} is not a value of that axis")
        flat = flat * len(values) + index
    seeds, seed_index = np.unique(columns["seed"], return_inverse=True)
    place = flat * len(seeds) + seed_index
    counts = np.bincount(place, minlength=space.size * len(seeds))
    for fault, found in (("is given twice", counts > 1), ("is missing", counts == 0)):
        if found.any():
            first = int(np.argmax(found))
            cell = space.values(space.cell(first // len(seeds)))
            text = ", ".join(f"{name}={value:g}" for name, value in cell.items())
            more = f" (and {int(found.sum()) - 1} more)" if found.sum() > 1 else ""
            raise BadInput(f"cell {text}, seed {int(seeds[first % len(seeds)])} {fault}{more}")
    return np.argsort(place, kind="stable"), tuple(int(seed) for seed in seeds)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    column = table.column(name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
        raise BadInput(f"column '{name}' holds {column.type}, not numbers")
    return np.asarray(column.to_numpy())


def _curve(table: pa.Table, order: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    if "curve" not in table.column_names:
        return None
    column = table.column("curve").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    epochs, rest = divmod(len(flat), len(order))
    lengths = np.diff(np.asarray(column.offsets))
    if rest or (lengths != epochs).any():
        raise BadInput("column 'curve' has lists of different lengths")
    return np.asarray(flat.reshape(len(order), epochs)[order].reshape(*shape, epochs), dtype=np.float32)
