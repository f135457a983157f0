"""One table in every file format, and columns of other programs' types."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from tables_made import TABLE, WHAT

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.surface import Surface
from grids.tables import files
from grids.tables.importing import Meaning


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "directory")):
        with pytest.raises(BadInput, match=reason):
            files.read(path, Meaning(["a"], "b"))


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
    surface = Surface.from_frame(frame, WHAT.axes, "acc", **options) if form == "frame" else files.read(path, WHAT)
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
    surface = files.read(tmp_path / "t.parquet", Meaning(["n", "b", "c"], "err"))
    assert [axis.values for axis in surface.space.axes] == [("1", ""), ("True", "False"), ("x",)]
    assert surface.value.ravel().tolist() == [1.5, 2.5, 3.5, 4.5]
