"""`tunecost replay` and `tunecost exact` as a user meets them."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from grids import replay_table
from grids.library import load_surface
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_file import save
from tuning.cli import run
from tuning.searchers import LABELS

SLOW = """
import time
from pathlib import Path

class Slow:
    def __init__(self, space, rng):
        pass
    def ask(self):
        Path("begun").touch()
        time.sleep(0.05)
        return (2, 2)
    def tell(self, cell, value):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    space = PRESETS["tiny"]
    value = np.arange(18.0).reshape(3, 3, 2)
    save(Surface(space, (0, 1), value, np.zeros(value.shape, bool), Provenance("toy", "adam")), tmp_path / "s.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_may_be_judged_by_their_best_epoch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "replay digits-mlp/adam -s random --repeats 3 --jobs 1 --out x.parquet --value-of best --quiet"
    assert run(line.split()) == 0
    frame, header = replay_table.load("x.parquet")
    assert header["value_of"] == "best"
    assert frame["best"].min() == load_surface("digits-mlp/adam").judged_by("best").mean.min()
    assert run(["figure", "2", "x.parquet", "--exact", "--out", "f.png", "--quiet"]) == 0
    assert run(["replay", "s.parquet", "--out", "y.parquet", "--value-of", "best"]) == 2
    assert "has no curves" in capsys.readouterr().err
    assert not Path("y.parquet").exists()


def test_replay_writes_the_table_and_how_it_was_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = (
        "replay s.parquet -s random -s gld:radius_max=1 --repeats 4 --max-trials 6 --seed 3 --jobs 1 --out r/x.parquet"
    )
    assert run([*line.split(), "--seed-statistic", "best"]) == 0
    assert capsys.readouterr().out == ""
    frame, header = replay_table.load("r/x.parquet")
    assert frame["end"].sum() == 8
    assert frame["surface"].unique().tolist() == ["s.parquet"]
    assert frame["task"].unique().tolist() == ["toy"]
    assert frame["searcher"].unique().tolist() == ["random", "gld:radius_max=1"]
    assert header["seed"] == 3
    assert header["repeats"] == 4
    assert header["max_trials"] == {"s.parquet": 6}
    assert header["seed_statistic"] == "best"
    assert header["value_of"] == "last"
    assert header["searchers"] == ["random", "gld:radius_max=1"]
    assert {"numpy", "optuna", "cma"} <= header["software"].keys()
    (facts,) = header["surfaces"].values()
    assert facts["sha256"] == hashlib.sha256(Path("s.parquet").read_bytes()).hexdigest()
    assert (facts["lowest"], facts["seeds"], facts["targets_derived"]) == (0.0, [0, 1], True)
    assert header["searcher_labels"] == LABELS


def test_the_papers_five_are_the_default(folder: Path) -> None:
    assert run(["replay", "s.parquet", "--repeats", "1", "--jobs", "1", "--quiet", "--out", "x.parquet"]) == 0
    frame, header = replay_table.load("x.parquet")
    assert frame["searcher"].unique().tolist() == ["random", "tpe", "cmaes", "gld", "cgld"]
    assert header["max_trials"] == {"s.parquet": 9}


def test_noise(folder: Path) -> None:
    line = "replay s.parquet -s random --noise seed --repeats 5 --jobs 1 --quiet --out x.parquet"
    assert run(line.split()) == 0
    frame, header = replay_table.load("x.parquet")
    assert header["noise"] == "seed"
    assert (frame.loc[frame["end"], "trial"] == 9).all()


WRONG = {
    "replay s.parquet -s gdl --out x.parquet": "did you mean 'gld'",
    "replay s.parquet -s gld:radius=1 --out x.parquet": "unknown option 'radius'",
    "replay s.parquet -s gld:radius_min=0 --out x.parquet": "radius_min must be",
    "replay s.parquet -s optuna:TPE --out x.parquet": "did you mean 'TPESampler'",
    "replay s.parquet -s nowhere:Mine --out x.parquet": "no module 'nowhere'",
    "replay s.parquet s.parquet --out x.parquet": "given twice",
    "replay s.parquet --repeats 0 --out x.parquet": "repeats must be",
    "replay s.parquet --seed -1 --out x.parquet": "seed must be",
    "replay s.parquet --seed-statistic mode --out x.parquet": "'mode' is not one of 'mean', 'median', 'best', 'worst'",
    "replay gone.parquet --value-of bets --out x.parquet": "'bets' is not one of 'last', 'best'",
    "exact gone.parquet --value-of bets": "'bets' is not one of 'last', 'best'",
    "replay s.parquet --noise dice --out x.parquet": "--noise",
    "replay s.parquet --out s.parquet/x.parquet": "cannot be written",
    "replay s.parquet --out .": "cannot be written",
    "replay s.parquet --out s.parquet": "would replace",
    "replay s.parquet -s json:JSONDecoder --out x.parquet": "searcher 'json:JSONDecoder': TypeError",
    "replay s.parquet -s builtins:int --out x.parquet": "cannot read which options 'int' takes",
    "replay s.parquet -s argparse:Namespace --out x.parquet": "searcher 'argparse:Namespace': TypeError",
    "replay s.parquet -s optuna:TPESampler:n_ei_candidates=0 --max-trials 12 --out x.parquet": (
        "searcher 'optuna:TPESampler:n_ei_candidates=0': IndexError"
    ),
    "replay gone.parquet --out x.parquet": "gone.parquet",
    "replay s.parquet": "--out",
    "exact s.parquet --target -1": "--target must be",
    "exact s.parquet -s cmaes": "has no exact law",
    "exact s.parquet --by 0": "--by must be",
    "exact gone.parquet": "gone.parquet",
}


@pytest.mark.parametrize("line", WRONG)
def test_bad_input_is_one_line_and_exit_2(line: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*line.split(), *(["--jobs", "1"] if line.startswith("replay") else [])]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert WRONG[line] in err
    assert sorted(path.name for path in folder.iterdir()) == ["s.parquet"]


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_interrupted_replay_leaves_nothing_behind(folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW)
    command = "replay s.parquet -s slow:Slow --repeats 50 --jobs 2 --out x.parquet"
    script = "from tuning.cli import main; main()"
    started = subprocess.Popen(
        [sys.executable, "-c", script, *command.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (folder / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert (out, err) == ("", "tunecost: interrupted\n")
    assert sorted(p.name for p in folder.iterdir() if p.name != "__pycache__") == ["begun", "s.parquet", "slow.py"]
    while group_lives(started.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not group_lives(started.pid)


def test_exact_says_last_what_judged_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    line = "exact digits-mlp/adam -s random --target 0.5 --by 3"
    assert run([*line.split(), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row.items())[-2:] == [("seed_statistic", "mean"), ("value_of", "last")]
    assert run([*line.split(), "--format", "csv", "--value-of", "best", "--seed-statistic", "worst"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.endswith(",hit_by_3,seed_statistic,value_of")
    assert row.endswith(",worst,best")
    for more, shown in (([], False), (["--value-of", "best"], True)):
        assert run([*line.split(), *more]) == 0
        assert ("value_of" in capsys.readouterr().out) == shown


def test_exact_prints_the_agreed_keys_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "exact s.parquet -s random -s cgld --target 0 --target 2 --by 3 --format json"
    assert run(line.split()) == 0
    rows = json.loads(capsys.readouterr().out)
    keys = ["surface", "optimizer", "task", "searcher", "target", "mean", "median", "q25", "q75"]
    assert [list(row)[:9] for row in rows] == [keys] * 4
    assert rows[0]["mean"] == 9
    assert rows[0]["hit_by_3"] == pytest.approx(1 - (8 / 9) ** 3)
    assert [row["target"] for row in rows] == [0, 2, 0, 2]
    assert rows[1]["mean"] == 4.5
    assert run(["exact", "s.parquet", "-s", "gld"]) == 0
    assert "gld" in capsys.readouterr().out


def test_exact_takes_each_surfaces_targets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exact", "s.parquet", "digits-mlp/adam", "-s", "random", "--format", "json"]) == 0
    captured = capsys.readouterr()
    rows = [(row["surface"], row["target"], row["unit"]) for row in json.loads(captured.out)]
    # Means 0.5, 2.5 … 16.5: the median of the others is 9.5, 9 above the lowest.
    assert rows[:2] == [("s.parquet", 0.5, ""), ("s.parquet", 0.9, "")]
    assert rows[2:] == [("digits-mlp/adam", 0.5, "%"), ("digits-mlp/adam", 1.0, "%")]
    assert captured.err.startswith("s.parquet: targets 0.5 and 0.9, 5 % and 10 % of the way")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("replay s.parquet --out -", "a replay table is a Parquet file"),
        ("replay s.parquet --out table.csv", "a name that ends in .parquet"),
        ("replay s.parquet -s ./mine.py:Mine --out x.parquet", "mine:NAME for mine.py in the current folder"),
        ("cost digits-mlp/adam", "is a surface, not a replay table; `tunecost replay digits-mlp/adam` makes one"),
    ],
)
def test_a_name_of_the_wrong_kind_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    assert run(line.split()) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["s.parquet"]
