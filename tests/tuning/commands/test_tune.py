"""`tunecost tune` as a user types it."""

import json
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from grids import replay_table, surface_file
from grids.library import find_surface, load_surface
from grids.surface_facts import file_sha256
from tuning.cli import run

COMMAND = [sys.executable, "-c", "from tuning.cli import main; main()"]
STUDY = "tune digits-mlp -o adam -s random -s gld --trials 3 --repeats 4 --device cpu --jobs 1"
SHORT = "tune digits-mlp -o sgd -s random --trials 3 --repeats 2 --epochs 1 --device cpu --jobs 1"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tunecost(line: str) -> int:
    return run(shlex.split(line))


def refused(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert tunecost(line) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1, printed.err
    return printed.err


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of four studies of each of two searchers, judged by the shipped surface."""
    out = tmp_path_factory.mktemp("live") / "live.parquet"
    assert tunecost(f"{STUDY} --out {out} --quiet") == 0
    return out


def test_a_chosen_cell_is_judged_by_the_surfaces_mean(study: Path) -> None:
    frame, header = replay_table.load(study)
    surface = load_surface("digits-mlp/adam")
    mean = surface.mean.ravel()
    assert frame["best"].tolist() == mean[frame["cell"]].tolist()
    assert frame["suboptimality"].tolist() == pytest.approx((frame["best"] - mean.min()).tolist())
    assert header["live"]["axes"] == surface.space.to_json()
    assert header["noise"] == "live"
    assert header["surfaces"]["digits-mlp/adam"]["sha256"] == file_sha256(find_surface("digits-mlp/adam"))
    for _, part in frame.groupby(["searcher", "repeat"]):
        asked, told = part["asked"].iloc[-1], part["told"].iloc[-1]
        assert len(asked) == len(told) == part["trial"].max() == 3
        assert part["cell"].iloc[-1] == asked[int(np.argmin(told))]
        assert part["end"].tolist() == [False] * (len(part) - 1) + [True]
        assert (part["spent"] == 15 * part["trial"]).all()


def test_what_reads_replay_tables_reads_it(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("cost {}", "compare random gld {}", "figure 2 {} --out f.svg", "figure ecdf {} --out e.svg"):
        assert tunecost(line.format(study)) == 0, line
    assert tunecost(f"cost {study} --target 5 --count epochs --format json") == 0
    rows = json.loads(capsys.readouterr().out.partition("\n[\n")[2].join(("[", "")))
    assert [(row["searcher"], row["repeats"], row["noise"]) for row in rows] == [
        ("random", 4, "live"),
        ("gld", 4, "live"),
    ]
    assert tunecost(f"export {study} --to ioh ioh") == 0


def test_live_and_replayed_do_not_mix_unasked(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost("replay digits-mlp/adam -s tpe --repeats 3 --max-trials 3 --out r.parquet --jobs 1 --quiet") == 0
    said = refused(f"compare random tpe {study} r.parquet", capsys)
    assert "were judged differently" in said
    assert "noise live" in said


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_identical_table(study: Path, tmp_path: Path) -> None:
    parts = tmp_path / "killed.parquet.parts"
    command = [*COMMAND, *shlex.split(f"{STUDY} --out killed.parquet --quiet")]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 120
    while not list(parts.glob("*.parquet")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(parts.glob("*.parquet"))
    assert not Path("killed.parquet").exists()
    done = subprocess.run([*command, "--jobs", "2"], capture_output=True, text=True, check=True)  # and other workers
    assert done.stderr == ""
    assert Path("killed.parquet").read_bytes() == study.read_bytes()
    assert not parts.exists()


def test_what_is_there_is_not_trained_again_and_nothing_else_is_overwritten(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("live.parquet").write_bytes(study.read_bytes())
    assert tunecost(f"{STUDY} --out live.parquet") == 0
    assert "live.parquet: already holds these studies" in capsys.readouterr().err
    more = STUDY.replace("--repeats 4", "--repeats 5")
    assert "holds another study (repeats: 4 there, 5 here)" in refused(f"{more} --out live.parquet", capsys)
    assert tunecost("replay digits-mlp/adam -s random --repeats 2 --jobs 1 --out replays.parquet --quiet") == 0
    assert "holds no live studies" in refused(f"{STUDY} --out replays.parquet", capsys)
    assert Path("live.parquet").read_bytes() == study.read_bytes()
    Path("notes.txt").write_text("mine")
    assert "notes.txt: not a whole Parquet file" in refused(f"{STUDY} --out notes.txt", capsys)
    assert Path("notes.txt").read_text() == "mine"


def test_without_a_surface_told_values_count_and_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost(f"{SHORT} --surface none --out told.parquet") == 0
    said = capsys.readouterr().err.splitlines()
    assert (
        said[0]
        == "digits-mlp/sgd: without a surface: judged by the values that studies were told, from the lowest of them"
    )
    frame, header = replay_table.load("told.parquet")
    told = np.concatenate(frame.loc[frame["end"], "told"].tolist())
    assert (frame["best"] - frame["suboptimality"]).tolist() == pytest.approx([told.min()] * len(frame))
    assert header["live"]["judged_by"] == header["seed_statistic"] == "told"
    ends = frame[frame["end"]]
    assert ends["best"].tolist() == [min(one) for one in ends["told"]]
    assert tunecost("cost told.parquet") == 0
    assert "told" in capsys.readouterr().out


def test_a_surface_of_other_epochs_is_not_taken_unless_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost(f"{SHORT} --out told.parquet") == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("digits-mlp/sgd: is of another training (fixed.epochs: 15 there, 1 here): judged by")
    said = refused(f"{SHORT} --surface digits-mlp/sgd --out other.parquet", capsys)
    assert "--surface digits-mlp/sgd: is of another training (fixed.epochs: 15 there, 1 here)" in said


def test_it_ends_with_what_was_found_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert tunecost("grid run digits-mlp -o sgd --space alpha=0.1,1e30 --epochs 1 --device cpu") == 0
    grid = capsys.readouterr().err.splitlines()
    mean = surface_file.load("surfaces/digits-mlp/sgd.parquet").mean
    assert grid[0] == f"digits-mlp/sgd: best at alpha=0.1: validation error {mean.min():.4g}%"
    assert grid[1] == "of 2 cells, 50 % are within 0.5 percentage points of the lowest, 50 % within 1"
    assert grid[2].startswith("diverged: 1 of 2 cells; time ")
    assert grid[3] == "surfaces/digits-mlp/sgd.parquet"
    assert tunecost(f"{SHORT} --out live.parquet") == 0
    live = capsys.readouterr().err.splitlines()
    frame, _ = replay_table.load("live.parquet")
    chosen = frame.loc[frame["end"], "cell"]
    assert live[0] == (
        f"digits-mlp/sgd: best at alpha=0.1: validation error {mean.min():.4g}%, the surface's mean there; "
        f"chosen by {(chosen == 0).sum()} of 2 studies"
    )
    share = f"{100 * (chosen == 0).mean():.3g} %"
    assert live[1] == (
        f"of 2 cells chosen after 3 trials, {share} are within 0.5 percentage points of the lowest, {share} within 1"
    )
    asked = np.concatenate(frame.loc[frame["end"], "asked"].tolist())
    assert live[2].startswith(f"diverged: {(asked == 1).sum()} of 6 trainings; time ")
    assert live[3] == f"live.parquet: 2 live studies, {len(frame)} rows"
    assert tunecost(f"{SHORT} --out quiet.parquet --quiet") == 0
    assert capsys.readouterr().err == ""


def test_a_task_a_rule_and_a_searcher_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    Path("tuned_tasks.py").write_text(
        textwrap.dedent("""
            import torch
            from trainers.task import Dataset, Metric, Task

            def load(folder, split_seed):
                x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
                return Dataset("mine", x[:40], x[:40, :1], x[40:], x[40:, :1], "none")

            def network():
                return torch.nn.Linear(3, 1)

            def score(outputs, targets):
                return (outputs - targets).square().squeeze(1)

            metric = Metric("squared error", failure=9.0, score=score)
            loss = torch.nn.functional.mse_loss
            task = Task(name="mine", network=network, load=load, loss=loss, metric=metric, epochs=2, batch_size=10)

            class Last:
                def __init__(self, space, rng):
                    self.space = space

                def ask(self):
                    return self.space.cell(self.space.size - 1)

                def tell(self, cell, value):
                    pass
        """)
    )
    line = "tune tuned_tasks:task -o torch.optim:Adam -s tuned_tasks:Last --space lr=0.01,0.1 --trials 2 --repeats 3"
    assert tunecost(f"{line} --jobs 1 --device cpu --out mine.parquet") == 0
    assert "mine/torch.optim-Adam: has no surface here: judged by the values" in capsys.readouterr().err
    frame, header = replay_table.load("mine.parquet")
    assert set(frame["cell"]) == {1}
    facts = header["surfaces"]["mine/torch.optim:Adam"]
    assert (facts["metric"], facts["failure"], facts["targets_derived"]) == ("squared error", 9.0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tune digits-mpl -o adam -s random", "did you mean 'digits-mlp'"),
        ("tune digits-mlp -o adamm -s random", "did you mean 'adam'"),
        ("tune digits-mlp -o adam -s rndom", "did you mean 'random'"),
        ("tune digits-mlp -o adam -s random -s random", "searcher 'random' is given twice"),
        ("tune digits-mlp -o adam -s hyperband", "asks for shorter trainings"),
        ("tune digits-mlp -o adam", "Missing option '--searcher'"),
        ("tune digits-mlp -s random", "Missing option '-o' / '--optimizer'"),
        ("tune digits-mlp -o adam -o sgd -s random", "a live table has one optimizer"),
        ("tune digits-mlp -o adam -s random --surface digits-conv/adam", "task: digits-conv there, digits-mlp here"),
        ("tune digits-mlp -o adam -s random --surface digits-mlp/sgd", "optimizer: sgd there, adam here"),
        ("tune digits-mlp -o adam -s random --surface digits-mlp/adam --space tiny", "its axes are not those of"),
        ("tune digits-mlp -o adam -s random --surface nothing.parquet", "no such file"),
        ("tune digits-mlp -o adam -s random --trials 0", "Invalid value for '--trials'"),
        ("tune digits-mlp -o adam -s random --seed -1", "--seed must be 0 or more"),
        ("tune digits-mlp -o adam -s random --jobs 0", "--jobs must be 1 or more"),
        ("tune digits-mlp -o adam -s random --device tpu", "device 'tpu'"),
    ],
)
def test_wrong_input_is_one_line_and_trains_nothing(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(f"{words} --out live.parquet", capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_surface_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    assert "folder: cannot be written (it is a folder)" in refused(f"{STUDY} --out folder", capsys)
    Path("s.parquet").write_bytes(find_surface("digits-mlp/adam").read_bytes())
    assert "is a surface" in refused(f"{STUDY} --surface s.parquet --out s.parquet", capsys)


def test_the_parts_of_another_study_are_refused_and_fresh_takes_them_away(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("no disk")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_table, "save", broken)
        assert tunecost(f"{SHORT} --out live.parquet --quiet") == 1
    capsys.readouterr()
    other = SHORT.replace("--trials 3", "--trials 2")
    assert "live.parquet.parts: holds another study (trials: 3 there, 2 here)" in refused(
        f"{other} --out live.parquet --quiet", capsys
    )
    assert tunecost(f"{other} --out live.parquet --fresh --quiet") == 0
    assert len(replay_table.load("live.parquet")[0]["told"].iloc[-1]) == 2
