"""A character model on a text of one's own, by the command line: it trains, and what does not fit is one line."""

import json
import math
import sys
from pathlib import Path

import pytest

from grids.surface_file import load
from tuning.cli import run

MODULE = """
from functools import partial
from trainers.tasks.language.text import number, text_data
from trainers.tasks.language.task import LanguageTask
from trainers.tasks.language.network import CharacterLSTM

def load(folder, split_seed):
    return text_data("cats", number({train}, {valid}, {test}), "0" * 64)

task = LanguageTask(
    name="cats",
    network=partial(CharacterLSTM, kinds={kinds}, embedding=4, hidden=4, layers=1),
    load=load,
    epochs=2,
    batch_size={batch},
    segment={segment},
)
"""
USUAL = {
    "train": "'the cat sat on the mat. ' * 20",
    "valid": "'the cat sat. ' * 20",
    "test": "'a mat, a cat. ' * 20",
    "kinds": 12,
    "batch": 4,
    "segment": 9,
}
COMMAND = ["grid", "run", "-o", "adam", "--space", "alpha=1e-3,0.1,epsilon=1e-8", "--quiet"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def write(folder: Path, name: str, **change: object) -> str:
    (folder / f"{name}.py").write_text(MODULE.format(**(USUAL | change)))
    sys.modules.pop(name, None)
    return f"{name}:task"


def test_a_text_of_ones_own_trains_and_its_header_says_how(folder: Path) -> None:
    assert run([*COMMAND, write(folder, "own_cats")]) == 0
    surface = load(folder / "surfaces/cats/adam.parquet")
    about = surface.provenance
    assert (about.metric, about.unit, about.bounded) == ("bits per character", "bits", False)
    assert about.failure == math.log2(12)
    assert about.targets == (0.02, 0.05)
    assert (about.fixed["segment"], about.fixed["evaluation_batch"], about.fixed["clip"]) == (9, 10, 0.25)
    assert (about.data["train"], about.data["validation"]) == (480, 260)
    assert surface.value.min() < math.log2(12)
    assert run(["grid", "plan", "own_cats:task", "-o", "sgd"]) == 0
    words = "transfer surfaces/cats/adam.parquet --to own_cats:task --seeds 2 --jobs 1 --quiet --out final.json"
    assert run(words.split()) == 0
    final = json.loads((folder / "final.json").read_text())
    assert (final["metric"], final["unit"], len(final["values"])) == ("test bits per character", "bits", 2)
    assert surface.value.min() < min(final["values"]) < 1.2 * math.log2(12)  # the test text is another one


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"train": "'a' * 400", "valid": "'a' * 90", "test": "''"},
            "only one kind of character, 'a'; there is nothing to predict",
        ),
        ({"batch": 300}, "its training text of 480 symbols is too short for 300 streams; at most 240 have two"),
        ({"batch": 500}, "480 training examples do not fill one batch of 500"),
        ({"segment": 130}, "a segment of 130 symbols is longer than a stream of its training text"),
        ({"segment": 40}, "a segment of 40 symbols is longer than a stream of its validation text, 260 symbols in 10"),
        ({"segment": 0}, "segment must be a whole number of at least 1"),
        ({"kinds": 7}, "its text has 12 kinds of symbols, its network 7"),
        ({"valid": "''"}, "its validation part is empty"),
    ],
    ids=["one kind", "streams", "batch", "segment", "validation", "no segment", "kinds", "empty"],
)
def test_what_does_not_fit_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], says: str
) -> None:
    assert run([*COMMAND, write(folder, "own_bad_cats", **change)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert says in line
    assert not (folder / "surfaces").exists()
