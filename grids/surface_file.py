"""Read and write surface files: Parquet, one row for each cell and seed, with the provenance in the header."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from grids.arrow import flattened, lengths_of, numbers_of, plain_array
from grids.errors import BadInput, listed
from grids.foreign import foreign
from grids.header import is_number, is_targets
from grids.pool import Pool, pool_order
from grids.sealed import REPLAYS, SealedFile, write_sealed
from grids.space import Space, value_text
from grids.surface import ARRAYS, COLUMNS, Fidelity, Provenance, Surface

FORMAT = 1
_TEXTS = ("task", "optimizer", "optimizer_label", "metric", "unit", "device", "created", "command")
_OBJECTS = ("fixed", "data", "software")


def save(surface: Surface, path: str | Path) -> None:
    """Write `surface` to `path`, whole or not at all. Rows are in C order of the cells, seeds fastest.

    Raises:
        BadInput: the file cannot be written, or a fact about the surface is not of its type: `load` would refuse it.
    """
    seeds = len(surface.seeds)
    columns = {name: np.repeat(values, seeds) for name, values in surface.space.columns().items()}
    columns["seed"] = np.tile(np.array(surface.seeds, np.int64), surface.space.size)
    for name in ARRAYS:
        array = getattr(surface, name)
        if array is not None:
            columns[name] = array.reshape(surface.value.size, *array.shape[surface.value.ndim :])
    columns |= {name: array.ravel() for name, array in surface.extra.items()}
    header = _header(surface)
    try:
        for read in (_space, _provenance, _fidelity, _extra):
            read(header)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    write_sealed(path, table_of(columns), header)


def table_of(columns: Mapping[str, np.ndarray]) -> pa.Table:
    """Columns of a surface as they stand in its file: flags, whole-number seeds, float64 numbers, text, and curves.

    Args:
        columns: `[rows]` each; `curve` is `[rows, epochs]`, in float32 or float64.
    """
    return pa.table({name: _arrow(name, column) for name, column in columns.items()})


def _arrow(name: str, column: np.ndarray) -> pa.Array:
    if name == "curve":
        rows, epochs = column.shape
        offsets = np.arange(rows + 1, dtype=np.int32) * epochs
        return pa.ListArray.from_arrays(plain_array(offsets), plain_array(column.ravel()))
    if column.dtype == object:
        return pa.array(column, pa.string())
    return plain_array(column.astype(COLUMNS.get(name, float)))


def _header(surface: Surface) -> dict[str, Any]:
    about = surface.provenance
    header: dict[str, Any] = {"format": FORMAT}
    header |= {name: getattr(about, name) for name in _TEXTS}
    header |= {"bounded": about.bounded, "failure": about.failure, "targets": list(about.targets)}
    header["resolution"] = about.resolution
    if surface.fidelity is not None:
        header["fidelity"] = {"name": surface.fidelity.name, "values": list(surface.fidelity.values)}
    header["axes"] = surface.space.to_json()
    if surface.space.is_pool:
        header["pool"] = True
    if about.filled:
        header["filled"] = dict(about.filled)
    if surface.extra:
        header["extra"] = list(surface.extra)
    return header | {name: dict(getattr(about, name)) for name in _OBJECTS}


def load(path: str | Path) -> Surface:
    """Read a surface file and check that nothing in it is missing, doubled, altered or not finite.

    Raises:
        BadInput: the file cannot be read, is not a surface, is of a newer format, was cut short or altered, has
            missing or doubled cells, or has a value that is not finite where `diverged` is false.
    """
    file = SealedFile(path)
    file.check_format(FORMAT)
    if file.header.get("kind") == REPLAYS:
        raise BadInput(f"{path}: is a replay table, not a surface")
    header = file.header
    with _named(file):
        space, about, fidelity, extra = _space(header), _provenance(header), _fidelity(header), _extra(header)
        _check_names(file.names, space)
    table = file.table
    with _named(file):
        surface = surface_of(table, space, about, fidelity, extra, bool(header.get("pool")))
    file.check_seal()
    return surface


@contextlib.contextmanager
def _named(file: SealedFile) -> Iterator[None]:
    """Begin each fault with the file's name, and say where the file was altered, which explains the fault."""
    with foreign(file.path):
        try:
            yield
        except BadInput as error:
            how = "altered since it was written: " if file.altered else ""
            raise BadInput(f"{file.path}: {how}{error}") from error


