"""`tunecost compare --live` as a user types it."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from grids import replay_table, surface_file
from grids.library import find_surface, load_surface
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from tuning.cli import run
from tuning.live import Judge, live_rows, play_live
from tuning.replay import replay

Captured = pytest.CaptureFixture[str]
TRIALS = 12


def surface(noise: float) -> Surface:
    """A valley over 3 × 3 cells, with four seeds."""
    value = 1.0 + np.arange(9.0).reshape(3, 3, 1) + noise * np.random.default_rng(0).normal(size=(3, 3, 4))
    return Surface(PRESETS["tiny"], (0, 1, 2, 3), value, np.zeros(value.shape, bool), Provenance("toy", "adam"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A surface and a live table whose trainings are what the surface says, without noise."""
    monkeypatch.chdir(tmp_path)
    on = surface(0.0)
    surface_file.save(on, "toy.parquet")
    mean = on.mean.ravel()

    def train(cells: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return mean[cells], np.zeros(len(cells), bool)

    searchers = ["random", "gld"]
    studies = play_live(on.space, "toy/adam", searchers, repeats=300, trials=TRIALS, seed=0, train=train)
    frame = live_rows(studies, Judge(mean, float(mean.min())), "toy.parquet", "adam", "toy", float("nan"))
    header = {"live": {"axes": on.space.to_json(), "trials": TRIALS}, "noise": "live"}
    replay_table.save(frame, "live.parquet", header)
    return tmp_path


def compared(line: str, capsys: Captured) -> list[dict]:
    assert run(shlex.split(f"compare {line} --jobs 1 --format json")) == 0
    return json.loads(capsys.readouterr().out)


def test_live_studies_without_noise_cost_what_their_replays_cost(capsys: Captured) -> None:
    rows = compared("--live live.parquet toy.parquet --target 0.5 --target 1", capsys)
    assert [(row["searcher"], row["target"]) for row in rows] == [
        ("random", 0.5),
        ("random", 1),
        ("gld", 0.5),
        ("gld", 1),
    ]
    for row in rows:
        assert (row["repeats_replayed"], row["repeats_noise"], row["repeats_live"]) == (1000, 1000, 300)
        assert row["trials"] == TRIALS
        assert row["p_logrank_replayed_holm"] > 0.05
        assert row["verdict_replayed"] == row["verdict_noise"] == "not told apart"
    # One cell of nine, then two: a geometric law's expected runtime, whatever the budget.
    assert rows[0]["ert_live_low"] < 9 < rows[0]["ert_live_high"]
    assert rows[1]["ert_replayed"] == pytest.approx(4.5, rel=0.1)


def test_the_replays_are_those_of_replay(capsys: Captured) -> None:
    (row,) = compared("--live live.parquet toy.parquet --target 0.5 --repeats 50 --seed 3", capsys)[:1]
    frame = replay(surface_file.load("toy.parquet"), ["random"], repeats=50, max_trials=TRIALS, seed=3)
    hit = frame[frame["suboptimality"] <= 0.5].groupby("repeat")["trial"].min()
    ends = frame[frame["end"]].set_index("repeat")["trial"]
    assert row["hits_replayed"] == len(hit)
    assert row["ert_replayed"] == (hit.sum() + ends.drop(hit.index).sum()) / len(hit)


def test_a_table_is_for_eyes_and_counts_what_is_asked(capsys: Captured) -> None:
    assert run(shlex.split("compare --live live.parquet toy.parquet --target 1 --count unique --jobs 1")) == 0
    shown = capsys.readouterr().out
    assert "toy.parquet: ERT in unique within 12 trials" in shown
    for word in ("ert_replayed", "ert_noise", "ert_live", "live/replayed", "end_live", "random", "gld"):
        assert word in shown
    rows = compared("--live live.parquet toy.parquet --relative --target 50", capsys)
    assert rows[0]["unit"] == "% of the lowest"


def test_a_surface_of_one_seed_has_no_noise(capsys: Captured) -> None:
    one = Surface(
        PRESETS["tiny"], (0,), surface(0.0).value[..., :1], np.zeros((3, 3, 1), bool), Provenance("toy", "adam")
    )
    surface_file.save(one, "one.parquet")
    assert run(shlex.split("compare --live live.parquet one.parquet --target 1 --jobs 1 --format csv")) == 0
    printed = capsys.readouterr()
    assert printed.err == "one.parquet: has one seed, so there are no replays with noise\n"
    head, first, *_ = printed.out.splitlines()
    assert dict(zip(head.split(","), first.split(","), strict=True))["ert_noise"] == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--live live.parquet", "Missing argument 'SURFACE'"),
        ("--live nothing.parquet toy.parquet", "nothing.parquet: cannot be read"),
        ("--live toy.parquet toy.parquet", "toy.parquet: "),
        ("--live live.parquet digits-mlp/adam", "tunes the task toy, and digits-mlp/adam is of digits-mlp"),
        ("--live live.parquet live.parquet", "live.parquet"),
        ("--live live.parquet toy.parquet other", "--live takes one surface"),
        ("--live live.parquet toy.parquet --lowest all", "--live takes one surface"),
        ("--live live.parquet toy.parquet --jobs 0", "jobs must be 1 or more"),
        ("--live live.parquet toy.parquet --count clock", "no elapsed time was recorded"),
        ("--live live.parquet toy.parquet --target -1", "--target must be a number of at least 0"),
        ("random", "Missing argument 'B'"),
        ("", "Missing argument 'A'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(line: str, said: str, capsys: Captured) -> None:
    assert run(["compare", *shlex.split(line)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1, printed.err
    assert said in printed.err


SHIPPED = sorted((Path(__file__).parents[3] / "analysis" / "live").glob("*.parquet"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_live_table_that_ships_is_of_a_surface_that_ships(path: Path) -> None:
    frame, header = replay_table.load(path)
    (name,) = header["surfaces"]
    assert path.stem == name.replace("/", "-")
    assert header["live"]["axes"] == load_surface(name).space.to_json()
    assert find_surface(name).is_file()
    ends = frame[frame["end"]]
    assert (ends["trial"] == header["live"]["trials"]).all()
    assert len(ends) == header["repeats"] * len(header["searchers"])
    assert path.stat().st_size < 70_000
