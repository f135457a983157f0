"""`grid run` of GANs as users meet it: what the file holds, and one line for what cannot work."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from grids import surface_file
from trainers.tasks.gan.features import inception
from tuning.cli import run

HEAD = """
from dataclasses import replace
import torch
from trainers.tasks.gan.network import Gan
from trainers.task import Dataset
from trainers.tasks import get_task
from trainers.tasks.gan.shipped import gan_data

base = get_task("digits-gan")
whole = base.load(None, 0)


def made(train=whole.train_x, reference=whole.valid_x, images=99):
    return lambda folder, seed: gan_data("d", train, reference, whole.judge.features, images, "", "")


"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def own(lines: str) -> str:
    """A module in the current folder, of a name of its own, and its task as users name it."""
    name = f"own_gan_{zlib.crc32(lines.encode())}"
    Path(f"{name}.py").write_text(f"{HEAD}{lines}\n")
    return f"{name}:task"


def refusal(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert not list(Path.cwd().rglob("*.parquet"))
    return shown.err


def test_a_surface_of_a_gan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["grid", "run", "digits-gan", "-o", "adam", "--space", "alpha=1e-3,epsilon=1e-8,1e-4", "--epochs", "2"]
    assert run([*words, "--device", "cpu", "--out", str(tmp_path), "--quiet"]) == 0
    surface = surface_file.load(tmp_path / "digits-gan/adam.parquet")
    about = surface.provenance
    assert (about.metric, about.unit, about.bounded) == ("Fréchet distance (digits classifier)", "", False)
    assert about.failure == 230.0
    assert surface.fidelity is not None
    assert (surface.fidelity.name, surface.fidelity.values) == ("step", (100.0, 200.0))
    assert about.fixed["beta1"] == 0.5
    assert about.fixed["weight_decay"] == 0.0
    assert about.data["features"] == "digits classifier"
    assert len(about.data["features_sha256"]) == 64
    assert about.data["reference"].startswith("500 digits, none of them trained on")
    assert about.data["generated"] == 1000
    assert surface.curve is not None
    assert (np.diff(surface.curve[0, 0, 0]) < 0).all()
    capsys.readouterr()
    assert run(["grid", "show", str(tmp_path / "digits-gan/adam.parquet")]) == 0
    assert "a diverged run is worth 230" in capsys.readouterr().out


def test_fid_needs_its_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["grid", "run", "cifar10-ggan-fid", "-o", "adam", "--data", str(tmp_path)]
    assert f"{tmp_path}: FID needs the weights of Inception-v3" in refusal(words, capsys)
    (tmp_path / inception.FILE).write_bytes(b"of another network")
    said = refusal(words, capsys)
    assert f"{tmp_path / inception.FILE}: not the weights that FID is defined by" in said


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("task = replace(base, name='own', load=lambda folder, seed: replace(whole, judge=None))", "GanData"),
        (
            "task = replace(base, name='own', load=made(reference=whole.valid_x[:32]))",
            "needs more than 32 reference images, not 32",
        ),
        (
            "task = replace(base, name='own', load=made(images=20))",
            "needs more than 32 generated images, not 20",
        ),
        (
            "task = replace(base, name='own', load=made(reference=torch.zeros(99, 1, 9, 9)))",
            "images of 1x8x8 (channels, height, width): 1x9x9",
        ),
        (
            "task = replace(base, name='own', load=made(reference=whole.valid_x * float('nan')))",
            "are not finite for 500 of the 500 reference images",
        ),
        (
            "def network():\n    made = base.network()\n"
            "    made.generator.append(torch.nn.Flatten())\n    return made\n"
            "from trainers.tasks.gan.task import frechet_metric\n"
            "task = replace(base, name='own', network=network, metric=frechet_metric(network, 'x'))",
            "images of 1x8x8 (channels, height, width): 64",
        ),
        (
            "from trainers.task import Metric, Task\nfrom trainers.tasks.gan.procedure import Adversarial\n"
            "task = Task(name='own', network=base.network, load=base.load, epochs=1, batch_size=64, classes=2,\n"
            "    procedure=Adversarial)",
            "adversarial learning needs a trainers.tasks.gan.task.GanTask, not a Task",
        ),
    ],
    ids=["no judge", "few reference images", "few images", "another size", "not finite", "no images", "another task"],
)
def test_a_users_gan_that_cannot_work_is_refused_in_a_line(
    lines: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(["grid", "run", own(lines), "-o", "adam", "--quiet"], capsys)
    assert "own" in said
    assert expected in said


def test_a_users_own_gan_trains(tmp_path: Path) -> None:
    task = own("task = replace(base, name='own', load=made(train=whole.train_x[:128]), steps=3, batch_size=16)")
    words = ["grid", "run", task, "-o", "torch.optim:Adam", "--space", "lr=1e-3,1e-2", "--epochs", "2"]
    assert run([*words, "--device", "cpu", "--quiet"]) == 0
    surface = surface_file.load(tmp_path / "surfaces/own/torch.optim-Adam.parquet")
    assert surface.fidelity is not None
    assert surface.fidelity.values == (3.0, 6.0)
    assert surface.provenance.data["generated"] == 99