def surface_of(
    table: pa.Table,
    space: Space,
    provenance: Provenance,
    fidelity: Fidelity | None = None,
    extra: Sequence[str] = (),
    pool: bool = False,
) -> Surface:
    """The surface whose cells and seeds are the rows of `table`, in any order.

    Args:
        extra: further columns of numbers; one that is not there is left out.
        pool: whether rows are cells of their own, in place of every combination of the axes' values.

    Raises:
        BadInput: a column is missing or of another type, or cells are missing or given twice.
    """
    _check_names(table.column_names, space)
    columns = {
        axis.name: _labels(table, axis.name) if axis.labelled else _numbers(table, axis.name) for axis in space.axes
    }
    columns["seed"] = _numbers(table, "seed")
    if pool:
        order, seeds, members = pool_order(space.axes, columns)
        space = Pool(space.axes, members)
    else:
        order, seeds = row_order(space, columns)
    shape = (*space.shape, len(seeds))

    def dense(name: str) -> np.ndarray | None:
        return _numbers(table, name)[order].reshape(shape) if table.column_names.count(name) == 1 else None

    arrays: dict[str, Any] = {name: dense(name) for name in ARRAYS if name != "curve"}
    arrays["curve"] = _curve(table, order, shape)
    more = {name: numbers for name in extra if (numbers := dense(name)) is not None}
    return Surface(space, seeds, provenance=provenance, extra=more, fidelity=fidelity, **arrays)


def _check_names(names: Sequence[str], space: Space) -> None:
    """Raises BadInput where a column that a surface needs is missing or there twice."""
    for name in (*space.names, "seed", "value", "diverged"):
        if names.count(name) != 1:
            how = "two columns are called" if name in names else "no column"
            raise BadInput(f"{how} '{name}' (columns: {listed(names)})")


def _space(header: dict[str, Any]) -> Space:
    try:
        return Space.from_json(header["axes"])
    except BadInput:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput(f"the header's axes are missing or wrong ({error})") from error


def _provenance(header: dict[str, Any]) -> Provenance:
    known = {name: header[name] for name in (*_TEXTS, *_OBJECTS) if header.get(name) is not None}
    for name in ("task", "optimizer"):
        if name not in known:
            raise BadInput(f"the header names no {name}")
    for name, item in known.items():
        objects = name in _OBJECTS
        if objects and isinstance(item, str):  # others may say in a word what this program says in an object
            known[name] = {"name": item}
        elif not isinstance(item, dict if objects else str):
            raise BadInput(f"the header's '{name}' is not {'an object' if objects else 'a text'}")
    filled = header.get("filled") or {}
    if not isinstance(filled, dict):
        raise BadInput("the header's 'filled' is not an object")
    return Provenance(**known, **_metric(header), filled=filled)


def _metric(header: dict[str, Any]) -> dict[str, Any]:
    """The header's facts of its metric besides name and unit."""
    bounded, targets = header.get("bounded") or False, header.get("targets") or []
    if not isinstance(bounded, bool):
        raise BadInput("the header's 'bounded' is neither true nor false")
    if not is_targets(targets):
        raise BadInput("the header's 'targets' must be a list of up to 1,000 numbers of at least 0")
    numbers = {name: header.get(name) for name in ("failure", "resolution")}
    for name, number in numbers.items():
        if number is not None and not is_number(number):
            raise BadInput(f"the header's '{name}' is not a finite number")
    as_floats = {name: None if number is None else float(number) for name, number in numbers.items()}
    return {"bounded": bounded, "targets": tuple(float(each) for each in targets), **as_floats}


def _fidelity(header: dict[str, Any]) -> Fidelity | None:
    found = header.get("fidelity")
    if found is None or isinstance(found, str):  # other programs may give its name alone
        return None
    try:
        return Fidelity(str(found["name"]), tuple(float(value) for value in found["values"]))
    except BadInput:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInput("the header's 'fidelity' has no name and list of numbers") from error


def _extra(header: dict[str, Any]) -> list[str]:
    names = header.get("extra") or []
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise BadInput("the header's 'extra' is not a list of columns")
    return names


