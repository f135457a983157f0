"""What is recognized by its content, what is named, and what is never loaded."""

import gzip
import io
import json
import pickle
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tables_made import column

from grids.errors import BadInput
from grids.tables.meaning import meaning_of
from grids.tables.sources import surface_from, surfaces_from

PLAIN = column("lr,loss", "0.1,2", "0.2,3")
WANTED = {"axes": ["lr"], "value": "loss"}


class Marker:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_loaded(tmp_path: Path, protocol: int) -> None:
    path, left = tmp_path / "trials.pkl", tmp_path / "left"
    path.write_bytes(pickle.dumps(Marker(left), protocol))
    with pytest.raises(BadInput):
        surface_from(str(path), meaning_of(**WANTED))
    assert not left.exists()
    if protocol > 1:
        with pytest.raises(BadInput, match=r"is a pickle, .* never loaded; .* write a CSV"):
            surface_from(str(path), meaning_of(**WANTED))


NAMED = {
    "an array": (b"\x93NUMPY\x01\x00rest", "is an array of numpy"),
    "HDF5": (b"\x89HDF\r\n\x1a\nrest", "is HDF5"),
    "an empty folder": (None, "cannot be read: it is a folder of no kind"),
}


@pytest.mark.parametrize("kind", NAMED)
def test_other_kinds_are_named(tmp_path: Path, kind: str) -> None:
    content, message = NAMED[kind]
    path = tmp_path / "it"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        surface_from(str(path), meaning_of(**WANTED))


def test_a_zip_with_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", PLAIN)
    assert surface_from(str(path), meaning_of(**WANTED)).value.ravel().tolist() == [2, 3]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("u.csv", PLAIN)
    with pytest.raises(BadInput, match="zip archive"):
        surface_from(str(path), meaning_of(**WANTED))


def test_a_foreign_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as database:
        database.execute("create table things(a)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"SQLite database of no kind that is known \(its tables: things\)"):
        surface_from(str(path), meaning_of(**WANTED))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["x.db"]


def test_a_locked_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("create table runs(a)")
    writer.execute("begin exclusive")
    try:
        with pytest.raises(BadInput, match="locked"):
            surface_from(str(path), meaning_of(**WANTED))
    finally:
        writer.close()


LARGE = {
    "an unpacked text": gzip.compress(("lr,loss\n" + "1,2\n" * 500_000).encode()),
    "a wide header": ",".join(f"c{i}" for i in range(2000)).encode() + b"\n" + b"1," * 1999 + b"1\n",
    "nested objects": b"[" * 50_000 + b"]" * 50_000,
    "many objects": b"[" + b",".join([b'{"lr": 1, "loss": 2}'] * 10_000) + b"]",
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_table_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "t"
    path.write_bytes(LARGE[kind])
    with pytest.raises(BadInput) as caught:
        surface_from(str(path), meaning_of(**WANTED, max_bytes=1_000_000))
    assert "--max-bytes" in str(caught.value) or "unknown column" in str(caught.value) or "is no" in str(caught.value)


def test_a_limit_that_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(gzip.compress(("lr,loss\n" + "".join(f"{k},2\n" for k in range(50_000))).encode()))
    with pytest.raises(BadInput, match="--max-bytes"):
        surface_from(str(path), meaning_of(**WANTED, max_bytes=100_000))
    assert surface_from(str(path), meaning_of(**WANTED, max_bytes=10_000_000)).space.size == 50_000


def test_a_wide_parquet_file_is_judged_by_its_header(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    zeros = pa.array(np.zeros(3_000_000))
    table = pa.table({"x": zeros, "y": zeros})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="unknown column 'lr'"):
        surface_from(str(tmp_path / "t.parquet"), meaning_of(**WANTED))
    with pytest.raises(BadInput, match="--max-bytes"):
        surface_from(str(tmp_path / "t.parquet"), meaning_of(axes=["x"], value="y", max_bytes=1_000_000))


def test_a_surface_for_each_optimizer(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(column("opt,lr,loss", "adam,0.1,1", "adam,0.2,2", "sgd,1,3", "sgd,10,4", "sgd,100,5"))
    made = surfaces_from(str(path), meaning_of(**WANTED), "opt")
    assert {name: surface.space.axes[0].values for name, surface in made.items()} == {
        "adam": (0.1, 0.2), "sgd": (1, 10, 100),
    }  # fmt: skip
    assert [surface.provenance.optimizer for surface in made.values()] == ["adam", "sgd"]


def test_one_factor_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(column("sweep,value,loss", "lr,0.1,1", "lr,0.2,2", "width,64,3", "width,128,4"))
    made = surfaces_from(str(path), meaning_of(axes=["value"], value="loss"), "sweep")
    assert [surface.space.names for surface in made.values()] == [("lr",), ("width",)]
    assert made["width"].value.ravel().tolist() == [3, 4]


def test_a_folder_with_one_file_for_each_run(tmp_path: Path) -> None:
    for rate in (0.1, 0.2, 0.4):
        place = tmp_path / "runs" / f"rate={rate}_seed=3"
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps({"loss": 10 * rate, "test": {"acc": rate}}))
    folder = str(tmp_path / "runs")
    surface = surface_from(folder, meaning_of(value="result.json:loss"))
    assert surface.space.names == ("rate",)
    assert surface.value.ravel().tolist() == [1, 2, 4]
    assert surface_from(folder, meaning_of(value="acc", maximize=True)).value.ravel().tolist() == [-0.1, -0.2, -0.4]
    with pytest.raises(BadInput, match="2 metrics: choose one with --value"):
        surface_from(folder, meaning_of(value=""))
    with pytest.raises(BadInput, match=r"no run holds a file 'other\.json'"):
        surface_from(folder, meaning_of(value="other.json:loss"))


def test_files_of_numpy_in_a_zip_are_no_table(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    (tmp_path / "t.npz").write_bytes(buffer.getvalue())
    with pytest.raises(BadInput, match="zip archive"):
        surface_from(str(tmp_path / "t.npz"), meaning_of(**WANTED))


BOMBS = {
    "one value many times": "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n"
    + "".join(f"{b}: &{b} [{', '.join(8 * [f'*{a}'])}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "one within itself": "a: &a [*a]\n",
    "a tag": "lr: !!python/object/apply:os.system [ls]\n",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_yaml_is_plain_and_bounded(tmp_path: Path, kind: str) -> None:
    (tmp_path / "version_0").mkdir()
    (tmp_path / "version_0" / "hparams.yaml").write_text(BOMBS[kind])
    with pytest.raises(BadInput, match=r"holds more than 100,000 values|no YAML of plain data|cannot be read"):
        surface_from(str(tmp_path), meaning_of(value="loss"))
