"""Parquet files with a JSON header and a seal: what was written is what is read, or the reader says what is wrong.

Two digests are kept. `sha256` in the header covers the columns (names, types, values), so it can be recomputed
from the table alone. The seal, a second metadata key, covers every byte of the file with the seal's own digits
taken as zeros, so that a change the columns do not show (a header's word, a page's padding) is seen too.

A file that another program wrote, or wrote anew, has no seal that could fit: it is held to the column digest where
it has one. It is known by Arrow's own copy of the schema, which almost all programs store and this one does not, or
by the absence of any trace of a seal. So no single altered byte turns a sealed file into a foreign one.
"""

import hashlib
import io
import json
import re
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grids.arrow import flattened, lengths_of, numbers_of
from grids.atomic import write_whole
from grids.errors import BadInput

HEADER_KEY = b"tunecost"
SEAL_KEY = b"tunecost-seal"
ARROW_KEY = b"ARROW:schema"
REPLAYS = "replays"
"""The `kind` in a replay table's header; a surface's has none."""
UNSEALED = b"0" * 64
_SEAL_TRACE = re.compile(b"|".join(SEAL_KEY[:i] + b"." + SEAL_KEY[i + 1 :] for i in range(len(SEAL_KEY))), re.DOTALL)
"""The seal's key with at most one byte altered: a file was sealed if it is anywhere in it."""


def columns_sha256(table: pa.Table) -> str:
    """Digest of a table's columns in order: each one's name, type, and values (nulls and list lengths included).

    How another program stored the values does not matter: dictionaries, large and fixed-size types are undone.
    """
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        column = _undressed(column)
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


def _undressed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in the types in which this program writes them."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type):
        return column.cast(pa.list_(column.type.value_type))
    return column


def _bytes_of(array: pa.Array) -> bytes:
    if pa.types.is_string(array.type):
        # Lengths and letters rather than a list of Python's strings: a replay table has millions of them.
        filled = array.fill_null("") if array.null_count else array
        _, offsets, letters = filled.buffers()
        ends = np.frombuffer(offsets, np.int32)[filled.offset : filled.offset + len(filled) + 1]
        return _bytes_of(lengths_of(array)) + memoryview(letters)[ends[0] : ends[-1]]
    numbers = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating)
    if not any(test(array.type) for test in numbers):
        return repr(array.to_pylist()).encode()  # of a column that others added
    nulls = array.is_null().to_numpy(zero_copy_only=False).tobytes() if array.null_count else b""
    filled = array.fill_null(False if pa.types.is_boolean(array.type) else 0) if array.null_count else array
    return nulls + numbers_of(filled).tobytes()


def write_sealed(path: str | Path, table: pa.Table, header: Mapping[str, Any]) -> None:
    """Write `table` with `header` (its `sha256` is filled in here) as a whole, sealed file.

    Raises:
        BadInput: the file cannot be written.
    """
    complete = {**header, "sha256": columns_sha256(table)}
    place = secrets.token_hex(32).encode()  # stands nowhere else in the file, whatever a user's header says
    metadata = {HEADER_KEY: json.dumps(complete, ensure_ascii=False).encode(), SEAL_KEY: place}
    buffer = io.BytesIO()
    bare = table.replace_schema_metadata(None)
    # Without Arrow's own copy of the schema, which would hold the seal a second time, encoded.
    with pq.ParquetWriter(buffer, bare.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(bare)
        writer.add_key_value_metadata(metadata)
    content = buffer.getvalue()
    seal = hashlib.sha256(content.replace(place, UNSEALED)).hexdigest().encode()
    write_whole(path, content.replace(place, seal))


class SealedFile:
    """A Parquet file as read: its table and header, with the digests still to be checked.

    The checks come last (`check_seal`), so that a reader can first name the very fault, a missing cell or a NaN,
    which says more than "altered".

    Args:
        path: the file.
        bare: whether a file without a header is welcome too; its `header` is then empty, and there is no digest.

    Raises:
        BadInput: no such file, or not a Parquet file of this program.
    """

    def __init__(self, path: str | Path, bare: bool = False) -> None:
        self.path = Path(path)
        try:
            self._content = self.path.read_bytes()
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
        try:
            # One thread: these files are small, and a pool of threads still starting can abort a process that ends.
            parquet = pq.ParquetFile(pa.BufferReader(self._content))
            self.table: pa.Table = parquet.read(use_threads=False)
            self.table.validate(full=True)
            metadata = dict(parquet.metadata.metadata or {})
        except Exception as error:
            raise BadInput(f"{path}: not a whole Parquet file (cut short, altered, or of another kind)") from error
        self._seal = metadata.get(SEAL_KEY)
        self._foreign = ARROW_KEY in metadata
        self.header: dict[str, Any] = {}
        if HEADER_KEY not in metadata:
            if bare and not self._was_sealed:
                return
            raise BadInput(f"{path}: a Parquet file without the 'tunecost' header, so not one of this program's")
        try:
            self.header = dict(json.loads(metadata[HEADER_KEY]))
        except (ValueError, TypeError, RecursionError) as error:
            raise BadInput(f"{path}: its 'tunecost' header cannot be read (altered)") from error

    def check_format(self, newest: int) -> None:
        """Raises BadInput where the file's format is newer than `newest`, or no format at all."""
        number = self.header.get("format")
        if type(number) is not int or number < 1:
            raise BadInput(f"{self.path}: its header has no valid format number")
        if number > newest:
            raise BadInput(
                f"{self.path}: is of format {number}, this program reads up to {newest}; a newer tunecost is needed"
            )

    @cached_property
    def _was_sealed(self) -> bool:
        """One altered byte can hide the seal, or all metadata, from Parquet's reader, but not its key in the file."""
        return _SEAL_TRACE.search(self._content) is not None

    def check_seal(self) -> None:
        """Raises BadInput where the columns or any byte differ from what was written."""
        recorded = self.header.get("sha256")
        if recorded is not None and recorded != columns_sha256(self.table):
            raise BadInput(f"{self.path}: altered since it was written (the columns' sha256 does not match)")
        if self.altered:
            raise BadInput(f"{self.path}: altered since it was written (the file's seal does not match)")

    @cached_property
    def altered(self) -> bool:
        """Whether a byte differs from what was written here; never of a file that another program wrote."""
        if self._foreign or not self._was_sealed:
            return False
        unsealed = self._content.replace(self._seal, UNSEALED, 1) if self._seal else self._content
        return self._seal is None or hashlib.sha256(unsealed).hexdigest().encode() != self._seal
