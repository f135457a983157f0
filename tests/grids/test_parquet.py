"""Parquet files that claim or unpack to more than fits: refused by their header, names and counts, harmless in size."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grids import limits, replay_table, surface_file
from grids.errors import BadInput, Damaged
from grids.parquet import ParquetContent
from tuning.cli import run

MEGABYTE = 1_000_000


@contextlib.contextmanager
def allowed(most: int) -> Iterator[None]:
    before = limits.most_bytes()
    limits.allow(most)
    yield
    limits.allow(before)


def content(path: Path, table: pa.Table, **options: Any) -> ParquetContent:
    pq.write_table(table, path, compression="zstd", **options)
    return ParquetContent(path, path.read_bytes())


def once(text: str, rows: int) -> pa.Array:
    """One text in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"a": np.zeros(250_000)}), "250,000 rows of 1 columns would take 2,000,000 bytes in memory"),
        (pa.table({"a": np.zeros(500_000, bool), "b": np.zeros(500_000, np.int32)}), "would take 2,500,000 bytes"),
        (pa.table({"a": [[0.0] * 300_000]}), "1 rows of 1 columns would take 2,400,000 bytes"),
        (pa.table({"a": once("x" * 1000, 2000)}), r"its texts would take 2,0\d\d,\d\d\d bytes"),
        (pa.table({"a": [["x" * 1000] * 2000]}), "1 rows of 1 columns would take"),
        (pa.table({f"c{n}": [0.0] for n in range(1000)}), "the list of its columns would take"),
    ],
)
def test_a_small_file_of_much_content_is_refused_unread(table: pa.Table, said: str, tmp_path: Path) -> None:
    path = tmp_path / "large.parquet"
    with allowed(MEGABYTE), pytest.raises(BadInput, match=f"^{path}: .*{said}.*{limits.OPTION}"):
        assert content(path, table).table is None
    assert path.stat().st_size < MEGABYTE / 2
    assert content(path, table).table.num_rows == table.num_rows


@pytest.mark.parametrize("store_schema", [True, False])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_texts_that_fit_are_read_as_they_are(kind: pa.DataType, store_schema: bool, tmp_path: Path) -> None:
    texts = pa.array(["", "a" * 300, None, "α" * 20, *map(str, range(996))] * 4)
    table = pa.table({"text": texts.cast(kind), "n": pa.array(range(4000))})
    path = tmp_path / "texts.parquet"
    plain = content(path, table, store_schema=store_schema).table
    with allowed(MEGABYTE):
        held = content(path, table, store_schema=store_schema)
        assert sum(held._most_bytes()) > MEGABYTE
        assert held.table.equals(plain)


def test_what_the_option_allows_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "replays.parquet"
    frame = {name: ["x"] * 20_000 for name in replay_table.KEYS}
    frame |= {name: np.ones(20_000, np.int64) for name in ("trial", "unique")}
    frame |= {"repeat": np.arange(20_000), "best": np.zeros(20_000), "suboptimality": np.zeros(20_000)}
    pq.write_table(pa.table(frame | {"end": np.ones(20_000, bool)}), path)
    assert run(["--max-bytes", "1000000", "cost", str(path), "--target", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"tunecost: {path}: its texts would take 1,")
    needed = said.split("--max-bytes ")[1].split()[0]
    assert run(["--max-bytes", needed, "cost", str(path), "--target", "1"]) == 0


def test_names_are_judged_before_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.parquet"
    table = pa.table({f"c{n}": [0.0] for n in range(500)})
    header = {b"tunecost": b'{"format": 1, "task": "t", "optimizer": "o", "axes": []}'}
    pq.write_table(table.replace_schema_metadata(header), path)
    begin = time.process_time()
    with pytest.raises(BadInput, match="no column"):
        replay_table.load(path)
    with pytest.raises(BadInput):
        surface_file.load(path)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("damage", ["cut", "footer"])
def test_damage_is_told(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pq.write_table(pa.table({"a": np.random.default_rng(0).normal(size=1000)}), path)
    found = bytearray(path.read_bytes())
    if damage == "cut":
        found = found[:-1]
    else:
        found[-100:-50] = bytes(50)
    with pytest.raises(Damaged, match="not a whole Parquet file"):
        assert ParquetContent(path, bytes(found)).table.num_rows < 0


def test_a_pipe_without_end_is_read_to_the_limit(tmp_path: Path) -> None:
    with allowed(MEGABYTE), pytest.raises(BadInput, match="would take 1,000,001 bytes"):
        limits.read_bounded("/dev/zero")
    path = tmp_path / "sparse"
    with open(path, "wb") as file:
        file.truncate(2 * MEGABYTE)
    with allowed(MEGABYTE), pytest.raises(BadInput, match="would take 2,000,000 bytes"):
        limits.read_bounded(path)
