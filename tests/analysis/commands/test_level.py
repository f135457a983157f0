"""Cost to a common level: `--level` and `--lowest all` on two surfaces, one of them worse everywhere."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_file import save
from tuning.cli import run

Captured = pytest.CaptureFixture[str]
VALUES = np.array([4.0, 2.0, 0.5, 3.0, 1.0, 5.0, 6.0, 7.0, 8.0]).reshape(3, 3, 1) + 2


def tunecost(line: str) -> int:
    return run(line.split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`poor` is `good`, 3 points worse in every cell; `flat` is as poor, and nearly the same everywhere."""
    for name, values in (("good", VALUES), ("poor", VALUES + 3), ("flat", 5.5 + VALUES / 1000)):
        about = Provenance("toy", name, unit="%")
        save(Surface(PRESETS["tiny"], (0,), values, np.zeros(values.shape, bool), about), tmp_path / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    words = "replay good.parquet poor.parquet flat.parquet -s random -s gld --repeats 40 --max-trials 200 --jobs 1"
    assert tunecost(f"{words} --quiet --out r.parquet") == 0
    return tmp_path


def rows(line: str, capsys: Captured) -> list[dict[str, Any]]:
    assert run([*line.split(), "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def of(found: list[dict[str, Any]], optimizer: str) -> list[dict[str, Any]]:
    return [row for row in found if row["optimizer"] == optimizer]


COSTS = ["repeats", "hits", "mean", "median", "q25", "q75", "ert"]


def test_what_a_worse_surface_never_reaches_is_censored_and_the_other_unchanged(folder: Path, capsys: Captured) -> None:
    own = rows("cost r.parquet --target 0.5", capsys)
    assert {row["hits"] for row in own} == {40}, "to its own best each surface is cheap"
    for words, shown in (("--lowest all --target 0.5", 0.5), ("--level 3", 3.0)):
        found = rows(f"cost r.parquet {words}", capsys)
        assert {row["target"] for row in found} == {shown}
        for row in of(found, "poor") + of(found, "flat"):
            assert row["hits"] == 0
            assert [row[name] for name in COSTS[2:]] == [None] * 5
        assert {row["note"].split("; ")[-1] for row in of(found, "poor")} == {
            "no cell is that good: the surface's best value is 5.5"
        }
        for row, before in zip(of(found, "good"), of(own, "good"), strict=True):
            assert [row[name] for name in COSTS] == [before[name] for name in COSTS]


def test_a_level_that_both_reach(folder: Path, capsys: Captured) -> None:
    """5.5 or better: one cell of the poor surface, four of the good one: 9 and 9/4 trials of random search."""
    found = rows("cost r.parquet --level 5.5 --level 3", capsys)
    assert [row["target"] for row in of(found, "good")] == [5.5, 3.0] * 2
    assert {row["lowest"] for row in found} == {"level"}
    random = {row["optimizer"]: row for row in found if row["searcher"] == "random" and row["target"] == 5.5}
    assert random["good"]["hits"] == random["poor"]["hits"] == 40
    assert random["good"]["mean"] < random["poor"]["mean"]
    exact = rows("exact good.parquet poor.parquet flat.parquet -s random --level 5.5 --level 3", capsys)
    laws = {(row["optimizer"], row["target"]): row for row in exact}
    assert laws["good", 5.5]["mean"] == pytest.approx(9 / 4)
    assert laws["poor", 5.5]["mean"] == pytest.approx(9)
    assert (laws["poor", 3.0]["mean"], laws["poor", 3.0]["ever"]) == (None, 0.0)
    assert laws["good", 3.0]["mean"] == pytest.approx(9 / 2)


def test_exact_laws_from_the_lowest_of_all(folder: Path, capsys: Captured) -> None:
    words = "exact good.parquet poor.parquet -s random -s gld -s line --target 0.5"
    own, all_ = rows(words, capsys), rows(f"{words} --lowest all", capsys)
    keep = ("target", "mean", "median", "q25", "q75", "ever")
    assert [[row[k] for k in keep] for row in of(own, "good")] == [[row[k] for k in keep] for row in of(all_, "good")]
    assert {(row["mean"], row["ever"], row["lowest"]) for row in of(all_, "poor")} == {(None, 0.0, "all")}


def test_comparison_at_a_level(folder: Path, capsys: Captured) -> None:
    own = rows("compare good poor r.parquet --target 0.5", capsys)
    assert all(0.5 < row["ratio"] < 2 for row in own)
    for words in ("--level 3", "--lowest all --target 0.5"):
        for row in rows(f"compare good poor r.parquet {words}", capsys):
            assert (row["hits_a"], row["hits_b"], row["ratio"]) == (40, 0, None)
            assert "poor.parquet: no cell is that good" in row["note"]


def test_figure_2_at_a_level(folder: Path) -> None:
    assert tunecost("figure 2 r.parquet --level 3 --out f.svg --quiet") == 0
    drawn = list(csv.DictReader(Path("f.csv").read_text().splitlines()))
    bars = [row for row in drawn if row["panel"] == "bars"]
    assert {(row["optimizer"], row["target"], row["hits"]) for row in bars} == {
        ("good", "3.0", "40"),
        ("poor", "3.0", "0"),
        ("flat", "3.0", "0"),
    }
    # Replays of the poor surface end at its own lowest value: their curves stay there, 3 above the lowest of all.
    ends = {(row["optimizer"], row["searcher"]): row for row in drawn if row["panel"] == "curves"}
    assert float(ends["poor", "gld"]["value"]) == pytest.approx(3, abs=0.01)
    assert float(ends["good", "gld"]["value"]) == pytest.approx(0, abs=0.01)


def test_levels_are_in_the_metrics_own_sense(folder: Path, capsys: Captured) -> None:
    Path("t.csv").write_text("lr,acc\n0.001,91\n0.01,92\n0.1,60\n1,91.5\n")
    assert tunecost("grid import t.csv --axes lr --value acc --maximize --unit % --out acc.parquet -q") == 0
    assert (
        tunecost("replay acc.parquet -s random --repeats 30 --max-trials 90 --jobs 1 --out acc-r.parquet --quiet") == 0
    )
    (row,) = rows("exact acc.parquet -s random --level 91.5", capsys)
    assert row["mean"] == 2
    found = rows("cost acc-r.parquet --level 91.5 --level 93", capsys)
    assert [row["hits"] for row in found] == [30, 0]
    assert found[1]["note"].endswith("the surface's best value is 92")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cost r.parquet --level nan", "--level must be a finite number"),
        ("cost r.parquet --level 3 --target 1", "--target does not go with it"),
        ("cost r.parquet --level 3 --lowest all", "--lowest does not go with it"),
        ("compare good poor r.parquet --level 3 --relative", "--relative does not go with it"),
        ("exact good.parquet -s random --level 3 --lowest own", "--lowest does not go with it"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: Captured, line: str, says: str) -> None:
    assert tunecost(line) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert says in said
