"""`tunecost grid list|import|export|show` as a user types them."""

import csv
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids import library, surface_file
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.cli import run

CSV = "lr,momentum,run,accuracy\n0.1,0,1,90\n0.1,0.9,1,94.5\n1,0,1,80\n1,0.9,1,10\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(library, "SHIPPED", tmp_path / "data")
    Path("sweep.csv").write_text(CSV)
    return tmp_path / "here"


def make(out: str = "sweep.parquet", *options: str) -> None:
    words = f"grid import sweep.csv --axes lr,momentum --value accuracy --maximize --unit % --out {out} --quiet"
    assert run([*words.split(), *options]) == 0


def test_import_then_show(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["tunecost", "grid", "import", "my sweep.csv"])
    make("sweep.parquet", "--optimizer", "sgd", "--seed-column", "run")
    assert run(["grid", "show", "sweep.parquet", "--json"]) == 0
    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert err == ""
    assert facts["surface"] == "sweep/sgd"
    assert facts["lowest"] == -94.5
    assert facts["best"][0] == {"lr": 0.1, "momentum": 0.9, "value": -94.5, "suboptimality": 0.0, "seed_std": None}
    assert facts["share_within"] == {"0.5": 0.25, "1": 0.25, "2": 0.25}
    assert facts["fixed"] == {"maximize": True}
    assert facts["seeds"] == [1]
    assert facts["created"].endswith("+00:00")
    assert facts["command"] == "tunecost grid import 'my sweep.csv'"


def test_import_says_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["grid", "import", "sweep.csv", "--axes", "lr,momentum", "--value", "accuracy", "--out", "a/b/s.parquet"])
        == 0
    )
    assert capsys.readouterr() == (
        "",
        "a/b/s.parquet: 4 cells, 1 seed(s)\n"
        "it is called task 'sweep', optimizer 'imported', metric 'accuracy'; figures and tables group by these "
        "(--task, --optimizer, --metric set them)\n",
    )


