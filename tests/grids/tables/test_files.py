"""One table in every file format, and columns of other programs' types."""

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tables_made import TABLE, WHAT

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.surface import Surface
from grids.tables.importing import Meaning
from grids.tables.sources import surface_from


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "it is a folder")):
        with pytest.raises(BadInput, match=reason):
            surface_from(path, Meaning(["a"], "b"))


@pytest.mark.parametrize("form", ["csv", "csv.gz", "tsv", "jsonl", "json", "parquet", "frame"])
def test_the_same_table_from_every_format(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"t.{form}"
    if form == "csv":
        TABLE.to_csv(path, index=False)
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode()))
    elif form == "tsv":
        TABLE.to_csv(path, sep="\t")
    elif form in ("jsonl", "json"):
        TABLE.to_json(path, orient="records", lines=form == "jsonl")
    elif form == "parquet":
        TABLE.to_parquet(path)
    options = {"maximize": True, "task": "t", "optimizer": "o"}
    frame = TABLE.iloc[::-1].iloc[::-1]
    surface = Surface.from_frame(frame, WHAT.axes, "acc", **options) if form == "frame" else surface_from(path, WHAT)
    assert surface.space == Space((Axis("lr", (0.1, 1.0)), Axis.labels("act", ("relu", "tanh"))))
    assert surface.value[..., 0].tolist() == [[-90, -91.5], [-80, -70.25]]


def test_types_of_other_programs_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([1, 2, None, None], dtype="Int64"),
            "b": [True, False, True, False],
            "c": pd.Categorical(["x", "x", "x", "x"]),
            "err": pd.array([1.5, 2.5, 3.5, 4.5], dtype="float32"),
        }
    )
    frame = frame.iloc[[0, 1, 2, 3]].assign(n=[1, 1, None, None])
    frame.to_parquet(tmp_path / "t.parquet")
    surface = surface_from(tmp_path / "t.parquet", Meaning(["n", "b", "c"], "err"))
    assert [axis.values for axis in surface.space.axes] == [("1", ""), ("True", "False"), ("x",)]
    assert surface.value.ravel().tolist() == [1.5, 2.5, 3.5, 4.5]


ROWS = [{"lr": 0.1, "err": 5}, {"lr": 1.0, "err": 6}]
ONE_OBJECT = {
    "rows": json.dumps({"rows": ROWS, "made": "today"}, indent=1),
    "pandas by column": pd.DataFrame(ROWS).to_json(),
    "lists by column": json.dumps({"lr": [0.1, 1.0], "err": [5, 6]}),
    "UTF-16": json.dumps(ROWS),
}


@pytest.mark.parametrize("kind", ONE_OBJECT)
def test_json_in_other_layouts(tmp_path: Path, kind: str) -> None:
    (tmp_path / "t.json").write_text(ONE_OBJECT[kind], encoding="utf-16" if kind == "UTF-16" else "utf-8")
    surface = surface_from(tmp_path / "t.json", Meaning(["lr"], "err"))
    assert surface.space.axes[0].values == (0.1, 1.0)
    assert surface.value.ravel().tolist() == [5, 6]


def test_a_line_separator_within_a_json_text_ends_no_line(tmp_path: Path) -> None:
    lines = '{"opt": "a\u2028b", "err": 5}\n{"opt": "c", "err": 6}\n'
    (tmp_path / "t.jsonl").write_text(lines)
    assert surface_from(tmp_path / "t.jsonl", Meaning(["opt"], "err")).space.axes[0].values == ("a\u2028b", "c")


@pytest.mark.parametrize("end", ["", '\n{"lr": 1, "err": 3}'], ids=["alone", "line"])
def test_an_entry_given_twice_is_refused(tmp_path: Path, end: str) -> None:
    (tmp_path / "t.jsonl").write_text('{"lr": 0.1, "err": 5, "lr": 2}' + end)
    with pytest.raises(BadInput, match="an object has two entries 'lr'"):
        surface_from(tmp_path / "t.jsonl", Meaning(["lr"], "err"))


def test_columns_of_parquet_as_other_programs_write_them(tmp_path: Path) -> None:
    size = pd.Categorical(["large", "small", "medium", "small"], ["small", "medium", "large"], ordered=True)
    table = pa.table(
        {
            "config": pa.array([{"lr": 0.1, "opt": b"adam"}, {"lr": 0.3, "opt": b"adam"}] * 2),
            "wd": pa.array([0.1, 0.2, 0.3, 0.1], pa.float32()),
            "size": pa.Array.from_pandas(size),
            "err": [1.0, 2.0, 3.0, 4.0],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    by_size = surface_from(tmp_path / "t.parquet", Meaning(["size"], "err", where=["wd=0.1", "opt=adam"]))
    assert by_size.space.axes[0].values == ("small", "large")
    assert by_size.value.ravel().tolist() == [4, 1]
    by_decay = surface_from(tmp_path / "t.parquet", Meaning(["lr", "wd"], "err", pool=True))
    assert by_decay.space.axis("wd").values == (0.1, 0.2, 0.3)
    assert by_decay.space.axis("lr").values == (0.1, 0.3)


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_whole_numbers_that_no_float_holds_are_no_axis(tmp_path: Path, kind: str) -> None:
    table = pd.DataFrame({"n": [2**53, 2**53 + 1], "err": [1, 2]})
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        table.to_parquet(path)
    else:
        path.write_text(table.to_csv(index=False) if kind == "csv" else table.to_json(orient="records"))
    with pytest.raises(BadInput, match="9007199254740993 is a whole number that no float64 holds"):
        surface_from(path, Meaning(["n"], "err"))


@pytest.mark.parametrize("module", [bz2, lzma])
def test_other_compressions_are_named(tmp_path: Path, module: Any) -> None:
    (tmp_path / "t.csv").write_bytes(module.compress(b"lr,err\n1,2\n"))
    with pytest.raises(BadInput, match="is compressed in a way that is not read"):
        surface_from(tmp_path / "t.csv", Meaning(["lr"], "err"))
