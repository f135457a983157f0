"""`tunecost compare` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pytest

from grids import replay_table
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
    for optimizer, good in (("adam", 1), ("avagrad", 5)):
        value = np.where(np.arange(9) < good, 0.0, 5.0).reshape(3, 3, 1) + np.arange(9.0).reshape(3, 3, 1) / 100
        surface = Surface(PRESETS["tiny"], (0,), value, np.zeros(value.shape, bool), Provenance("toy", optimizer))
        save(surface, f"{optimizer}.parquet")
    line = "replay adam.parquet avagrad.parquet -s random -s random-unique --repeats 80 --jobs 1"
    assert run([*line.split(), "--out", "replays.parquet", "--quiet"]) == 0
    return tmp_path


def compared(line: str, capsys: Captured) -> list[dict]:
    assert run(["compare", *line.split(), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_two_optimizers_under_each_searcher(folder: Path, capsys: Captured) -> None:
    rows = compared("adam avagrad --target 0.5", capsys)
    assert [(row["searcher_a"], row["searcher_b"]) for row in rows] == [
        ("random", "random"),
        ("random-unique", "random-unique"),
    ]
    for row in rows:
        # One good cell against five: 9 trials against 9/5 with replacement, 5 against 10/6 without.
        assert row["ratio"] == pytest.approx(row["ert_b"] / row["ert_a"])
        assert row["difference"] == pytest.approx(row["ert_b"] - row["ert_a"])
        assert row["ratio_high"] < 1
        assert row["p_logrank"] <= row["p_logrank_holm"] < 1e-6
        assert row["p_mannwhitney"] <= row["p_mannwhitney_holm"] < 1e-6


def test_two_searchers_on_each_surface(folder: Path, capsys: Captured) -> None:
    rows = compared("random random-unique --target 0 --count unique", capsys)
    assert [row["surface_a"] for row in rows] == ["adam.parquet", "avagrad.parquet"]
    assert all(row["surface_a"] == row["surface_b"] for row in rows)
    # Distinct cells until the single best one: the law is one and the same.
    assert all(row["p_logrank"] > 0.001 for row in rows)
    assert all(row["ratio_low"] < row["ratio"] < row["ratio_high"] for row in rows)


def test_the_table_may_be_named_either_way(folder: Path, capsys: Captured) -> None:
    Path("replays.parquet").rename("mine.parquet")
    by_place = compared("adam avagrad mine.parquet", capsys)
    assert by_place == compared("adam avagrad --replays mine.parquet", capsys)
    assert tunecost("compare adam avagrad mine.parquet") == 0
    shown = capsys.readouterr().out
    assert "Holm" in shown
    assert f"{by_place[0]['ratio']:.4g}" in shown


def test_what_was_judged_differently_is_not_compared(folder: Path, capsys: Captured) -> None:
    frame, header = replay_table.load("replays.parquet")
    for name, how in (("adam", {}), ("avagrad", {"value_of": "best"})):
        replay_table.save(frame[frame["optimizer"] == name], f"{name}-r.parquet", header | how)
    assert tunecost("compare adam avagrad adam-r.parquet avagrad-r.parquet") == 2
    said = capsys.readouterr().err
    assert said.startswith("tunecost: 'adam' and 'avagrad' were judged differently (seed statistic mean, value of the ")
    assert said.count("\n") == 1
    replay_table.save(frame, "both.parquet", header | {"value_of": "best"})
    row = compared("adam avagrad both.parquet", capsys)[0]
    assert list(row.items())[-3:] == [("seed_statistic", "mean"), ("value_of", "best"), ("noise", "none")]
    assert tunecost("compare adam avagrad both.parquet") == 0
    assert "value_of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("adam avagard", "unknown optimizer or searcher 'avagard'; did you mean 'avagrad'?"),
        ("adam random", "not two of a kind"),
        ("adam adam", "cannot be compared with itself"),
        ("adam avagrad --target -1", "--target must be a number of at least 0"),
        ("adam avagrad nothing.parquet", "nothing.parquet: cannot be read"),
        ("adam", "Missing argument"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: Captured, line: str, says: str) -> None:
    assert run(["compare", *line.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert says in captured.err


def test_without_a_table_it_asks_for_one(folder: Path, capsys: Captured) -> None:
    Path("replays.parquet").unlink()
    assert tunecost("compare adam avagrad") == 2
    assert "no replay table is given" in capsys.readouterr().err


def test_ranks_over_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    for task in ("digits-mlp", "digits-conv", "fashion-mlp"):
        words = f"replay {task}/adam {task}/avagrad {task}/sgd -s random -s gld --repeats 30 --jobs 1 --quiet"
        assert run([*words.split(), "--out", f"{task}.parquet"]) == 0
    tables = "digits-mlp.parquet digits-conv.parquet fashion-mlp.parquet"
    assert run(["compare", "--across", "tasks", *tables.split(), "--target", "0.5", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["searcher"] for row in rows] == ["random"] * 3 + ["gld"] * 3
    assert {row["optimizer"] for row in rows} == {"adam", "avagrad", "sgd"}
    for row in rows:
        assert (row["tasks"], row["test"], row["target"]) == (3, "Friedman", 0.5)
        assert 1 <= row["rank_low"] <= row["mean_rank"] <= row["rank_high"] <= 3
        assert row["note"] == "3 tasks are few: weak evidence"
    assert sum(row["mean_rank"] for row in rows[:3]) == pytest.approx(6)
    assert run(["compare", "--across", "tasks", "--of", "searcher", *tables.split(), "--level", "20"]) == 0
    captured = capsys.readouterr()
    assert "mean_rank" in captured.out
    assert "3 tasks are few: weak evidence" in captured.err
    assert run(["compare", "--across", "tasks", "digits-mlp.parquet"]) == 2
    assert "needs two tasks or more" in capsys.readouterr().err
