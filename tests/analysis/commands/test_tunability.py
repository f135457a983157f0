"""`tunecost tunability` and its figure as a user types them."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from analysis.tunability import expected_best
from grids import surface_file
from grids.library import load_surface
from grids.space import parse_space
from grids.surface import Provenance, Surface
from tuning.cli import run

KEYS = ["surface", "optimizer", "task", "trials", "expected_best", "expected_best_low", "expected_best_high", "area"]


def printed(words: str, capsys: pytest.CaptureFixture[str]) -> list[dict]:
    assert run([*shlex.split(words), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_row_for_each_surface_with_the_contracts_keys_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = printed("tunability fashion-mlp/adam fashion-mlp/sgd --trials 10", capsys)
    assert [row["surface"] for row in rows] == ["fashion-mlp/adam", "fashion-mlp/sgd"]
    for row in rows:
        assert list(row)[: len(KEYS)] == KEYS
        surface = load_surface(row["surface"])
        curve = expected_best(surface.mean, 10)
        assert row["expected_best"] == pytest.approx(curve[-1], rel=1e-12)
        assert row["area"] == pytest.approx(curve.mean(), rel=1e-12)
        assert row["expected_best_low"] <= row["expected_best"] + 1
        assert row["expected_best_low"] < row["expected_best_high"]
    assert rows[0]["default"] == pytest.approx(load_surface("fashion-mlp/adam").mean[7, 0])  # α = 1e-3, ε = 1e-8
    assert rows[0]["tunability"] > rows[0]["tunability_alpha"] > 0


def test_tasks_of_one_optimizer_and_grid_say_what_one_cell_loses(capsys: pytest.CaptureFixture[str]) -> None:
    rows = printed("tunability fashion-mlp/adam digits-mlp/adam digits-mlp/avagrad", capsys)
    assert [row["cross_loss"] is None for row in rows] == [False, False, True]
    assert all(row["cross_loss"] >= 0 for row in rows[:2])


def test_an_imported_surface_in_its_own_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = -np.array([[90.0], [95.0], [80.0]])
    about = Provenance("mine", "wide", "accuracy", "%", fixed={"maximize": True})
    surface = Surface(parse_space("lr=0.1,1,10"), (0,), value, np.zeros((3, 1), bool), about)
    surface_file.save(surface, tmp_path / "mine.parquet")
    (row,) = printed(f"tunability {tmp_path / 'mine.parquet'} --trials 3", capsys)
    assert (row["expected_best"], row["best"], row["expected_best_low"], row["default"]) == (95.0, 95.0, None, None)
    assert row["area"] == pytest.approx((265 / 3 + (95 + 95 + 90) / 3 + 95) / 3)
    (row,) = printed(f"tunability {tmp_path / 'mine.parquet'} --trials 3 --default lr=10", capsys)
    assert (row["default"], row["tunability"], row["tunability_lr"]) == (80.0, 15.0, 15.0)


def test_the_figure_says_where_the_lead_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tunability.svg"
    assert run(shlex.split(f"figure tunability fashion-mlp/adam fashion-mlp/sgd --trials 40 --out {out}")) == 0
    with open(out.with_suffix(".csv")) as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 80
    lead = {int(row["trials"]): row["optimizer"] for row in rows if row["leads"] == "True"}
    assert lead[1] == "adam" or lead[10] == "sgd"
    assert lead[40] == "adam"
    assert len(lead) == 40
    capsys.readouterr()


def test_replays_have_a_row_for_each_searcher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "r.parquet"
    words = f"replay digits-mlp/adam digits-mlp/avagrad -s random -s gld --repeats 300 --jobs 1 --quiet --out {table}"
    assert run(shlex.split(words)) == 0
    rows = printed(f"tunability digits-mlp/adam {table} --trials 15 --repetition", capsys)
    assert all(list(row)[: len(KEYS)] == KEYS for row in rows)
    assert [(row["optimizer"], row["searcher"]) for row in rows] == [
        ("adam", "random"),
        *((optimizer, searcher) for optimizer in ("adam", "avagrad") for searcher in ("random", "gld")),
    ]
    exact, estimate = rows[:2]
    assert estimate["expected_best_low"] <= exact["expected_best"] <= estimate["expected_best_high"]
    assert estimate["area"] == pytest.approx(exact["area"], rel=0.2)
    assert sum(row["leads"] is not None for row in rows) >= 1
    assert run(shlex.split(f"figure tunability {table} --trials 15 --out {tmp_path / 'f.svg'} --quiet")) == 0
    drawn = list(csv.DictReader((tmp_path / "f.csv").read_text().splitlines()))
    assert len(drawn) == 4 * 15
    assert {row["searcher"] for row in drawn} == {"random", "gld"}
    assert all(float(row["low"]) <= float(row["expected_best"]) <= float(row["high"]) for row in drawn)
    assert run(shlex.split(f"tunability {table} --trials 442")) == 2
    assert "at most" in capsys.readouterr().err
    assert run(shlex.split(f"tunability {table} --within alpha=1..")) == 2
    assert "belongs to `tunecost replay`" in capsys.readouterr().err


def test_searchers_that_stop_early_are_drawn_from_their_first_whole_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "r.parquet"
    words = f"replay digits-mlp/adam -s random -s sha:eta=3,min=1 --repeats 30 --jobs 1 --quiet --out {table}"
    assert run(shlex.split(words)) == 0
    rows = printed(f"tunability {table} --trials 20", capsys)
    assert [row["repetition"] for row in rows] == [None, None]
    assert run(shlex.split(f"figure tunability {table} --trials 20 --out {tmp_path / 'f.svg'} --quiet")) == 0
    drawn = list(csv.DictReader((tmp_path / "f.csv").read_text().splitlines()))
    values = [row["expected_best"] for row in drawn if row["searcher"].startswith("sha")]
    assert values[0] == ""
    assert float(values[-1]) < 10
    only = tmp_path / "sha.parquet"
    assert (
        run(shlex.split(f"replay digits-mlp/adam -s sha:eta=3,min=1 --repeats 30 --jobs 1 --quiet --out {only}")) == 0
    )
    capsys.readouterr()
    assert run(shlex.split(f"figure tunability {only} --trials 3 --out {tmp_path / 'g.svg'} --quiet")) == 2
    assert "--trials with more" in capsys.readouterr().err
    assert not (tmp_path / "g.svg").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("tunability fashion-mlp/adam --trials 0", "Invalid value for '--trials'"),
        ("tunability fashion-mlp/adamm", "did you mean 'fashion-mlp/adam'"),
        ("tunability fashion-mlp/adam --default alpha=0.3,epsilon=1", "is not a cell of its grid"),
        ("tunability fashion-mlp/adam --default beta=1", "--default: unknown axis 'beta'"),
        ("tunability fashion-mlp/adam --default alpha", "--default: options are written AXIS=VALUE,..., not 'alpha'"),
        ("tunability fashion-mlp/adam --default alpha=x,epsilon=1", "alpha=x is not a number"),
        ("figure tunability fashion-mlp/adam --out f.txt", "a figure's name ends in"),
    ],
)
def test_bad_input_is_one_line(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shlex.split(words)) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1