def test_show_writes_json_that_every_parser_reads(capsys: pytest.CaptureFixture[str]) -> None:
    """Values at the end of float64, a diverged run without one, and a header with what JSON has no word for."""
    huge = np.array([[1.7e308, 1.7e308], [-1.7e308, -1.7e308], [np.nan, 1e308]])
    diverged = ~np.isfinite(huge)
    space = Space((Axis("a", (1, 2, 3)),))
    made = Surface(space, (0, 1), huge, diverged, Provenance("t", "o", fixed={"factor": [float("inf")]}))
    surface_file.save(made, "huge.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(["grid", "show", "huge.parquet", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
        assert run(["grid", "show", "huge.parquet"]) == 0
    assert facts["lowest"] == -1.7e308
    assert [cell["value"] for cell in facts["best"]] == [-1.7e308, pytest.approx(1.35e308), 1.7e308]
    assert [cell["suboptimality"] for cell in facts["best"]] == [0.0, None, None]
    assert facts["fixed"] == {"factor": [None]}


def test_names_in_a_table_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    make("surfaces/[red]task/:smile:.parquet")
    assert run(["grid", "list"]) == 0
    assert "[red]task/:smile: " in capsys.readouterr().out


def test_show_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    make()
    assert run(["grid", "show", "sweep.parquet"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "4 cells (2 lr x 2 momentum)",
        "highest: 94.5%",
        "within 0.5% of",
        "diverged: 0 runs",
        "maximize=True",
    ):
        assert words in shown


def test_export_and_back(capsys: pytest.CaptureFixture[str]) -> None:
    make()
    assert run(["grid", "export", "sweep.parquet", "--out", "back.csv"]) == 0
    assert run(["grid", "export", "sweep.parquet", "--out", "-"]) == 0
    assert capsys.readouterr().out == Path("back.csv").read_text()
    assert Path("back.csv").read_text().splitlines()[:2] == [
        "lr,momentum,seed,accuracy,diverged",
        "0.1,0.0,0,90.0,false",
    ]
    words = "grid import back.csv --axes lr,momentum --value accuracy --maximize --seed-column seed --quiet"
    words += " --out again.parquet"
    assert run(words.split()) == 0
    one, other = (surface_file.load(name) for name in ("sweep.parquet", "again.parquet"))
    assert one.space == other.space
    assert one.value.tolist() == other.value.tolist()


def test_list_names_local_and_shipped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make("surfaces/digits-mlp/sgd.parquet")
    make(str(folder.parent / "data/digits-mlp/adam.parquet"))
    (folder / "surfaces/digits-mlp/broken.parquet").write_text("no")
    assert run(["grid", "list", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["surface"], row["where"]) for row in rows] == [
        ("digits-mlp/adam", "shipped"),
        ("digits-mlp/broken", "surfaces/digits-mlp/broken.parquet"),
        ("digits-mlp/sgd", "surfaces/digits-mlp/sgd.parquet"),
    ]
    assert rows[0]["lowest"] == "-94.5"
    assert "not a whole Parquet file" in rows[1]["note"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("import none.csv --axes lr --value accuracy --out s.parquet", "none.csv: cannot be read"),
        ("import . --axes lr --value accuracy --out s.parquet", ".: cannot be read"),
        ("import sweep.csv --axes lr,momentun --value accuracy --out s.parquet", "did you mean 'momentum'?"),
        (
            "import sweep.csv --axes lr --value accuracy --out s.parquet",
            "cell lr=0.1 is given twice (and 1 more cell more than once); its rows differ in column 'momentum'",
        ),
        (
            "import sweep.csv --axes , --value accuracy --out s.parquet",
            "--axes ',' names no column",
        ),
        ("import sweep.csv --axes lr,momentum --value accuracy --out s.csv", "ends in .parquet"),
        ("import sweep.csv --axes lr,momentum --value accuracy --out sweep.csv/s.parquet", "cannot be written"),
        ("export sweep.csv --out x.csv", "a surface is a .parquet file"),
        ("export nothing/here --out x.csv", "unknown surface 'nothing/here'"),
        ("export x.parquet --out x.parquet", "the name of a CSV file must not end in .parquet"),
        ("import sweep.csv --axes lr,m" + 5000 * "x" + " --value accuracy --out s.parquet", "unknown column 'mxxx"),
        ("show nothing.parquet", "nothing.parquet: no such file"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    words: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grid", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert len(err) < 300
    assert message in err
    assert [path.name for path in folder.iterdir()] == ["sweep.csv"]


def test_an_unknown_seed_statistic_is_told(capsys: Any) -> None:
    make()
    assert run(["grid", "show", "sweep.parquet", "--seed-statistic", "meen"]) == 2
    assert "'meen' is not one of 'mean', 'median', 'best', 'worst'" in capsys.readouterr().err


def test_show_looks_at_a_further_column(capsys: pytest.CaptureFixture[str]) -> None:
    make()
    surface = surface_file.load("sweep.parquet")
    norm = np.array([[[4.0], [1.0]], [[np.nan], [2.0]]])
    about = replace(surface.provenance, unit="nats", metric="loss", failure=3.0, targets=(2.0,))
    surface_file.save(replace(surface, provenance=about, extra={"norm": norm}), "more.parquet")
    assert run(["grid", "show", "more.parquet", "--column", "norm"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "a diverged run is worth -3 nats",
        "targets: 2 nats",
        "within 4 nats of the highest",
        "cells of the lowest norm",
        "quantiles of norm over cells: 0: 1, 0.05: 1.1",
        "cells without a norm: 1",
    ):
        assert words in shown
    assert run(["grid", "show", "more.parquet", "--column", "norms", "--json"]) == 2
    assert capsys.readouterr().err == ("tunecost: unknown column 'norms'; did you mean 'norm'? (known: norm, value)\n")
    assert run(["grid", "show", "more.parquet", "--column", "norm", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"][0]["norm"] == 1.0


def test_list_says_what_values_mean(capsys: pytest.CaptureFixture[str]) -> None:
    make("surfaces/sweep/sgd.parquet")
    assert run(["grid", "list", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["metric"], row["unit"], row["failure"], row["targets"]) == ("-accuracy", "%", None, [0.5, 1.0])
