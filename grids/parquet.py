"""Parquet files whose header, names and counts are read first, and whose columns only where they fit into memory.

A column of equal values takes next to no bytes in a file, whatever its length: what it takes in memory is computed
from the counts in the file's footer before any column is read.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from grids import limits
from grids.arrow import numbers_of
from grids.errors import BadInput, Damaged
from grids.parquet_footer import chunks

_FOOTER = 24
"""Bytes of memory that a reader takes for each byte of a footer, which lists every column and group of rows."""
_WIDTHS = {0: 1, 1: 4, 2: 8, 3: 16, 4: 4, 5: 8}
"""Bytes of a value in memory, by the number of its type in the file: flags, whole numbers, floats."""
_TEXT = 6
"""The type of texts and other bytes of any length."""


class ParquetContent:
    """The bytes of a Parquet file, opened.

    Args:
        path: the file's name, for messages.
        content: its bytes.

    Raises:
        Damaged: not a Parquet file.
        BadInput: its footer alone would not fit into memory.
    """

    def __init__(self, path: str | Path, content: bytes) -> None:
        self.path, self._content = path, content
        length = int.from_bytes(content[-8:-4], "little") if content[-4:] == b"PAR1" else 0
        if length * _FOOTER > limits.most_bytes():
            raise limits.too_large(f"{path}: the list of its columns", length * _FOOTER)
        self._footer = content[-8 - length : -8]
        try:
            self._file = pq.ParquetFile(pa.BufferReader(content))
            self.metadata: dict[bytes, bytes] = dict(self._file.metadata.metadata or {})
            self.names: list[str] = self._file.schema_arrow.names
        except Exception as error:
            raise self._damaged() from error

    @cached_property
    def table(self) -> pa.Table:
        """All columns.

        Raises:
            Damaged: they cannot be read.
            BadInput: they would not fit into memory.
        """
        try:
            numbers, texts = self._most_bytes()
            if numbers > limits.most_bytes():
                rows = self._file.metadata.num_rows
                raise limits.too_large(f"{self.path}: {rows:,} rows of {len(self.names):,} columns", numbers)
            return self._read(self._file) if numbers + texts <= limits.most_bytes() else self._read_texts_once()
        except BadInput:
            raise
        except Exception as error:
            raise self._damaged() from error

    def _read(self, file: pq.ParquetFile) -> pa.Table:
        # One thread: the files are small, and a thread pool that is still starting can abort a process at its end.
        table = file.read(use_threads=False)
        table.validate(full=True)
        return table

    def _most_bytes(self) -> tuple[int, int]:
        """The bytes that the numbers take, and the most that the texts can take.

        A text is no longer than all bytes of its column in the file, but may stand in every row.
        """
        numbers, texts = 0, 0
        for chunk in chunks(self._footer):
            width = _WIDTHS.get(chunk.kind)
            if width is not None:
                numbers += chunk.values * width
            elif chunk.kind == _TEXT and not chunk.nested:
                texts += chunk.values * (4 + chunk.size)
            else:  # bytes of fixed length, and lists of texts, which are not read each text once
                numbers += chunk.values * (16 + chunk.size)
        return numbers, texts

    def _read_texts_once(self) -> pa.Table:
        """The columns, read with each different text once, which tells how much all of them take.

        Raises:
            BadInput: too much.
        """
        texts = [field.name for field in self._file.schema_arrow if _is_text(field.type)]
        table = self._read(pq.ParquetFile(pa.BufferReader(self._content), read_dictionary=texts))
        size = table.nbytes + sum(_decoded_bytes(column) for column in table.columns)
        if size > limits.most_bytes():
            raise limits.too_large(f"{self.path}: its texts", size)
        return table.cast(self._file.schema_arrow)

    def _damaged(self) -> Damaged:
        return Damaged(f"{self.path}: not a whole Parquet file (cut short, altered, or of another kind)")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind)


def _decoded_bytes(column: pa.ChunkedArray) -> int:
    """The bytes of a column of texts that was read as a dictionary, with each text in its rows; 0 of any other."""
    if not pa.types.is_dictionary(column.type):
        return 0
    import pyarrow.compute as pc

    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).to_numpy(zero_copy_only=False)
        counts = np.bincount(numbers_of(chunk.indices.drop_null()), minlength=len(lengths))
        total += int(counts @ lengths.astype(np.int64)) + 4 * len(chunk)
    return total
