"""Read tables from files: delimited text, JSON or Parquet, also compressed by gzip."""

import contextlib
import gzip
import hashlib
import io
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from grids.errors import BadInput, brief
from grids.surface import Surface
from grids.tables import delimited
from grids.tables.importing import Meaning, surface_of
from grids.tables.raw import WHOLE, RawTable

LARGEST_FILE = 2_000_000_000
"""Largest table in bytes, uncompressed: a larger one would not fit into memory."""


def read(path: str | Path, meaning: Meaning) -> Surface:
    """The surface in a file of a format of `read_table`.

    Raises:
        BadInput: the file cannot be read, or as `surface_of`; the message begins with the path.
    """
    table = read_table(path)
    try:
        return surface_of(table, meaning)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def read_table(path: str | Path) -> RawTable:
    """The table in a file: CSV (commas, semicolons, tabs, bars), JSON lines or a JSON list of objects, or Parquet.

    The format, and compression by gzip, are recognized by the content, not by the file's name.

    Raises:
        BadInput: no such file, one that is too large, or one of another format.
    """
    try:
        if Path(path).stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path}: is larger than {LARGEST_FILE / 1e9:g} GB, more than this program reads")
        content = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    sha256 = hashlib.sha256(content).hexdigest()
    name = Path(path).name
    try:
        return _parsed(_unpacked(content), name, sha256)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _parsed(content: bytes, name: str, sha256: str) -> RawTable:
    if content[:4] == b"PAR1":
        return _parquet(content, name, sha256)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        with contextlib.suppress(UnicodeDecodeError):  # reported where delimited text is read
            text = content.decode("utf-16")
            content = text.encode() if text.lstrip()[:1] in ("{", "[") else content
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return _json(content, name, sha256)
    if content[:4] == b"PK\x03\x04":
        raise BadInput("is a zip archive or a spreadsheet's own format; save the sheet as CSV")
    if content.startswith((b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")):
        raise BadInput("is compressed in a way that is not read; unpack it, or compress it once by gzip")
    return delimited.parse(content, name, sha256)


def _unpacked(content: bytes) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            found = file.read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"cannot be unpacked ({error})") from error
    if len(found) > LARGEST_FILE:
        raise BadInput(f"unpacks to more than {LARGEST_FILE / 1e9:g} GB, more than this program reads")
    return found


def _json(content: bytes, name: str, sha256: str) -> RawTable:
    """JSON lines, one list of objects, or one object (see `_rows`); nested objects become columns `outer.inner`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 text (byte {error.start + 1})") from error
    records: list[Any] = []
    lines: list[int] = []
    if text.lstrip()[:1] == "[":
        records = _loaded(text, 1)
        if not isinstance(records, list):
            raise BadInput("is no list of objects")
    elif (whole := _whole(text)) is not None:
        records = _rows(whole)
    else:
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
            if line.strip():
                records.append(_loaded(line, number))
                lines.append(number)
    for place, record in enumerate(records):
        if not isinstance(record, dict):
            raise BadInput(
                f"{f'line {lines[place]}' if lines else f'entry {place + 1}'}: is no object of names and values"
            )
    if not records:
        raise BadInput("it has no rows")
    flat = [_flat(record) for record in records]
    names = dict.fromkeys(key for record in flat for key in record)
    frame = pd.DataFrame({key: [record.get(key) for record in flat] for key in names}, dtype=object)
    table = RawTable.of_frame(_narrowed(frame), name, sha256)
    if not lines:
        return table
    return replace(table, line=lambda row: lines[row])


def _whole(text: str) -> dict[str, Any] | None:
    """The one object that the text is; None where it is none, or several."""
    try:
        found = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that one object holds: in its only list of objects; by column, as lists or by the row's name, as pandas
    writes them; else it is a row itself."""
    tables = [item for item in found.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
    if len(tables) == 1:
        return list(tables[0])
    columns = list(found.values())
    if all(isinstance(column, list) for column in columns) and len({len(column) for column in columns}) == 1:
        return [dict(zip(found, row, strict=True)) for row in zip(*columns, strict=True)]
    if len(columns) > 1 and all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        return [{name: column[row] for name, column in found.items()} for row in columns[0]]
    return [found]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadInput(f"an object has two entries '{brief(next(n for n in names if names.count(n) > 1))}'")
    return found


def _loaded(text: str, line: int) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except BadInput as error:
        raise BadInput(f"line {line}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"line {line}: is no JSON ({str(error).partition(':')[0]})") from error


def _flat(record: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and before.count(".") < 4:
            found |= _flat(value, f"{before}{key}.")
        else:
            found[before + str(key)] = value
    return found


def _narrowed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with columns of only numbers and missing values as float64."""
    narrow = {}
    for name in frame.columns:
        items = frame[name].tolist()
        numbers = all(item is None or (isinstance(item, int | float) and not isinstance(item, bool)) for item in items)
        try:
            narrow[name] = (
                pd.Series([None if i is None else float(i) for i in items], dtype=float)
                if numbers and not any(isinstance(item, int) and abs(item) >= WHOLE for item in items)
                else frame[name]
            )
        except OverflowError as error:
            raise BadInput(f"column '{name}' holds a whole number too large for a float") from error
    return pd.DataFrame(narrow)


def _parquet(content: bytes, name: str, sha256: str) -> RawTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        if file.metadata.num_rows * max(1, file.metadata.num_columns) > delimited.MOST_FIELDS:
            raise BadInput(f"{file.metadata.num_rows:,} rows are more than fit into memory")
        table = file.read(use_threads=False)
        table.validate(full=True)
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        header = file.metadata.metadata or {}
    except BadInput:
        raise
    except Exception as error:
        raise BadInput("not a whole Parquet file (cut short, altered, or of another kind)") from error
    if b"tunecost" in header:
        raise BadInput("is a file of this program already: a surface or a replay table needs no import")
    try:
        frame = table.to_pandas(use_threads=False, ignore_metadata=False)
        frame = frame.reset_index() if any(frame.index.names) else frame
    except Exception as error:
        raise BadInput(
            f"its columns cannot be read ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        ) from error
    return RawTable.of_frame(frame, name, sha256)


__all__ = ["LARGEST_FILE", "read", "read_table"]
