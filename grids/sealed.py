"""Parquet files with a JSON header and two checksums, so that a reader notices every change to a file.

`sha256` in the header covers the columns (names, types, values) and can be recomputed from the table alone. The seal,
a second metadata key, is the sha256 of all bytes of the file with the seal's own digits set to zero. It also covers
what the columns do not show, such as the header and the padding of pages.

A file of another program has only its columns' checksum, if any, to be checked. It is recognized by Arrow's copy of the
schema, which almost all programs store and this one does not, or by having nothing like a seal: neither its key among
the bytes, nor a key of its length in the metadata. No single altered byte takes both away, so that none makes a file of
ours look like one of another program.
"""

import hashlib
import io
import json
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grids import json_text
from grids.arrow import flattened, lengths_of, numbers_of
from grids.atomic import write_whole
from grids.errors import BadInput, Damaged
from grids.files import cannot_be
from grids.limits import read_bounded
from grids.parquet import ParquetContent

HEADER_KEY = b"tunecost"
SEAL_KEY = b"tunecost-seal"
ARROW_KEY = b"ARROW:schema"
REPLAYS = "replays"
"""The `kind` in a replay table's header; a surface's has none."""
UNSEALED = b"0" * 64


def columns_sha256(table: pa.Table) -> str:
    """sha256 over a table's columns in order: name, type and values of each, nulls and list lengths included.

    Dictionaries and large or fixed-size types, in which other programs store values, are converted first.
    """
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        column = _as_written(column)
        listed = pa.types.is_list(column.type)
        kind = f"list<{column.type.value_type}>" if listed else str(column.type)
        digest.update(f"{name}:{kind};".encode())
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
        if listed:
            digest.update(_bytes_of(lengths_of(array)))
            array = flattened(array)
        digest.update(_bytes_of(array))
    return digest.hexdigest()


def _as_written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in the types that this program writes."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        return column.cast(pa.list_(column.type.value_type))
    return column


def _bytes_of(array: pa.Array) -> bytes:
    if pa.types.is_string(array.type):
        # Not as a list of Python strings: a replay table has millions of rows.
        filled = array.fill_null("") if array.null_count else array
        _, offsets, letters = filled.buffers()
        ends = np.frombuffer(offsets, np.int32)[filled.offset : filled.offset + len(filled) + 1]
        return _bytes_of(lengths_of(array)) + memoryview(letters)[ends[0] : ends[-1]]
    numbers = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating)
    if not any(test(array.type) for test in numbers):
        return repr(array.to_pylist()).encode()  # a column that another program added
    nulls = array.is_null().to_numpy(zero_copy_only=False).tobytes() if array.null_count else b""
    filled = array.fill_null(False if pa.types.is_boolean(array.type) else 0) if array.null_count else array
    return nulls + numbers_of(filled).tobytes()


def write_sealed(path: str | Path, table: pa.Table, header: Mapping[str, Any]) -> None:
    """Write `table` with `header` (`sha256` is added here) as a sealed file, whole or not at all.

    Raises:
        BadInput: the file cannot be written.
    """
    complete = {**header, "sha256": columns_sha256(table)}
    place = secrets.token_hex(32).encode()  # occurs nowhere else in the file, whatever the header holds
    metadata = {HEADER_KEY: json.dumps(complete, ensure_ascii=False).encode(), SEAL_KEY: place}
    buffer = io.BytesIO()
    bare = table.replace_schema_metadata(None)
    # Without Arrow's copy of the schema, which would hold the seal a second time, encoded.
    with pq.ParquetWriter(buffer, bare.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(bare)
        writer.add_key_value_metadata(metadata)
    content = buffer.getvalue()
    seal = hashlib.sha256(content.replace(place, UNSEALED)).hexdigest().encode()
    write_whole(path, content.replace(place, seal))


class SealedFile:
    """The table and the header of a Parquet file, whose checksums are still to be checked.

    Call `check_seal` last: a reader first looks for faults that it can name, such as a missing cell, which help more
    than "altered".

    Args:
        path: the file.
        bare: whether to accept a file without a header; `header` is then empty, and there is no checksum.

    Raises:
        Damaged: not a Parquet file.
        BadInput: no such file, one larger than `grids.limits` allows, or not a Parquet file of this program.
    """

    def __init__(self, path: str | Path, bare: bool = False) -> None:
        self.path = Path(path)
        with cannot_be("read", path):
            self._content = read_bounded(path)
        self._parquet = ParquetContent(path, self._content)
        metadata = self._parquet.metadata
        self._seal = metadata.get(SEAL_KEY)
        self._sealed = SEAL_KEY in self._content or any(len(key) == len(SEAL_KEY) for key in metadata)
        self._foreign = ARROW_KEY in metadata or not self._sealed
        self.header: dict[str, Any] = {}
        if HEADER_KEY not in metadata:
            if bare and not self._sealed:
                return
            raise BadInput(f"{path}: a Parquet file without the 'tunecost' header, so not one of this program's")
        try:
            self.header = dict(json_text.parse(metadata[HEADER_KEY], finite=False))
        except (ValueError, TypeError) as error:
            raise Damaged(f"{path}: its 'tunecost' header cannot be read (altered)") from error

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return self._parquet.names

    @property
    def table(self) -> pa.Table:
        """The columns, read on first use.

        Raises:
            Damaged: they cannot be read.
            BadInput: they would not fit into memory.
        """
        return self._parquet.table

    def check_format(self, newest: int) -> None:
        """Raise BadInput where the file's format number is missing or above `newest`."""
        number = self.header.get("format")
        if type(number) is not int or number < 1:
            raise BadInput(f"{self.path}: its header has no valid format number")
        if number > newest:
            raise BadInput(
                f"{self.path}: is of format {number}, this program reads up to {newest}; a newer tunecost is needed"
            )

    def check_seal(self) -> None:
        """Raise Damaged where the columns or any byte differ from what was written."""
        recorded = self.header.get("sha256")
        if recorded is not None and recorded != columns_sha256(self.table):
            raise Damaged(f"{self.path}: altered since it was written (the columns' sha256 does not match)")
        if self.altered:
            raise Damaged(f"{self.path}: altered since it was written (the file's seal does not match)")

    @cached_property
    def altered(self) -> bool:
        """Whether any byte differs from what this program wrote; false for files of other programs."""
        if self._foreign:
            return False
        unsealed = self._content.replace(self._seal, UNSEALED, 1) if self._seal else self._content
        return self._seal is None or hashlib.sha256(unsealed).hexdigest().encode() != self._seal
