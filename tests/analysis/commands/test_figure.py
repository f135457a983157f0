"""`tunecost figure 1|2|ecdf|profile` as a user meets them."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grids.library import load_surface
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_file import save
from tuning.cli import run

Captured = pytest.CaptureFixture[str]


def tunecost(line: str) -> int:
    return run(line.split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for optimizer in ("adam", "avagrad"):
        value = np.round(rng.gamma(1.0, 4.0, (3, 3, 2)), 2)
        surface = Surface(PRESETS["tiny"], (0, 1), value, value > 12, Provenance("toy", optimizer, "error", "%"))
        save(surface, f"{optimizer}.parquet")
    line = "replay adam.parquet avagrad.parquet -s random -s gld -s cgld --repeats 20 --jobs 1"
    assert run([*line.split(), "--out", "replays.parquet", "--quiet"]) == 0
    return tmp_path


def numbers(name: str) -> list[dict[str, str]]:
    with open(name) as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("1 adam.parquet avagrad.parquet --out f.png", 18),
        ("2 replays.parquet --out f.svg", None),
        ("ecdf replays.parquet --out f.png", None),
        ("profile replays.parquet --out f.pdf", 2 * 2 * 3),
    ],
)
def test_each_leaves_a_figure_and_its_numbers(folder: Path, capsys: Captured, line: str, rows: int | None) -> None:
    before = {path.name for path in folder.iterdir()}
    assert run(["figure", *line.split()]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    out = line.split()[-1]
    assert {path.name for path in folder.iterdir()} - before == {out, "f.csv"}
    assert captured.err == f"wrote {out}\nwrote f.csv\n"
    found = numbers("f.csv")
    assert len(found) == rows if rows else found


def test_figure_1_shows_what_judges_a_cell(folder: Path, capsys: Captured) -> None:
    surface = load_surface("adam.parquet")
    curve = np.stack([surface.value - 1, surface.value], axis=-1).astype(np.float32)
    save(replace(surface, curve=curve), "curves.parquet")
    assert tunecost("figure 1 curves.parquet --value-of best --seed-statistic worst --out f.png --quiet") == 0
    rows = numbers("f.csv")
    assert list(rows[0])[-2:] == ["seed_statistic", "value_of"]
    assert {(row["seed_statistic"], row["value_of"]) for row in rows} == {("worst", "best")}
    worst = load_surface("curves.parquet", "best").table("worst")
    assert [float(row["value"]) for row in rows] == pytest.approx(worst.ravel().tolist())
    assert tunecost("figure 1 adam.parquet --value-of best") == 2
    assert "has no curves" in capsys.readouterr().err


def test_quiet_says_nothing_and_names_have_defaults(folder: Path, capsys: Captured) -> None:
    assert tunecost("figure 1 adam.parquet --quiet") == 0
    assert capsys.readouterr().err == ""
    assert Path("figure1.pdf").exists()
    assert Path("figure1.csv").exists()


def test_the_bars_are_what_cost_prints(folder: Path, capsys: Captured) -> None:
    assert tunecost("figure 2 replays.parquet --target 1.5 --count unique --out f.png --quiet") == 0
    assert tunecost("cost replays.parquet --target 1.5 --count unique --format csv") == 0
    costs = {(row["surface"], row["searcher"]): row for row in csv.DictReader(capsys.readouterr().out.splitlines())}
    bars = [row for row in numbers("f.csv") if row["panel"] == "bars"]
    assert len(bars) == 6
    for bar in bars:
        cost = costs[bar["surface"], bar["searcher"]]
        assert [bar["value"], bar["low"], bar["high"]] == [cost["ert"], cost["ert_low"], cost["ert_high"]]


def test_exact_curves_are_those_of_the_law(folder: Path) -> None:
    from tuning.exact import exact_curve, exact_law

    assert tunecost("figure 2 replays.parquet --exact --target 0 --out f.png --quiet") == 0
    rows = numbers("f.csv")
    for optimizer in ("adam", "avagrad"):
        table = load_surface(f"{optimizer}.parquet").mean
        for searcher in ("gld", "cgld"):
            curve = [
                float(row["value"])
                for row in rows
                if (row["panel"], row["optimizer"], row["searcher"]) == ("curves", optimizer, searcher)
            ]
            assert curve == pytest.approx(exact_curve(table, searcher, len(curve)))
        (bar,) = (
            row for row in rows if (row["panel"], row["optimizer"], row["searcher"]) == ("bars", optimizer, "random")
        )
        assert float(bar["exact"]) == pytest.approx(exact_law(table, "random", 0.0).mean) == pytest.approx(9)


def test_exact_laws_are_those_of_what_judged_each_replay(folder: Path) -> None:
    for name, statistic in (("adam", "best"), ("avagrad", "worst")):
        line = (
            f"replay {name}.parquet -s random --repeats 5 --jobs 1 --seed-statistic {statistic} --out {name}-r.parquet"
        )
        assert tunecost(f"{line} --quiet") == 0
    assert tunecost("figure 2 adam-r.parquet avagrad-r.parquet --exact --target 0 --out f.png --quiet") == 0
    assert {row["optimizer"] for row in numbers("f.csv") if row["exact"]} == {"adam", "avagrad"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 adam.parquet --out f.jpg", "f.jpg: a figure's name ends in .pdf, .png, .svg"),
        ("1 adma.parquet", "adma.parquet"),
        ("1 replays.parquet", "replays.parquet"),
        ("1", "Missing argument"),
        ("2 replays.parquet --out f", "a figure's name ends in"),
        ("2 replays.parquet --target -1", "at least 0"),
        ("2 replays.parquet --mark 0", "--mark must be a number above 0"),
        ("2 replays.parquet --level inf", "--level must be a finite number"),
        ("2 replays.parquet --level 3 --target 1", "--target does not go with it"),
        ("2 replays.parquet --level 3 --exact", "tunecost exact --level"),
        ("2 adam.parquet", "adam.parquet: not a replay table"),
        ("2 replays.parquet --exact --count unique", "--exact gives the law of trials only"),
        ("2 noisy.parquet --exact", "without noise"),
        ("ecdf replays.parquet --target nan", "at least 0"),
        ("profile replays.parquet --out adam.parquet/f.pdf", "cannot be written"),
        ("9 replays.parquet", "No such command '9'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: Captured, line: str, says: str) -> None:
    noisy = "replay adam.parquet -s gld --repeats 2 --noise seed --jobs 1 --out noisy.parquet --quiet"
    assert run(noisy.split()) == 0
    before = {path.name for path in folder.iterdir()}
    assert run(["figure", *line.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert says in captured.err
    assert {path.name for path in folder.iterdir()} == before


def test_exact_refuses_a_surface_that_has_changed(folder: Path, capsys: Captured) -> None:
    Path("avagrad.parquet").replace("adam.parquet")
    assert tunecost("figure 2 replays.parquet --exact") == 2
    assert "adam.parquet is no longer the surface that was replayed" in capsys.readouterr().err
