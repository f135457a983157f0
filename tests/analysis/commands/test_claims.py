"""`tunecost claims` as a user types it."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.commands import claims
from grids import library, surface_file
from grids.space import parse_space
from grids.surface import Provenance, Surface
from trainers import theory
from tuning.cli import run

KEYS = ["task", "id", "statement", "paper", "ours", "low", "high", "verdict", "why"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(library, "SHIPPED", tmp_path / "data")
    monkeypatch.setattr(claims, "RUNS", 2)
    monkeypatch.setattr(claims, "STEPS", 3000)
    monkeypatch.setattr(claims, "HORIZONS", (100, 200, 400))
    monkeypatch.setattr(claims, "RIDGE_STEPS", 300)
    return tmp_path


def make(optimizer: str, task: str, folder: Path) -> None:
    space = parse_space("alpha=1e-3..1e3:7,epsilon=1e-8,1e-6,1e-4,1e-2,1,100")
    rng = np.random.default_rng(len(optimizer))
    alpha, epsilon = (np.log10(axis.values) for axis in space.axes)
    climb = np.maximum(epsilon + 3, 0) * (optimizer == "adam")
    value = np.minimum(3 + 2 * np.abs(alpha[:, None] + 1 - climb) + 0.1 * np.abs(epsilon), 90)
    noisy = value[..., None] + 0.01 * rng.normal(size=(*space.shape, 2))
    surface = Surface(space, (0, 1), noisy, np.zeros(noisy.shape, bool), Provenance(task, optimizer, "error", "%"))
    surface_file.save(surface, folder / task / f"{optimizer}.parquet")


def judged(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["claims", "--repeats", "15", "--jobs", "1", *words]) == 0
    return capsys.readouterr().out


def test_json_has_a_verdict_for_each_statement_and_again_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for optimizer in ("adam", "avagrad"):
        make(optimizer, "toy", folder / "data")
    first = judged("--format", "json", capsys=capsys)
    assert first == judged("--format", "json", "--task", "toy", capsys=capsys)
    rows = json.loads(first)
    found = {row["id"]: row for row in rows}
    assert len(found) == len(rows)
    for row in rows:
        assert list(row)[: len(KEYS)] == KEYS
        assert row["task"] in ("toy", "equation 11")
        assert row["verdict"] in ("holds", "does not hold", "cannot be told")
    assert found["adam-ridge-adaptive"]["verdict"] == "holds"
    assert "best α at the edge" in found["adam-ridge-non-adaptive"]["why"]
    assert found["adam-ridge-non-adaptive"]["paper"] == 1
    assert found["avagrad-one-alpha"]["ours"] == 6
    assert found["figure3-adam"]["task"] == "equation 11"
    assert found["avagrad-cheaper-cmaes"]["ours"] > 0
    assert found["best-epsilon-amsgrad"]["verdict"] == "cannot be told"
    assert found["best-epsilon-amsgrad"]["ours"] is None


def test_table_and_markdown_and_all_shipped_tasks_in_turn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make("adam", "one", folder / "data")
    make("avagrad", "two", folder / "data")
    make("adam", "three", folder / "here/surfaces")
    shown = judged("--format", "markdown", capsys=capsys)
    assert [line for line in shown.splitlines() if line.startswith("#")] == ["### one", "### two", "### equation 11"]
    lines = [line for line in shown.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in lines} == {6}
    assert any("**holds**" in line for line in lines)
    shown = judged("--task", "three", capsys=capsys)
    assert "three" in shown
    assert "adam-ridge-adaptive" in shown


def test_a_wide_network_is_found_for_the_task_that_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make("avagrad", "toy", folder / "data")
    make("avagrad", "toy-wide", folder / "here/surfaces")
    rows = json.loads(judged("--format", "json", "--task", "toy", capsys=capsys))
    (found,) = [row for row in rows if row["id"] == "avagrad-alpha-across-widths"]
    assert {row["task"] for row in rows} == {"toy", "equation 11"}
    assert (found["ours"], found["verdict"]) == (0, "holds")
    again = json.loads(judged("--format", "json", capsys=capsys))
    assert [row for row in rows if row["task"] == "toy"] == [row for row in again if row["task"] == "toy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "tooy"], "unknown task with surfaces 'tooy'; did you mean 'toy'?"),
        (["--target", "-1"], "--target must be a number of at least 0"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--repeats", "0"], "--repeats must be 1 or more, not 0"),
        (["--jobs", "0"], "--jobs must be 1 or more, not 0"),
        (["--format", "cvs"], "'cvs'"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make("adam", "toy", folder / "data")
    assert run(["claims", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err


def test_no_surfaces_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims"]) == 2
    assert "no surface ships with this program and none is in ./surfaces" in capsys.readouterr().err


def test_rates_are_measured_at_large_numbers_of_steps(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, real = [], theory.rates

    def rates(seed: int, runs: int, horizons: tuple[int, ...]) -> dict[str, theory.Rate]:
        asked.append((runs, horizons))
        return real(seed, 2, (100, 200, 400))

    monkeypatch.setattr(theory, "rates", rates)
    monkeypatch.setattr(claims, "HORIZONS", None)
    make("adam", "toy", folder / "data")
    judged("--format", "json", capsys=capsys)
    assert asked == [(claims.RATE_RUNS, theory.LARGE_HORIZONS)]


def test_what_chance_would_decide_is_said_and_holm_corrects_for_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for optimizer in ("adam", "avagrad"):
        make(optimizer, "toy", folder / "data")
    assert run(["claims", "--repeats", "15", "--jobs", "1", "--format", "markdown"]) == 0
    assert "chance alone would decide" in capsys.readouterr().err
    plain, corrected = (json.loads(judged("--format", "json", *more, capsys=capsys)) for more in ([], ["--holm"]))
    decided = [sum(row["verdict"] != "cannot be told" for row in rows) for rows in (plain, corrected)]
    assert decided[1] <= decided[0]
    for row, other in zip(plain, corrected, strict=True):
        assert other["verdict"] in (row["verdict"], "cannot be told")
