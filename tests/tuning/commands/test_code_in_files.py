"""Files name code, in every field that holds a text: no command loads any unless the user names it as well."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted_files import OF_OTHERS, OF_REPLAYS, OF_SURFACE, labelled, leaves, lines, make_files, plant, plant_all, put

from analysis.commands import claims
from grids import surface_file
from grids.sealed import SealedFile
from grids.tables import blackbox, study
from tuning.cli import run

Captured = pytest.CaptureFixture[str]
CODE, PROCESS = "planted_code:Planted", "process:touch process.marker"
FURTHER = (PROCESS, f"delayed-{CODE}", f"{CODE}:option=1")
TEXTS = (CODE, f"median:of={CODE}", *(pytest.param(text, marks=pytest.mark.slow) for text in FURTHER))
SOURCE = """
import pathlib
pathlib.Path("loaded.marker").touch()
from trainers.rules import get_rule
rule = get_rule("adam")
class Planted:
    from_list = True
    def __init__(self, space, rng):
        pathlib.Path("run.marker").touch()
        self.space, self.rng = space, rng
    def ask(self):
        return tuple(int(self.rng.integers(n)) for n in self.space.shape)
    def tell(self, cell, value):
        pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A surface, a replay table, a live table; modules that leave markers, one called as the prefix of a process."""
    monkeypatch.chdir(tmp_path)
    for name, short in {"RUNS": 2, "STEPS": 2000, "RATE_RUNS": 1, "RIDGE_STEPS": 300, "HORIZONS": (9, 99)}.items():
        monkeypatch.setattr(claims, name, short)
    for name in ("planted_code", "process"):
        Path(f"{name}.py").write_text(SOURCE)
    make_files()
    yield tmp_path
    for name in ("planted_code", "process"):
        sys.modules.pop(name, None)


def markers() -> list[str]:
    return [name for name in ("loaded.marker", "process.marker", "run.marker") if any(Path().rglob(name))]


def check(commands: list[list[str]], capsys: Captured) -> None:
    """Run command lines, which leave no marker and end as commands end."""
    for words in commands:
        more = [] if words[0] not in ("replay", "compare", "report", "claims", "transfer", "tune") else ["--jobs", "1"]
        code = run([*words, *more])
        said = capsys.readouterr().err
        assert markers() == [], words
        assert code in (0, 2, 3), (words, said)


@pytest.mark.parametrize("text", ["planted_code:rule", *TEXTS])
def test_no_code_of_a_surface(text: str, capsys: Captured) -> None:
    header = SealedFile("surface.parquet").header
    plant("surface.parquet", "all.parquet", plant_all(header, text))
    plant("surface.parquet", "one.parquet", {**header, "optimizer": text})
    surface_file.save(labelled(text), "labels.parquet")
    for name in ("all", "one"):
        Path("surfaces/toy").mkdir(parents=True, exist_ok=True)
        Path(f"surfaces/toy/{name}.parquet").write_bytes(Path(f"{name}.parquet").read_bytes())
        check(lines(OF_SURFACE, f"{name}.parquet"), capsys)
        for out in ("o.db", "out"):
            (Path(out).rename(f"{out}-{name}"))
    check(lines(OF_SURFACE, "labels.parquet"), capsys)


@pytest.mark.parametrize("text", TEXTS)
def test_no_code_of_replays_and_live_studies(text: str, capsys: Captured) -> None:
    for source in ("replays.parquet", "live.parquet"):
        header = SealedFile(source).header
        plant(source, "searcher.parquet", header, searcher=text)
        plant(source, "all.parquet", plant_all(header, text), optimizer=text, task=text, searcher=text)
        plant(source, "surface-too.parquet", header, optimizer=text, task=text, searcher=text, surface=text)
        for name in ("searcher", "all", "surface-too"):
            check(lines(OF_REPLAYS.replace("out", f"{source}-{name}"), f"{name}.parquet"), capsys)


@pytest.mark.parametrize("text", TEXTS)
def test_no_code_of_transfers_tables_stores_and_sweeps(text: str, capsys: Captured) -> None:
    record = {
        "format": 1, "task": text, "to": text, "optimizer": text, "hyperparameters": {text: 1.0}, "seeds": [0],
        "values": [1.0], "mean": 1.0, "std": None, "metric": text, "unit": text, "command": text,
    }  # fmt: skip
    Path("transfer.json").write_text(json.dumps(record))
    Path("table.csv").write_text("lr,act,err\n" + "".join(f"{lr},{act},{lr}\n" for lr in (1, 2) for act in (text, "b")))
    one = labelled(text)
    study.write(one, "optuna:sqlite:///study.db")
    blackbox.write(one, "blackbox")
    assert run(shlex.split("grid run digits-mlp -o adam --space tiny --epochs 1 --out surfaces --quiet")) == 0
    (manifest,) = Path("surfaces").rglob("sweep.json")
    content = json.loads(manifest.read_text())
    for path in leaves(content):
        manifest.write_text(json.dumps(put(content, path, text)))
        check(lines(OF_OTHERS["surfaces"], "surfaces"), capsys)
    header = SealedFile("live.parquet").header
    plant("live.parquet", "live.parquet", plant_all(header, text))
    for file in ("transfer.json", "table.csv", "study.db", "blackbox", "live.parquet"):
        check(lines(OF_OTHERS[file], file), capsys)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["surface.parquet", "replays.parquet", "live.parquet"])
def test_no_code_of_any_single_field(source: str, capsys: Captured) -> None:
    header = SealedFile(source).header
    commands = OF_SURFACE.replace("--to digits-mlp", "--to digits") if source == "surface.parquet" else OF_REPLAYS
    for number, path in enumerate(leaves(header)):
        for text in (CODE, PROCESS):
            plant(source, "planted.parquet", put(header, path, text))
            check(lines(commands.replace("out", f"out{number}{text[0]}"), "planted.parquet"), capsys)


def test_what_the_user_names_is_loaded_and_the_line_says_what_the_file_asks_for(capsys: Captured) -> None:
    asks = f"asks for the searcher '{CODE}', which does not ship with this program; a file alone loads no code"
    for source, words in (
        ("replays.parquet", "report surface.parquet planted.parquet --no-claims"),
        ("live.parquet", "compare --live planted.parquet surface.parquet --repeats 2 --jobs 1"),
    ):
        plant(source, "planted.parquet", searcher=CODE)
        run(words.split())
        assert asks in capsys.readouterr().err
        assert markers() == []
        run([*words.split(), "-s", CODE])
        assert asks not in capsys.readouterr().err
        assert markers() == ["loaded.marker", "run.marker"], words
        for name in markers():
            Path(name).unlink()
        sys.modules.pop("planted_code")


def test_an_optimizer_that_the_user_names_is_loaded(capsys: Captured) -> None:
    text = "planted_code:rule"
    header = SealedFile("surface.parquet").header
    plant("surface.parquet", "own.parquet", {**header, "optimizer": text})
    words = shlex.split("transfer own.parquet --to digits-mlp --epochs 1 --seeds 1 --jobs 1")
    assert run(words) == 2
    assert capsys.readouterr().err == (
        f"tunecost: toy/{text}: its file asks for the optimizer '{text}', which does not ship with this program; "
        f"a file alone loads no code: name it on the command line too, as -o '{text}'\n"
    )
    assert markers() == []
    assert run([*words, "-o", "adam"]) == 2
    assert capsys.readouterr().err == f"tunecost: -o adam: the surfaces given are of {text}\n"
    assert run([*words, "-o", text]) == 0
    assert markers() == ["loaded.marker"]
