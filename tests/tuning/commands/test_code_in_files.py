"""Files name code, in every field that holds a text: no command loads any unless the user names it as well."""

import copy
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from grids import replay_table, surface_file
from grids.sealed import SealedFile, write_sealed
from grids.space import PRESETS, Axis, Space
from grids.surface import Provenance, Surface
from grids.tables import blackbox, study
from tuning.cli import run
from tuning.commands import claims
from tuning.live import Judge, live_rows, play_live

Captured = pytest.CaptureFixture[str]
CODE, PROCESS = "planted_code:Planted", "process:touch process.marker"
TEXTS = (CODE, PROCESS, f"median:of={CODE}", f"delayed-{CODE}", f"{CODE}:option=1")
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
OF_SURFACE = """
grid show FILE --json | grid show FILE | grid export FILE --out out.csv | grid export FILE --to optuna:sqlite:///o.db
grid export FILE --to syne-tune out | grid merge FILE other.parquet --out out.parquet | grid status surfaces
grid list | replay FILE -s random --repeats 2 --max-trials 4 --out out.parquet | exact FILE -s random
separability FILE | tunability FILE | claims --task toy --repeats 2 | compare --live live.parquet FILE --repeats 2
transfer FILE --to digits-mlp --epochs 1 --seeds 1 | figure 1 FILE --out out.svg | figure tunability FILE --out out.svg
tune digits-mlp -o adam -s random --surface FILE --trials 1 --repeats 1 --epochs 1 --out out.parquet
report FILE --no-claims
"""
OF_REPLAYS = """
cost FILE | compare adam sgd FILE | compare random gld FILE | compare --across tasks FILE | tunability FILE
export FILE --to ioh out | figure 2 FILE --out out.svg | figure ecdf FILE --out out.svg
figure profile FILE --out out.svg | report FILE --no-claims | report surface.parquet FILE --no-claims --paths 0
compare --live FILE surface.parquet --repeats 2
"""
OF_OTHERS = {
    "transfer.json": "table 1 FILE",
    "table.csv": "grid import FILE --axes lr,act --value err --out out.parquet | grid import FILE --pool --axes lr,act "
    "--value err --out out.parquet",
    "study.db": "grid import optuna:sqlite:///FILE --out out.parquet",
    "blackbox": "grid import FILE --out out.parquet",
    "surfaces": "grid status FILE | grid run digits-mlp -o adam --space tiny --epochs 1 --out FILE",
    "live.parquet": "tune digits-mlp -o adam -s random --trials 1 --repeats 1 --epochs 1 --out FILE",
}


def lines(text: str, file: str) -> list[list[str]]:
    """The command lines of a text, in words."""
    return [shlex.split(one.replace("FILE", file)) for one in text.replace("\n", "|").split("|") if one.strip()]


def surface(optimizer: str = "adam") -> Surface:
    value = 1.0 + np.arange(18.0).reshape(3, 3, 2)
    curve = value[..., None] + np.array([2.0, 1.0, 0.0])
    about = Provenance(
        "toy", optimizer, "error", "%", optimizer_label="Adam", fixed={"epochs": 3, "schedule": "step"},
        data={"name": "toy", "sha256": "0"}, software={"torch": "2"}, device="cpu", created="now", command="grid run",
    )  # fmt: skip
    return Surface(PRESETS["tiny"], (0, 1), value, np.zeros(value.shape, bool), about, curve=curve)


def labelled(text: str) -> Surface:
    """A surface whose labels and the names of whose axes are the text too."""
    space, value = Space((Axis.labels(text, [text, "x", "y"]),)), np.arange(3.0).reshape(3, 1)
    return Surface(space, (0,), value, np.zeros(value.shape, bool), Provenance("toy", text))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A surface, a replay table, a live table; modules that leave markers, one called as the prefix of a process."""
    monkeypatch.chdir(tmp_path)
    for name, short in {"RUNS": 2, "STEPS": 2000, "RATE_RUNS": 1, "RIDGE_STEPS": 300, "HORIZONS": (9, 99)}.items():
        monkeypatch.setattr(claims, name, short)
    for name in ("planted_code", "process"):
        Path(f"{name}.py").write_text(SOURCE)
    on = surface()
    surface_file.save(on, "surface.parquet")
    mean = on.mean.ravel()
    studies = play_live(
        on.space, "toy/adam", ["random", "gld"], repeats=3, trials=4, seed=0,
        train=lambda cells, seeds: (mean[cells], np.zeros(len(cells), bool)),
    )  # fmt: skip
    frame = live_rows(studies, Judge(mean, float(mean.min())), "surface.parquet", "adam", "toy", float("nan"))
    live = {"axes": on.space.to_json(), "trials": 4, "identity": {"training": {"task": "toy", "optimizer": "adam"}}}
    replay_table.save(frame, "live.parquet", {"live": live, "noise": "live", "searchers": ["random", "gld"]})
    words = "replay surface.parquet -s random -s gld --repeats 2 --out replays.parquet --quiet --jobs 1"
    assert run(shlex.split(words)) == 0
    yield tmp_path
    for name in ("planted_code", "process"):
        sys.modules.pop(name, None)


def leaves(item: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every text in JSON."""
    for step, inner in item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ():
        yield from leaves(inner, (*path, step))
    if isinstance(item, str):
        yield path


def put(item: Any, path: tuple[Any, ...], text: str) -> Any:
    """JSON with a text in the place of another; None for the path puts it into every place but the checksum's."""
    found = copy.deepcopy(item)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = text
    return found


def plant_all(header: dict[str, Any], text: str) -> dict[str, Any]:
    """A header with the text in every place that does not decide what kind of file it is."""
    for path in [path for path in leaves(header) if path[0] not in ("sha256", "kind", "axes") and path[-1] != "axes"]:
        if "sha256" not in path:
            header = put(header, path, text)
    return header


def plant(source: str, target: str, header: dict[str, Any] | None = None, **columns: str) -> str:
    """Write a table again with another header, and with texts in columns: for searchers, in place of gld."""
    file = SealedFile(source)
    table = file.table
    for name, text in columns.items():
        rows = table.column(name).to_pylist()
        rows = [text if name != "searcher" or row == "gld" else row for row in rows]
        table = table.set_column(table.column_names.index(name), name, pa.array(rows))
    write_sealed(target, table, header or file.header)
    return target


def markers() -> list[str]:
    return [name for name in ("loaded.marker", "process.marker", "run.marker") if any(Path().rglob(name))]


def check(commands: list[list[str]], capsys: Captured) -> None:
    """Run command lines, which leave no marker and end as commands end."""
    surface_file.save(surface("sgd"), "other.parquet")
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
