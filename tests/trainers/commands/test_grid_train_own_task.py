"""`tunecost grid run my_module:task`: a user's own task trains like a shipped one, and its faults are one line each."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from grids.surface_file import load
from tuning.cli import run

GOOD = """
import hashlib
import torch
from torch.nn import functional
from trainers.task import Dataset, Metric, Task

def load(folder, split_seed):
    generator = torch.Generator().manual_seed(split_seed)
    x = torch.randn(120, 3, generator=generator)
    y = x.sum(1, keepdim=True).sin()
    return Dataset("waves", x[:80], y[:80], x[80:], y[80:], "0" * 64)

def network():
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))

def squared_errors(outputs, targets):
    return (outputs - targets).square().squeeze(1)

metric = Metric(name="mean squared error", unit="", failure=10.0, score=squared_errors)
task = Task(name="waves", network=network, load=load, epochs=3, batch_size=16, loss=functional.mse_loss, metric=metric)
"""

SPACE = ["--space", "alpha=1e-3,1e-1,1e3,epsilon=1e-8,1e-2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(textwrap.dedent(text))
    sys.modules.pop(name, None)


def test_an_own_task_trains_a_surface_with_its_metric_in_the_header(folder: Path) -> None:
    write(folder, "own_waves", GOOD)
    assert run(["grid", "run", "own_waves:task", "-o", "adam", *SPACE, "--seeds", "2", "--quiet"]) == 0
    surface = load(folder / "surfaces/waves/adam.parquet")
    about = surface.provenance
    assert (about.task, about.metric, about.unit, about.failure) == ("waves", "mean squared error", "", 10.0)
    assert (about.bounded, about.optimizer_label, about.resolution) == (False, "Adam", None)
    assert len(about.fixed["task_source"]) == 64
    assert (about.data["name"], about.data["train"], about.data["validation"]) == ("waves", 80, 40)
    assert surface.value.max() == 10.0
    assert surface.diverged[surface.value == 10.0].all()
    assert (surface.value[~surface.diverged] < 10.0).all()
    assert surface.value.min() < 0.5
    assert np.isfinite(surface.extra["rms_sqrt_v"][~surface.diverged]).all()


def test_shards_workers_and_resume_are_those_of_any_task(folder: Path) -> None:
    write(folder, "own_parts", GOOD)
    whole = ["grid", "run", "own_parts:task", "-o", "adam", *SPACE, "--quiet"]
    assert run([*whole, "--out", "whole"]) == 0
    for part in ("0/2", "1/2"):
        assert run([*whole, "--out", "parts", "--block", "2", "--shard", part]) == 0
    one, other = (load(folder / out / "waves/adam.parquet") for out in ("whole", "parts"))
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.curve, other.curve)
    assert run(["grid", "plan", "own_parts:task", "-o", "adam", *SPACE, "--format", "json"]) == 0
    assert run(["grid", "status", "parts"]) == 0


def test_another_text_of_the_file_is_another_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "own_changed", GOOD)
    command = ["grid", "run", "own_changed:task", "-o", "adam", *SPACE, "--quiet"]
    assert run(command) == 0
    write(folder, "own_changed", GOOD + "\n# another thought\n")
    capsys.readouterr()
    done = subprocess.run(
        [sys.executable, "-m", "tuning", *command], capture_output=True, text=True, env={**os.environ}, check=False
    )
    assert done.returncode == 2
    assert "task_source" in done.stderr


def test_schedule_warmup_and_clip_are_recorded(folder: Path) -> None:
    write(folder, "own_schedule", GOOD)
    options = ["--schedule", "cosine", "--warmup", "0.5", "--clip", "2"]
    assert run(["grid", "run", "own_schedule:task", "-o", "sgd", "--space", "alpha=0.1", *options, "--quiet"]) == 0
    fixed = load(folder / "surfaces/waves/sgd.parquet").provenance.fixed
    assert (fixed["schedule"], fixed["warmup"], fixed["clip"]) == ("cosine", 0.5, 2.0)
    assert "milestones" not in fixed


def test_a_backend_is_recorded_where_it_was_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["grid", "run", "digits-mlp", "-o", "sgd", "--space", "alpha=0.1", "--epochs", "1", "--quiet"]
    assert run([*words, "--out", "usual"]) == 0
    assert "backend" not in load(folder / "usual/digits-mlp/sgd.parquet").provenance.fixed
    assert run([*words, "--out", "chosen", "--backend", "vmap"]) == 0
    assert load(folder / "chosen/digits-mlp/sgd.parquet").provenance.fixed["backend"] == "vmap"
    assert run([*words, "--out", "chosen"]) == 2
    assert "fixed.backend: vmap there, none here" in capsys.readouterr().err


FAULTS = {
    "a syntax error": ("def f(:", "task", r"faulty\.py, line \d+: invalid syntax"),
    "a name that is not there": (GOOD, "tsak", r"unknown task in faulty\.py 'tsak'; did you mean 'task'"),
    "an import that fails": ("import no_such_thing", "task", r"faulty\.py, line 1: ModuleNotFoundError"),
    "something else than a task": ("task = 3", "task", r"is not a trainers\.task\.Task but int"),
    "a failure that is no number": (
        GOOD.replace("failure=10.0", "failure=float('nan')"),
        "task",
        r"faulty\.py, line \d+: metric 'mean squared error': its failure must be a finite number, not nan",
    ),
    "a failure of the data that is no number": (
        GOOD.replace("failure=10.0", "failure=lambda data: float('inf')"),
        "task",
        "its failure must be a finite number, not inf",
    ),
    "no metric": (GOOD.replace(", metric=metric", ""), "task", "task 'waves' needs a metric, or classes="),
    "no loss": (GOOD.replace("loss=functional.mse_loss, ", ""), "task", "needs a loss"),
    "a name no folder can have": (GOOD.replace('name="waves"', 'name="a/b"'), "task", "not 'a/b'"),
    "the name of a shipped task": (GOOD.replace('name="waves"', 'name="digits-mlp"'), "task", "a name of its own"),
    "a load that raises": (
        GOOD.replace("    y = x", "    raise OSError('no disk')\n    y = x"),
        "task",
        r"its load fails: faulty\.py, line \d+: OSError: no disk",
    ),
    "inputs that are NaN": (
        GOOD.replace("    y = x", "    x[3] = float('nan')\n    y = x"),
        "task",
        r"train_x with values that are not finite, in 1 of 80 examples",
    ),
    "targets of another number": (GOOD.replace("y[:80]", "y[:79]"), "task", "80 inputs in train_x but 79 targets"),
    "no validation": (GOOD.replace("x[80:], y[80:]", "x[:0], y[:0]"), "task", "no examples in valid_x"),
    "something else than a data set": (GOOD.replace("    return Dataset(", "    return ("), "task", "not tuple"),
    "arrays of numpy": (GOOD.replace("x[:80], y", "x[:80].numpy(), y"), "task", "train_x as ndarray"),
    "a batch larger than the data": (GOOD.replace("batch_size=16", "batch_size=81"), "task", "do not fill one batch"),
    "a score of one number": (
        GOOD.replace("squeeze(1)", "mean()"),
        "task",
        "one number for each of the 16 examples, not one number",
    ),
    "a score of another shape": (GOOD.replace(".squeeze(1)", ""), "task", r"not a tensor of shape \[16, 1\]"),
    "a score that raises": (GOOD.replace("squeeze(1)", "squeze(1)"), "task", "its score fails: faulty.py"),
    "a loss that is no mean": (
        GOOD.replace("functional.mse_loss", "lambda o, y: (o - y).square()"),
        "task",
        "its loss must return the mean over the batch",
    ),
    "a loss of targets of another shape": (
        GOOD.replace("keepdim=True", "keepdim=False"),
        "task",
        r"outputs \[16, 1\] and targets \[16\]",
    ),
    "a network that does not fit": (GOOD.replace("Linear(3, 8)", "Linear(4, 8)"), "task", "its network on a batch"),
    "a network that branches on values": (
        GOOD.replace("torch.nn.Sequential(", "Branch(")
        + "\nclass Branch(torch.nn.Sequential):\n    def forward(self, x):\n"
        "        return super().forward(x if self[0].weight.sum() > 0 else -x)\n",
        "task",
        "two cells at once",
    ),
    "classes that are no whole numbers": (
        GOOD.replace("metric=metric", "classes=2"),
        "task",
        "with classes=2 its targets are whole numbers",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_that_names_file_and_object_and_nothing_is_written(
    fault: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, name, said = FAULTS[fault]
    write(folder, "faulty", text)
    assert run(["grid", "run", f"faulty:{name}", "-o", "adam", *SPACE]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1, line
    assert "faulty" in line
    assert re.search(said, line), line
    assert not (folder / "surfaces").exists()


def test_a_module_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "run", "nowhere_to_be_found:task", "-o", "adam"]) == 2
    assert "no module 'nowhere_to_be_found' in this folder or among what is installed" in capsys.readouterr().err


def test_what_fails_only_later_is_told_as_the_users(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = GOOD.replace("epochs=3", "augment=augment, epochs=3").replace(
        "metric = Metric",
        "calls = []\n\ndef augment(x, generator):\n    calls.append(1)\n"
        "    if len(calls) > 6:\n        raise RuntimeError('tired')\n    return x\n\nmetric = Metric",
    )
    write(folder, "faulty", later)
    assert run(["grid", "run", "faulty:task", "-o", "adam", "--space", "alpha=0.1", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "training faulty:task fails: faulty.py, line" in said
    assert "RuntimeError: tired" in said
    assert said.count("\n") == 1
    assert not (folder / "surfaces/waves/adam.parquet").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--schedule", "liner"], "unknown schedule 'liner'; did you mean 'linear'"),
        (["--warmup", "99"], "a warm-up of 99 epochs is longer than the training of 15"),
        (["--warmup", "nan"], "--warmup"),
        (["--clip", "0"], "clipped to a number above 0, not 0"),
        (["--clip", "inf"], "clipped to a number above 0, not inf"),
        (["--backend", "groupd"], "unknown backend 'groupd'; did you mean 'grouped'"),
    ],
)
def test_options_out_of_range(options: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "run", "digits-mlp", "-o", "adam", *SPACE, *options]) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert not (folder / "surfaces").exists()
