"""`tunecost transfer` and `tunecost table 1` as a user types them."""

import json
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grids import surface_file
from grids.space import parse_space
from grids.surface import Provenance, Surface
from trainers.blocks.locks import locked
from tuning.cli import run

KEYS = ["task", "to", "optimizer", "hyperparameters", "seeds", "values", "mean", "std", "metric", "unit"]

GUARDED = '''
    """A task whose test labels may be read once, after all training."""
    import json, pathlib
    import torch
    from trainers.task import Dataset, Task

    class Guarded(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            raise RuntimeError("the test labels were read")

    def load(folder, split_seed):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(120, 4, generator=generator)
        y = (x.sum(dim=1) > 0).long()
        labels = y[80:].as_subclass(Guarded)
        return Dataset("guarded", x[:60], y[:60], x[60:80], y[60:80], "none", test_x=x[80:], test_y=labels)

    def network():
        return torch.nn.Linear(4, 2)

    task = Task(name="guarded", network=network, load=load, classes=2, epochs=3, batch_size=10)
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guarded_tasks.py").write_text(textwrap.dedent(GUARDED))
    space = parse_space("alpha=0.01,0.1,1")
    value = np.array([[20.0, 21.0], [5.0, 6.0], [90.0, 90.0]])
    lost = np.array([[False, False], [False, False], [True, True]])
    surface = Surface(space, (0, 1), value, lost, Provenance("guarded", "sgd", "validation error", "%"))
    surface_file.save(surface, tmp_path / "sgd.parquet")
    return tmp_path


def line(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(shlex.split(words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    return err


def test_a_record_has_the_contracts_keys_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(shlex.split("transfer sgd.parquet --to diabetes-mlp-wide --epochs 2 --seeds 2 --jobs 1 --out f.json")) == 0
    )
    found = json.loads((folder / "f.json").read_text())
    assert [key for key in found if key in KEYS] == KEYS
    assert (found["task"], found["to"], found["optimizer"]) == ("guarded", "diabetes-mlp-wide", "sgd")
    assert found["hyperparameters"] == {"alpha": 0.1}
    assert found["seeds"] == [0, 1]
    assert found["mean"] == pytest.approx(np.mean(found["values"]))
    assert found["std"] == pytest.approx(np.std(found["values"], ddof=1))
    assert found["metric"] == "cross-validation mean squared error"
    assert found["surface"]["value"] == 5.5
    assert found["data"]["folds"] == 5
    assert sorted(path.name for path in folder.glob("f.json*")) == ["f.json"]
    assert "guarded/sgd on diabetes-mlp-wide" in capsys.readouterr().err


def test_test_labels_are_read_by_a_transfer_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shlex.split("grid run guarded_tasks:task -o sgd --space alpha=0.01,0.1 --quiet")) == 0
    assert run(shlex.split("transfer guarded/sgd --to guarded_tasks:task --jobs 1 --out f.json")) == 0
    found = json.loads((folder / "f.json").read_text())
    assert found["metric"] == "test error"
    assert found["judged_by"] == "the test set's 40 examples, after training on the training examples"
    assert found["mean"] < 30
    capsys.readouterr()


def test_further_cells_the_default_and_an_axis_searched_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "transfer sgd.parquet --to guarded_tasks:task --cells 2 --default --retune alpha --jobs 1 --out f.json"
    assert run(shlex.split(words)) == 0
    found = json.loads((folder / "f.json").read_text())
    assert [one["hyperparameters"]["alpha"] for one in found["cells"]] == [0.1, 0.01]
    assert [one["surface_value"] for one in found["cells"]] == [5.5, 20.5]
    assert found["cells"][0]["values"] == found["values"]
    assert found["rank_correlation"]["cells"] == 2
    surface = surface_file.load(folder / "sgd.parquet")
    accuracy = replace(surface.provenance, metric="-accuracy", fixed={"maximize": True})
    surface_file.save(replace(surface, provenance=accuracy), folder / "accuracy.parquet")
    assert run(shlex.split(words.replace("sgd.parquet", "accuracy.parquet").replace("f.json", "g.json"))) == 0
    assert json.loads((folder / "g.json").read_text())["rank_correlation"] == found["rank_correlation"]
    assert found["default"]["hyperparameters"] == {"alpha": 0.1}
    assert found["default"]["values"] == found["values"]
    searched = found["retuned"]["searched"]
    assert [one["hyperparameters"]["alpha"] for one in searched] == [0.01, 0.1, 1.0]
    best = min(searched, key=lambda one: one["validation"])
    assert found["retuned"]["hyperparameters"] == best["hyperparameters"]
    capsys.readouterr()


def test_several_surfaces_make_a_list_that_table_1_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grid", "run", "guarded_tasks:task", "-o", "adam", "--space", "alpha=0.01,0.1", "--quiet"]) == 0
    words = "transfer sgd.parquet guarded/adam --to guarded_tasks:task --jobs 1 --quiet --out f.json"
    assert run(shlex.split(words)) == 0
    assert [one["optimizer"] for one in json.loads((folder / "f.json").read_text())] == ["sgd", "adam"]
    capsys.readouterr()
    assert run(shlex.split("table 1 f.json --format json")) == 0
    rows = json.loads(capsys.readouterr().out)
    ours = [row for row in rows if row["source"] == "ours"]
    assert [(row["task"], row["optimizer"], row["seeds"]) for row in ours] == [
        ("guarded", "sgd", 3),
        ("guarded", "adam", 3),
    ]
    for form, best in (
        ("table", "3.64 (0.06) **"),
        ("markdown", "**3.64 (0.06)**"),
        ("latex", r"\textbf{3.64 (0.06)}"),
    ):
        assert run(["table", "1", "f.json", "--format", form]) == 0
        text = capsys.readouterr().out
        assert best in text
        assert "OOM" in text


@pytest.mark.slow
def test_a_killed_transfer_goes_on_to_the_same_record(folder: Path) -> None:
    command = [sys.executable, "-c", "import sys; from tuning.cli import main; main()"]
    words = "transfer sgd.parquet --to digits-mlp-wide --seeds 2 --epochs 6 --jobs 1 --quiet --out {}.json"
    process = subprocess.Popen([*command, *shlex.split(words.format("killed"))])
    deadline = time.monotonic() + 120
    while len(list(folder.glob("killed.json.parts/*.state"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "killed.json").exists()
    for name in ("killed", "whole"):
        subprocess.run([*command, *shlex.split(words.format(name))], check=True)
    killed, whole = (json.loads((folder / f"{name}.json").read_text()) for name in ("killed", "whole"))
    for changing in ("created", "command"):
        killed.pop(changing), whole.pop(changing)
    assert killed == whole


def test_two_equal_transfers_at_once_are_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["transfer", "sgd.parquet", "--to", "digits-mlp-wide", "--out", "t.json"]
    with locked(folder / "t.json.parts/lock"):
        assert run(words) == 2
        told = capsys.readouterr().err
    assert told == "tunecost: t.json.parts: another `tunecost transfer` is running here\n"
    assert run([*words, "--cells", "9"]) == 2  # which leaves nothing
    assert not (folder / "t.json.parts").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("transfer sgd.parquet --to digits-mpl", "did you mean 'digits-mlp'"),
        ("transfer sgd.parquet --to digits-mlp-wide --out f.txt", "must end in .json"),
        ("transfer sgd.parquet --to digits-mlp-wide --cells 9", "--cells 9, where it has 3"),
        ("transfer sgd.parquet --to digits-mlp-wide --retune beta", "unknown axis of guarded/sgd 'beta'"),
        ("transfer none.parquet --to digits-mlp-wide", "no such file"),
        ("table 1 sgd.parquet", "no JSON"),
        ("table 1 none.json", "cannot be read"),
        ("table 1 old.json", "of format 7, this program reads 1"),
        ("table 1 part.json", "has no 'values'"),
    ],
)
def test_bad_input_is_one_line(words: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "old.json").write_text('{"format": 7}')
    known = {key: None for key in KEYS if key != "values"}
    (folder / "part.json").write_text(json.dumps({"format": 1, **known}))
    assert told in line(words, capsys)
    assert not list(folder.glob("*.parts"))
