"""`tunecost separability` as a user types it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from grids import surface_file
from grids.space import PRESETS, Axis, Space
from grids.surface import Provenance, Surface
from tuning.cli import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, slope in (("adam", 1.0), ("avagrad", 0.0)):
        space = PRESETS["paper-cifar"]
        alpha, epsilon = (np.log10(axis.values) for axis in space.axes)
        value = np.minimum(3 + (alpha[:, None] + 1 - slope * np.maximum(epsilon + 3, 0)) ** 2, 90)
        diverged = value == 90
        surface_file.save(
            Surface(space, (0,), value[..., None], diverged[..., None], Provenance("toy", name, "error", "%")),
            f"surfaces/toy/{name}.parquet",
        )
    return tmp_path


def test_table_csv_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["separability", "toy/adam", "toy/avagrad"]) == 0
    assert "toy/adam" in capsys.readouterr().out
    assert run(["separability", "toy/adam", "toy/avagrad", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["surface"], row["moves_cells"]) for row in rows] == [("toy/adam", "9.0"), ("toy/avagrad", "0.0")]
    assert run(["separability", "toy/adam", "--format", "json", "--scale", "log", "--level", "0.1"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row)[:3] == ["surface", "optimizer", "task"]
    assert row["scale"] == "log"
    assert row["slope_high_from"] <= 1 <= row["slope_high_to"]
    assert len(row["by_column"]) == 21
    assert row["by_column"][0] == {
        "epsilon": 1e-8,
        "best_alpha": 0.1,
        "suboptimality": 0.0,
        "loss_mean": 0.0,
        "loss_max": 0.0,
        "share_within": 1.0,
    }


def test_what_judged_a_cell_is_written_into_all_that_comes_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual, other = (("mean", "last"), ("best", "last"))
    for words, judged in (([], usual), (["--seed-statistic", "best"], other)):
        line = ["separability", "toy/adam", *words]
        assert run([*line, "--format", "json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert list(row)[-3:] == ["by_column", "seed_statistic", "value_of"]
        assert (row["seed_statistic"], row["value_of"]) == judged
        assert run([*line, "--format", "csv", "--out", "s.svg"]) == 0
        for text in (capsys.readouterr().out, (folder / "s.csv").read_text()):
            head, *rows = text.splitlines()
            assert head.endswith(",seed_statistic,value_of")
            assert all(row.endswith(",".join(judged)) for row in rows)
        assert run(line) == 0
        assert ("seed_statistic" in capsys.readouterr().out) == (judged != usual)


def test_what_judged_a_cell_stands_last_where_only_some_pairs_have_a_split(capsys: pytest.CaptureFixture[str]) -> None:
    space = Space(tuple(Axis(name, (1e-4, 1e-2, 1.0)) for name in ("alpha", "beta2", "epsilon")))
    value = np.random.default_rng(0).random((3, 3, 3, 1))
    surface = Surface(space, (0,), value, np.zeros(value.shape, bool), Provenance("toy", "cube"))
    surface_file.save(surface, "surfaces/toy/cube.parquet")
    assert run(["separability", "toy/cube", "--format", "csv"]) == 0
    head = capsys.readouterr().out.splitlines()[0].split(",")
    assert head[-2:] == ["seed_statistic", "value_of"]
    assert "slope_low" in head


def test_the_picture_and_its_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["separability", "toy/adam", "toy/avagrad", "--out", "s.png"]) == 0
    assert capsys.readouterr().err == "wrote s.png\nwrote s.csv\n"
    assert (folder / "s.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((folder / "s.csv").read_text().splitlines()))
    assert len(rows) == 42
    assert rows[0]["best_first_value"] == "0.1"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["toy/adm"], "did you mean 'toy/adam'?"),
        (["toy/adam", "--out", "s.gif"], "a figure's name ends in .pdf, .png, .svg"),
        (["toy/adam", "--level", "-1"], "--level must be a number of at least 0"),
        (["toy/adam", "--level", "nan"], "--level must be a number of at least 0"),
        (["toy/adam", "--split", "inf"], "--split must be a number"),
        (["toy/adam", "--scale", "lgo"], "'lgo'"),
        (["toy/line"], "toy/line: separability needs two axes"),
        (
            ["toy/gone", "--seed-statistic", "x"],
            "'x' is not one of 'mean', 'median', 'best', 'worst'",
        ),
    ],
)
def test_bad_input_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    space = Space((Axis("alpha", (1.0, 2.0)),))
    surface_file.save(
        Surface(space, (0,), np.zeros((2, 1)), np.zeros((2, 1), bool), Provenance("toy", "line")),
        "surfaces/toy/line.parquet",
    )
    assert run(["separability", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
