"""`tunecost grid tasks|optimizers|plan|run|status`, from the command line's root, on the digits."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids import surface_file
from grids.surface import Surface
from trainers.blocks.locks import is_locked
from tuning.cli import run

COMMAND = [sys.executable, "-c", "from tuning.cli import main; main()"]
TINY = ["--space", "tiny", "--epochs", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Adam on the tiny space for two epochs and two seeds, uninterrupted, in 3 shards a seed."""
    out = tmp_path_factory.mktemp("trained")
    words = ["grid", "run", "digits-mlp", "-o", "adam", *TINY, "--seeds", "2", "--block", "3", "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setattr("sys.argv", ["tunecost", *words])  # whatever runs the tests has words of its own
        assert run(words) == 0
    return out


@pytest.fixture
def out(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to be spoilt."""
    shutil.copytree(trained, tmp_path / "out")
    return tmp_path / "out"


def load(out: Path, name: str = "digits-mlp/adam") -> Surface:
    return surface_file.load(out / f"{name}.parquet")


def same(one: Surface, other: Surface) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "train_loss")
        for name in ("value", "diverged", "curve", "train_loss")
    )


def train(out: Path, *more: str, optimizers: tuple[str, ...] = ("adam",)) -> int:
    named = [word for one in optimizers for word in ("-o", one)]
    return run(["grid", "run", "digits-mlp", *named, *TINY, "--seeds", "2", "--out", str(out), *more])


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert "Traceback" not in said
    return said


def test_a_surface_says_where_it_came_from(trained: Path) -> None:
    surface = load(trained)
    assert surface.space.names == ("alpha", "epsilon")
    assert surface.seeds == (0, 1)
    assert surface.value.shape == (3, 3, 2)
    assert surface.curve is not None
    assert np.array_equal(
        surface.curve[..., -1][~surface.diverged], surface.value.astype(np.float32)[~surface.diverged]
    )
    origin = surface.provenance
    assert (origin.task, origin.optimizer, origin.unit) == ("digits-mlp", "adam", "%")
    assert origin.fixed["beta1"] == 0.9
    assert origin.fixed["weight_decay"] == 5e-4
    assert (origin.fixed["epochs"], origin.fixed["batch_size"], origin.fixed["factor"]) == (2, 64, 0.2)
    assert "alpha" not in origin.fixed
    assert (origin.data["name"], origin.data["train"], origin.data["validation"]) == ("digits", 1297, 500)
    assert len(origin.data["sha256"]) == 64
    assert {"torch", "numpy", "python", "tunecost"} <= set(origin.software)
    assert origin.device
    assert origin.created
    assert origin.command.startswith("tunecost grid run digits-mlp -o adam ")
    assert surface.seconds is not None
    assert (surface.seconds > 0).all()


def test_done_work_is_not_done_again(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainers.blocks import training

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "train_block", never)
    before = (out / "digits-mlp/adam.parquet").read_bytes()
    assert train(out) == 0
    assert (out / "digits-mlp/adam.parquet").read_bytes() == before


def test_blocks_and_parts_change_nothing(trained: Path, tmp_path: Path) -> None:
    for part in ("1/3", "2/3"):
        assert train(tmp_path / "parts", "--block", "4", "--shard", part) == 0
        assert not (tmp_path / "parts/digits-mlp/adam.parquet").exists()
    assert train(tmp_path / "parts", "--shard", "3/3") == 0
    assert same(load(tmp_path / "parts"), load(trained))


def test_more_seeds_add_and_fewer_take_away(out: Path, trained: Path) -> None:
    assert train(out, "--seeds", "3") == 0
    assert load(out).seeds == (0, 1, 2)
    assert np.array_equal(load(out).value[..., :2], load(trained).value)
    assert train(out, "--seeds", "2") == 0
    assert same(load(out), load(trained))


def test_status_counts_runs_and_exits_3(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "status", str(out), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["task"], row["optimizer"], row["cells"], row["seeds"]) == ("digits-mlp", "adam", 9, 2)
    assert (row["done"], row["running"], row["missing"]) == (18, 0, 0)
    assert row["diverged"] == int(load(out).diverged.sum())
    sorted(out.glob("digits-mlp/adam.shards/*.parquet"))[0].unlink()
    for folder in (out, out / "digits-mlp", out / "digits-mlp/adam.shards"):
        assert run(["grid", "status", str(folder), "--format", "json"]) == 3
        (row,) = json.loads(capsys.readouterr().out)
        assert (row["done"], row["missing"]) == (15, 3)


def test_status_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "status", str(tmp_path / "none")]) == 2
    assert "no such folder" in one_line(capsys)
    assert run(["grid", "status", str(tmp_path)]) == 2
    assert "no sweep" in one_line(capsys)


def test_status_of_a_surface_without_shards(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(out / "digits-mlp/adam.shards")
    assert run(["grid", "status", str(out), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["done"] == 18


def test_a_damaged_shard_is_told_and_done_again(out: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    victim = sorted(out.glob("digits-mlp/adam.shards/*.parquet"))[1]
    victim.write_bytes(victim.read_bytes()[:-20])
    (out / "digits-mlp/adam.parquet").unlink()
    assert train(out, "--quiet") == 0
    assert str(victim) in one_line(capsys)
    assert same(load(out), load(trained))


@pytest.mark.parametrize("change", [["--epochs", "3"], ["--space", "alpha=0.1,1"]])
def test_a_folder_of_another_sweep_is_refused(
    out: Path, trained: Path, change: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(out, *change) == 2
    said = one_line(capsys)
    assert "adam.shards: holds another sweep" in said
    assert "--fresh" in said
    assert same(load(out), load(trained))


def test_another_partition_is_refused(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(out, "--block", "2") == 2
    assert "--block 3" in one_line(capsys)


def test_fresh_starts_over(out: Path) -> None:
    assert train(out, "--fresh", "--block", "1", "--space", "alpha=0.1,1") == 0
    assert train(out, "--fresh", "--block", "2", "--space", "alpha=0.1,1") == 0
    assert len(list(out.glob("digits-mlp/adam.shards/*.parquet"))) == 2
    assert load(out).space.shape == (2,)


def test_a_surface_of_another_origin_is_not_overwritten(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(out / "digits-mlp/adam.shards")
    assert train(out, "--epochs", "1") == 2
    assert "did not make" in one_line(capsys)


def test_a_damaged_manifest_is_told(out: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = out / "digits-mlp/adam.shards/sweep.json"
    manifest.write_text(manifest.read_text()[:100])
    assert train(out) == 2
    assert "sweep.json: cut short or altered" in one_line(capsys)
    manifest.unlink()
    assert train(out, "--block", "3") == 0
    assert same(load(out), load(trained))


def test_a_preset_is_fitted_to_the_optimizer(tmp_path: Path) -> None:
    assert train(tmp_path, "--epochs", "1", "--seeds", "1", optimizers=("sgd", "adam:epsilon=1e-4")) == 0
    assert load(tmp_path, "digits-mlp/sgd").space.names == ("alpha",)
    fixed = load(tmp_path, "digits-mlp/adam-epsilon=1e-4")
    assert fixed.space.names == ("alpha",)
    assert fixed.provenance.optimizer == "adam:epsilon=1e-4"
    assert fixed.provenance.fixed["epsilon"] == 1e-4


def test_a_weight_decay_typed_is_the_one_used(tmp_path: Path) -> None:
    for text in ("adam:weight_decay=0", "adam:weight_decay=0.5"):
        assert train(tmp_path, "--seeds", "1", "--space", "alpha=0.01", optimizers=(text,)) == 0
    none, much = (load(tmp_path, f"digits-mlp/adam-weight_decay={text}") for text in ("0", "0.5"))
    assert none.provenance.fixed["weight_decay"] == 0
    assert none.train_loss is not None
    assert much.train_loss is not None
    assert none.train_loss[0, 0] != much.train_loss[0, 0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits-mpl", "-o", "adam"], "did you mean 'digits-mlp'"),
        (["digits-mlp", "-o", "adm"], "did you mean 'adam"),
        (["digits-mlp", "-o", "adam", "--space", "paper-cifr"], "did you mean 'paper-cifar'"),
        (["digits-mlp", "-o", "sgd", "--space", "alpha=0.1,epsilon=1"], "it has: alpha, momentum, weight_decay"),
        (["digits-mlp", "-o", "adam:epsilon=1", "--space", "alpha=0.1,epsilon=1"], "leave one of the two out"),
        (["digits-mlp", "-o", "sgd", "--space", "beta7=1,2"], "no hyperparameter 'beta7'"),
        (["digits-mlp", "-o", "adam", "--shard", "4/3"], "--shard 4/3"),
        (["digits-mlp", "-o", "adam", "--shard", "x"], "--shard x"),
        (["digits-mlp", "-o", "adam", "--seeds", "0"], "--seeds"),
        (["digits-mlp", "-o", "adam", "--epochs", "-1"], "--epochs"),
        (["digits-mlp", "-o", "adam", "--device", "tpu9"], "device 'tpu9'"),
        (["digits-mlp", "-o", "adam", "--device", "meta"], "device 'meta'"),
        (["digits-mlp", "-o", "adam", "--time-limit", "-1"], "--time-limit"),
        (["digits-mlp", "-o", "adam", "-o", "adm"], "did you mean 'adam"),
        (["digits-mlp"], "-o"),
    ],
)
def test_wrong_use_is_one_line_before_anything_runs(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["grid", "run", *words]) == 2
    assert expected in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert train(tmp_path / "file") == 2
    assert "cannot be" in one_line(capsys)


def test_no_time_no_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "out", "--time-limit", "0") == 0
    assert "not complete" in one_line(capsys)
    assert run(["grid", "status", str(tmp_path / "out")]) == 3


def test_too_little_time_for_one_shard(tmp_path: Path) -> None:
    words = ["grid", "run", "digits-mlp", "-o", "adam", "--device", "cpu", "--epochs", "5000", "--out", str(tmp_path)]
    begun = time.monotonic()
    assert run([*words, "--time-limit", "0.3"]) == 0
    assert time.monotonic() - begun < 60
    assert not list(tmp_path.glob("*/*/*.parquet"))
    assert not any(map(is_locked, tmp_path.glob("*/*/*.lock")))


def test_plan_says_what_a_run_would_take(out: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["grid", "plan", "digits-mlp", "-o", "adam", "-o", "sgd", *TINY, "--seeds", "2", "--format", "json"]
    assert run([*words, "--out", str(tmp_path / "new")]) == 0
    adam, sgd = json.loads(capsys.readouterr().out)
    assert (adam["cells"], adam["seeds"], adam["epochs"], adam["shards"]) == (9, 2, 2, 2)
    assert sgd["cells"] == 3
    assert adam["seconds_per_shard"] > 0
    assert adam["hours"] > 0
    assert adam["memory_gib"] > 0
    assert not (tmp_path / "new").exists()
    assert run([*words, "--out", str(out)]) == 0
    printed = capsys.readouterr()
    adam, _ = json.loads(printed.out)
    assert (adam["shards"], adam["shards_done"], adam["hours"]) == (6, 6, 0)
    assert printed.err == ""


@pytest.mark.parametrize(
    ("change", "expected"), [(["--epochs", "1"], "holds another sweep"), (["--block", "2"], "begun with --block 3")]
)
def test_plan_answers_and_says_what_run_would_refuse(
    out: Path, change: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["grid", "plan", "digits-mlp", "-o", "adam", *TINY, *change, "--out", str(out), "--format", "json"]
    assert run(words) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)[0]["shards_done"] == 0
    assert printed.err.startswith("`grid run` would refuse: ")
    assert expected in printed.err


def test_submit_without_slurm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ["grid", "submit", "digits-mlp", "-o", "adam", "--space", "tiny", "--gpus-per-shard", "0"]
    assert run([*words, "--partition", "main"]) == 2
    assert "no Slurm on this machine" in one_line(capsys)
    assert run(words) == 2
    assert "--partition" in one_line(capsys)
    assert run([*words, "--partition", "main", "--sbatch", "account"]) == 2
    assert "--sbatch account" in one_line(capsys)
    assert run([*words, "--partition", "main", "--device", "cpu"]) == 2
    assert "no Slurm on this machine" in one_line(capsys)
    for device in ("cuda", "cuda:1"):  # no GPU is asked for, or one by a number that only Slurm gives
        assert run([*words, "--partition", "main", "--device", device]) == 2
        assert "--device cuda" in one_line(capsys)


def test_help_shows_what_an_option_left_out_means(capsys: pytest.CaptureFixture[str]) -> None:
    for command, defaults in (
        ("run", ("the task's", "./data", "by task and", "all", "none", "resume", "auto")),
        ("submit", ("the task's", "./data", "all", "240", "1", "auto")),
    ):
        assert run(["grid", command, "--help"]) == 0
        said = capsys.readouterr().out
        for default in defaults:
            assert f"[default: {default}" in said or f"[default: ({default}" in said, default


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "tasks", "--format", "json"]) == 0
    assert "digits-mlp" in [row["task"] for row in json.loads(capsys.readouterr().out)]
    assert run(["grid", "optimizers", "--format", "json"]) == 0
    listed = {row["optimizer"]: row["hyperparameters"] for row in json.loads(capsys.readouterr().out)}
    assert {"sgd", "adam", "avagrad"} <= listed.keys()
    assert listed["sgd"] == "alpha=0.1, momentum=0.9, weight_decay=the task's"


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupted_in_the_middle(number: signal.Signals, tmp_path: Path) -> None:
    words = ["grid", "run", "digits-mlp", "-o", "adam", "--device", "cpu", "--epochs", "2000", "--out", "out"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    shards = tmp_path / "out/digits-mlp/adam.shards"
    try:
        while not any(map(is_locked, shards.glob("seed*.lock"))):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said == "tunecost: interrupted\n"
    assert not any(map(is_locked, shards.glob("*.lock")))
    assert not [path for path in shards.iterdir() if path.name.startswith(".")]