def row_order(space: Space, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, tuple[int, ...]]:
    """The row of each cell and seed: row numbers in C order (seeds fastest), and the seeds, ascending.

    Args:
        space: the axes that the rows must fill.
        columns: each axis's value and `seed`, an array `[rows]` each.

    Raises:
        BadInput: a value that is not on its axis, a cell missing for a seed, or one given twice.
    """
    rows = len(columns["seed"])
    if rows == 0:
        raise BadInput("it has no rows")
    seeds, seed_index = np.unique(columns["seed"], return_inverse=True)
    if space.size * len(seeds) > np.iinfo(np.int64).max:  # as of a random search read as a grid
        raise BadInput(f"its axes span over 9e18 cells and it has {rows} rows: most cells are missing")
    flat = np.zeros(rows, np.int64)
    for axis in space.axes:
        index = axis.indices(columns[axis.name])
        if (index < 0).any():
            row = int(np.argmax(index < 0))
            value = value_text(columns[axis.name][row])
            raise BadInput(f"row {row + 1}: {axis.name}={value} is not a value of that axis")
        flat = flat * len(axis) + index
    place = flat * len(seeds) + seed_index
    places, counts = np.unique(place, return_counts=True)
    doubled = places[counts > 1]
    missing = space.size * len(seeds) - len(places)
    if len(doubled) or missing:
        # The first gap is the first place that differs from its own index.
        gap = int(np.argmax(np.append(places, -1) != np.arange(len(places) + 1)))
        first, fault, found = (
            (int(doubled[0]), "is given twice", len(doubled)) if len(doubled) else (gap, "is missing", missing)
        )
        cell = space.describe(space.cell(first // len(seeds)))
        more = f" (and {found - 1} more)" if found > 1 else ""
        raise BadInput(f"cell {cell}, seed {int(seeds[first % len(seeds)])} {fault}{more}")
    return np.argsort(place, kind="stable"), tuple(int(seed) for seed in seeds)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column `[rows]` in its proper type: bool for flags, int64 for `seed`, otherwise float64."""
    column = table.column(name)
    kind, fits = {
        bool: ("true or false", pa.types.is_boolean),
        int: ("whole numbers", pa.types.is_integer),
    }.get(COLUMNS.get(name, float), ("numbers", _holds_numbers))
    if not fits(column.type):
        raise BadInput(f"column '{name}' holds {column.type}, not {kind}")
    exact = COLUMNS.get(name, float) is not float
    if column.null_count and (exact or pa.types.is_integer(column.type)):
        row = column.is_null().index(True).as_py() + 1
        raise BadInput(f"column '{name}' is blank in row {row}")
    numbers = numbers_of(column)
    return np.asarray(numbers if exact else numbers.astype(np.float64))


def _labels(table: pa.Table, name: str) -> np.ndarray:
    """A column of texts, object `[rows]`; null becomes the empty text."""
    column = table.column(name)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if not any(test(kind) for test in tests):
        raise BadInput(f"column '{name}' holds {column.type}, not text")
    return np.array(["" if text is None else text for text in column.to_pylist()], object)


def _holds_numbers(kind: pa.DataType) -> bool:
    """Whether a column holds numbers of any type, or only nulls (which become NaN)."""
    tests = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_null)
    return any(test(kind) for test in tests)


def _curve(table: pa.Table, order: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    if "curve" not in table.column_names:
        return None
    column = table.column("curve")
    kind = column.type
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(test(kind) for test in lists) or not _holds_numbers(kind.value_type):
        raise BadInput(f"column 'curve' holds {kind}, not lists of numbers")
    precision = pa.float32() if kind.value_type == pa.float32() else pa.float64()
    if kind != pa.list_(precision):
        column = column.cast(pa.list_(precision), safe=False)
    lengths = numbers_of(lengths_of(column))
    epochs = int(np.nan_to_num(lengths[0]))
    if (lengths != epochs).any():
        raise BadInput("column 'curve' has lists of different lengths")
    flat = numbers_of(pa.chunked_array([flattened(chunk) for chunk in column.chunks], precision))
    return np.asarray(flat.reshape(len(order), epochs)[order].reshape(*shape, epochs))
