"""Mutated tables: whatever is taken can be replayed, whatever is not is one line and leaves no file."""

import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tuning.cli import run

SEEDS = [
    "lr,mom,seed,err,diverged\n0.1,0,0,5,False\n0.1,0.9,0,4,True\n1,0,0,6,no\n1,0.9,0,,1\n",
    "lr;act;err\n0,1;relu;5,18\n0,1;tanh;6,08\n1;relu;5,0\n1;tanh;5,9\n",
    "# note\nlr,epoch,err\n1,1,5\n1,2,4\n2,1,6\n2,2,3\n",
    'sep=,\n"lr, base",opt,err\n1,None,2\n1,5.0,3\n2,None,4\n2,5.0,5\n',
    '{"config": {"lr": 1, "opt": "a"}, "err": 2}\n{"config": {"lr": 2, "opt": null}, "err": 1}\n',
]
PIECES = [
    *["", ",", ";", "\t", '"', "\n", "\r", "nan", "inf", "-1e308", "None", "1,000", "1.000,5", "#", "é", "\0", "-0"],
    *["x" * 400, "1e999", "true", "%", "$", "0x1", "𝟙", "\ufeff", "{", "[", "\\"],
]
OPTIONS = [
    [], ["--seed-column", "seed"], ["--missing", "worst"], ["--missing", "1e4"], ["--pool"], ["--number-seeds"],
    ["--epoch-column", "epoch"], ["--maximize"], ["--seeds", "common", "--seed-column", "seed"],
    ["--where", "opt=a"], ["--keep", "seed"], ["--pool", "--seed-column", "seed"],
]  # fmt: skip
AXES = ["lr,mom", "lr,act", "lr", '"lr, base",opt', None]
"""Those that fit each of `SEEDS`."""


def mutated(rng: random.Random, text: str) -> bytes:
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(text) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:place] + rng.choice(PIECES) + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + rng.randrange(6) :]
        elif kind == 2:
            lines = text.split("\n")
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
            text = "\n".join(lines)
        elif kind == 3:
            lines = text.split("\n")
            del lines[rng.randrange(len(lines))]
            text = "\n".join(lines) or "x"
        else:
            fields = text.split(",")
            fields[rng.randrange(len(fields))] = rng.choice(PIECES)
            text = ",".join(fields)
    content = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.1:
        place = rng.randrange(len(content) + 1)
        content = content[:place] + bytes([rng.randrange(256)]) + content[place:]
    return content


def one(rng: random.Random, folder: Path, number: int, capsys: pytest.CaptureFixture[str]) -> bool:
    """One mutated table, imported and, where it is taken, replayed; returns whether it was taken."""
    return settled(drawn(rng, folder), folder, number, capsys)


def drawn(rng: random.Random, folder: Path) -> list[str]:
    """Write a mutated table, and return the words that import it."""
    kind = rng.randrange(len(SEEDS))
    (folder / "t.csv").write_bytes(mutated(rng, SEEDS[kind]))
    axes = AXES[kind] if rng.random() < 0.8 else rng.choice(AXES)
    words = ["grid", "import", "t.csv", "--value", "err", *rng.choice(OPTIONS), "--out", "s.parquet"]
    return words if axes is None else [*words, "--axes", axes]


def settled(words: list[str], folder: Path, number: int, capsys: pytest.CaptureFixture[str]) -> bool:
    code = run(words)
    out, err = capsys.readouterr()
    assert code in (0, 2), (words, err, (folder / "t.csv").read_bytes())
    assert "Traceback" not in err
    if code == 2:
        assert out == ""
        assert err.count("\n") == 1, err
        assert err.startswith("tunecost: ")
        assert sorted(path.name for path in folder.iterdir()) == ["t.csv"], words
        return False
    searchers = ["random"] if "--pool" in words or number % 4 else ["random", "tpe", "cgld"]
    chosen = [part for name in searchers for part in ("-s", name)]
    again = run(
        ["replay", "s.parquet", *chosen, "--repeats", "2", "--max-trials", "5", "--jobs", "1", "--out", "r.parquet"]
    )
    more = capsys.readouterr().err
    assert again == 0, (words, more, (folder / "t.csv").read_bytes())
    assert run(["grid", "show", "s.parquet"]) == 0
    capsys.readouterr()
    for name in ("s.parquet", "r.parquet"):
        (folder / name).unlink()
    return True


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield tmp_path


def texts(folder: Path, capsys: pytest.CaptureFixture[str], count: int, seed: int) -> int:
    rng = random.Random(seed)
    return sum(one(rng, folder, number, capsys) for number in range(count))


def parquets(folder: Path, capsys: pytest.CaptureFixture[str], count: int, seed: int) -> int:
    rng = random.Random(seed)
    frame = pd.DataFrame({"lr": [0.1, 0.1, 1.0, 1.0], "act": ["a", None, "a", None], "err": [1.0, 2.0, 3.0, 4.0]})
    frame.to_parquet(folder / "whole.parquet")
    whole = (folder / "whole.parquet").read_bytes()
    (folder / "whole.parquet").unlink()
    taken = 0
    for number in range(count):
        content = bytearray(whole)
        for _ in range(rng.randrange(4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.1:
            content = content[: rng.randrange(len(content))]
        (folder / "t.csv").write_bytes(bytes(content))
        words = ["grid", "import", "t.csv", "--value", "err", "--axes", "lr,act", "--out", "s.parquet"]
        taken += settled(words + (["--pool"] if number % 3 == 0 else []), folder, number, capsys)
    return taken


def test_mutated_texts(strict: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert texts(strict, capsys, 300, 1) > 20


def test_mutated_parquet_files(strict: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parquets(strict, capsys, 100, 1) > 20


SIZES = [
    pytest.param(1, marks=pytest.mark.slow, id="a part"),
    pytest.param(10, marks=[pytest.mark.fuzz, pytest.mark.timeout(7200)], id="all"),
]
"""`make test-slow` and CI run a tenth, `make fuzz` the whole."""


@pytest.mark.parametrize("size", SIZES)
def test_a_thousand_mutated_texts_or_ten(size: int, strict: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert texts(strict, capsys, 1000 * size, 2) > 100 * size


@pytest.mark.parametrize("size", SIZES)
def test_hundreds_of_mutated_parquet_files(size: int, strict: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parquets(strict, capsys, 200 * size, 2) > 50 * size


@pytest.mark.parametrize("size", SIZES)
def test_real_starts(size: int, tmp_path: Path) -> None:
    rng = random.Random(3)
    command = [str(Path(sys.executable).parent / "tunecost")]
    for _ in range(20 * size):
        done = subprocess.run(
            [*command, *drawn(rng, tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 2), done.stderr
        assert "Warning" not in done.stderr
        assert done.returncode == 0 or done.stderr.count("\n") == 1
        assert {path.name for path in tmp_path.iterdir()} <= {"t.csv", "s.parquet"}
        (tmp_path / "s.parquet").unlink(missing_ok=True)
