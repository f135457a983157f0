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

_FOOTER = 24
"""Bytes of memory that a reader takes for each byte of a footer, which lists every column and group of rows."""
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 16}
"""Bytes of a value in memory, by its type in the file; texts have none."""


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
        footer = int.from_bytes(content[-8:-4], "little") if content[-4:] == b"PAR1" else 0
        if footer * _FOOTER > limits.most_bytes():
            raise limits.too_large(f"{path}: the list of its columns", footer * _FOOTER)
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
        numbers, texts = self._most_bytes()
        if numbers > limits.most_bytes():
            rows = self._file.metadata.num_rows
            raise limits.too_large(f"{self.path}: {rows:,} rows of {len(self.names):,} columns", numbers)
        try:
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
        about, schema = self._file.metadata, self._file.schema
        columns = [schema.column(place) for place in range(len(schema))]
        for group in range(about.num_row_groups):
            chunks = about.row_group(group)
            for place, column in enumerate(columns):
                chunk = chunks.column(place)
                width = _WIDTHS.get(column.physical_type)
                if width is not None:
                    numbers += chunk.num_values * width
                elif column.physical_type == "BYTE_ARRAY" and not column.max_repetition_level:
                    texts += chunk.num_values * (4 + chunk.total_uncompressed_size)
                else:  # bytes of fixed length, and lists of texts, which are not read each text once
                    numbers += chunk.num_values * (16 + chunk.total_uncompressed_size)
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
