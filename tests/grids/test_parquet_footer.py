"""The counts in footers: as pyarrow gives them; of any damage, an exception of one of the kinds that are promised."""

import io
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grids.parquet_footer import chunks

TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")


def footer(rows: int = 20, **options: object) -> tuple[bytes, pq.FileMetaData]:
    table = pa.table(
        {
            "flag": np.arange(rows) % 2 == 0,
            "whole": np.arange(rows),
            "small": np.arange(rows, dtype=np.float32),
            "text": pa.array([None if n == 3 else f"text {n % 5}" for n in range(rows)]),
            "curve": pa.array([[1.0] * (n % 4) for n in range(rows)]),
            "fixed": pa.array([b"abc"] * rows, pa.binary(3)),
            "inner": pa.array([{"a": n, "b": [str(n)]} for n in range(rows)]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"key": "x" * 300}), buffer, **options)  # type: ignore[arg-type]
    content = buffer.getvalue()
    return content[-8 - int.from_bytes(content[-8:-4], "little") : -8], pq.read_metadata(io.BytesIO(content))


@pytest.mark.parametrize("options", [{}, {"row_group_size": 3}, {"compression": "zstd", "use_dictionary": False}])
def test_counts_are_pyarrows(options: dict[str, object]) -> None:
    data, about = footer(**options)
    expected = []
    for group in range(about.num_row_groups):
        for place in range(about.num_columns):
            one = about.row_group(group).column(place)
            kind = TYPES.index(one.physical_type)
            expected.append((kind, "." in one.path_in_schema, one.num_values, one.total_uncompressed_size))
    assert list(map(tuple, chunks(data))) == expected


def test_damage_raises_what_is_promised() -> None:
    data, rng, whole = footer()[0], random.Random(0), 0
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            whole += bool(list(chunks(bytes(damaged[: rng.choice([None, rng.randrange(len(damaged))])]))))
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
    assert whole > 100
