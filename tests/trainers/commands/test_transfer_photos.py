"""`tunecost transfer` to a folder of photographs: odd files, kills, broken ones."""

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
from PIL import Image

from grids import surface_file
from grids.space import parse_space
from grids.surface import Provenance, Surface
from trainers.engine.one_by_one import OneByOne
from trainers.engine.stack import VmapStacked, initial
from trainers.tasks.photographs.network import resnet50
from tuning.cli import run

TASKS = """
    from functools import partial
    from trainers.tasks.photographs.folder import PhotoFolder
    from trainers.tasks.photographs.network import resnet50
    from trainers.tasks.photographs.procedure import FromFiles
    from trainers.task import Task

    photos = Task(
        name="photos",
        network=partial(resnet50, 10, (1, 1, 1, 1), 4),
        load=PhotoFolder("photos", 10),
        classes=10,
        epochs=2,
        batch_size=16,
        procedure=FromFiles,
    )
"""
WORDS = "transfer sgd.parquet --to photo_tasks:photos --data data --seeds 2 --jobs 1 --quiet --out {}.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """JPEGs of odd sizes, of two colours by class, grey and CMYK among them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo_tasks.py").write_text(textwrap.dedent(TASKS))
    rng = np.random.default_rng(0)
    for part, count in (("train", 32), ("val", 8)):
        for number, name in enumerate(("dark", "light")):
            (tmp_path / "data" / part / name).mkdir(parents=True)
            for at in range(count):
                height, width = rng.integers(30, 120, 2)
                pixels = rng.integers(150 * number, 100 + 150 * number, (height, width, 3)).astype(np.uint8)
                mode = ("RGB", "L", "CMYK")[at % 3]
                Image.fromarray(pixels).convert(mode).save(tmp_path / "data" / part / name / f"{at}.jpg")
    value = np.array([[5.0], [9.0]])
    surface = Surface(parse_space("alpha=0.02,0.1"), (0,), value, np.zeros((2, 1), bool), Provenance("toy", "sgd"))
    surface_file.save(surface, tmp_path / "sgd.parquet")
    return tmp_path


@pytest.mark.slow
def test_two_epochs_and_a_kill_in_between(folder: Path) -> None:
    command = [sys.executable, "-c", "from trainers.blocks import saved_state; saved_state.SAVE_EVERY = 0.0\n"]
    command[-1] += "from tuning.cli import main; main()"
    process = subprocess.Popen([*command, *shlex.split(WORDS.format("killed"))])
    deadline = time.monotonic() + 120
    while not list(folder.glob("killed.json.parts/*.state")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "killed.json").exists()
    for name in ("killed", "whole"):
        subprocess.run([*command, *shlex.split(WORDS.format(name))], check=True)
    killed, whole = (json.loads((folder / f"{name}.json").read_text()) for name in ("killed", "whole"))
    assert killed["values"] == whole["values"]
    assert whole["metric"] == "test error"
    assert whole["judged_by"] == "the test set's 16 examples, after training on the training examples"
    assert whole["mean"] < 50


def test_a_broken_photograph_is_refused_by_name_or_skipped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for part in ("train", "val"):
        (folder / "data" / part / "dark" / "0.jpg").write_bytes(b"no image")
    assert run(shlex.split(WORDS.format("one"))) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "train/dark/0.jpg: no image that can be read" in err
    assert run(shlex.split(f"{WORDS.format('one')} --broken skip")) == 0
    found = json.loads((folder / "one.json").read_text())
    wrong = np.array(found["values"]) * 15 / 100  # of the 15 that can be read
    np.testing.assert_allclose(wrong, wrong.round(), atol=1e-9)
    assert run(shlex.split("transfer sgd.parquet --to digits-mlp-wide --broken skip --jobs 1 --out two.json")) == 2
    assert "--broken skip is for folders of photographs" in capsys.readouterr().err


def test_one_by_one_is_the_simple_backend() -> None:
    import functools

    import torch

    make = functools.partial(resnet50, 10, (1, 1, 1, 1), 4)
    seeds = torch.tensor([0, 1])
    inputs = torch.randn(1, 4, 3, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = []
    for backend in (OneByOne, VmapStacked):
        network, params, buffers = initial(make, seeds, torch.device("cpu"), torch.float64)
        leaf = params.clone().requires_grad_()
        outputs = backend(network)(leaf, buffers, inputs, True)
        (grad,) = torch.autograd.grad(outputs.square().sum(), leaf)
        found.append((outputs.detach(), grad, *buffers.values()))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)
