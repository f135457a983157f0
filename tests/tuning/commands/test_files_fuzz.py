"""Mutated headers, columns, records and stores: done or refused in one line, and nothing is left behind."""

import copy
import json
import random
import shlex
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from grids import surface_file
from grids.sealed import SealedFile, write_sealed
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.tables import blackbox, study
from tuning.cli import run

Captured = pytest.CaptureFixture[str]
ODD: list[Any] = [
    *[None, True, False, 0, -1, 2, 1.5, 1e308, -1e308, 10**30, "", "x", "nan", "1e999", "2020-13-45", "$\\foo$"],
    *["\x1b[31m", "=1+1", [], {}, [1], [None], ["x"], {"a": 1}, [[1, 2], [3]], {"values": 3}, ["x"] * 50],
]
OF_SURFACE = """grid show FILE|grid show FILE --json|grid export FILE --out - |exact FILE -s random|tunability FILE
grid merge FILE other.parquet --out out.parquet|replay FILE -s random --repeats 2 --max-trials 3 --out o.parquet
separability FILE|transfer FILE --to digits-mlp --retune none|figure 1 FILE --out o.png"""
OF_REPLAYS = """cost FILE|cost FILE --count epochs|cost FILE --count clock|compare random gld FILE|tunability FILE
report surface.parquet FILE --no-claims|export FILE --to ioh o|compare --live FILE surface.parquet --jobs 1 --repeats 1
figure profile FILE --out o.png|compare --across tasks FILE|cost FILE --level 3"""


def mutated(rng: random.Random, item: Any) -> Any:
    """JSON with one odd value somewhere, or without an entry."""
    found = copy.deepcopy(item)
    inner, steps = found, []
    while isinstance(inner, dict | list) and inner and (not steps or rng.random() < 0.75):
        step = rng.choice(list(inner)) if isinstance(inner, dict) else rng.randrange(len(inner))
        steps.append((inner, step))
        inner = inner[step]
    if not steps:
        return rng.choice(ODD)
    last, step = steps[-1]
    if rng.random() < 0.15:
        del last[step]
    else:
        last[step] = copy.deepcopy(rng.choice(ODD))
    return found


def altered(rng: random.Random, table: pa.Table) -> pa.Table:
    """The table with one column dropped, doubled, of another type, or with odd values."""
    place = rng.randrange(table.num_columns)
    name, column, kind = table.column_names[place], table.column(place), rng.randrange(5)
    if kind == 0:
        return table.remove_column(place)
    if kind == 1:
        return table.append_column(name, column)
    if kind == 2:
        return table.set_column(place, name, pa.array([str(item) for item in column.to_pylist()]))
    if kind == 3:
        rows = column.to_pylist()
        rows[rng.randrange(len(rows))] = None
        return table.set_column(place, name, pa.array(rows, column.type))
    return table.slice(rng.randrange(table.num_rows), rng.randrange(1, table.num_rows + 1))


def settled(words: list[str], capsys: Captured, kept: set[str]) -> bool:
    """Run a command line; whether it was done."""
    code = run(words)
    err = capsys.readouterr().err
    assert code in (0, 2, 3), (words, err)
    assert "Traceback" not in err
    if code == 2:
        assert err.splitlines()[-1].startswith("tunecost: "), err
    assert not list(Path().rglob(".writing-*")), words
    for path in Path().iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return code != 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    value = 1.0 + np.arange(18.0).reshape(3, 3, 2)
    curve = value[..., None] + np.array([2.0, 1.0, 0.0])
    one = Surface(PRESETS["tiny"], (0, 1), value, value > 17, Provenance("toy", "adam", "error", "%"), curve=curve)
    surface_file.save(one, "surface.parquet")
    surface_file.save(Surface(one.space, (5, 6), value, value > 17, one.provenance, curve=curve), "other.parquet")
    line = "replay surface.parquet -s random -s gld --repeats 2 --workers 2 --out replays.parquet --quiet --jobs 1"
    assert run(shlex.split(line)) == 0
    return tmp_path


def tables(source: str, lines: str, count: int, seed: int, capsys: Captured) -> int:
    """Mutated headers and columns of one table, each read by one command; how many were done."""
    rng, file = random.Random(seed), SealedFile(source)
    kept = {path.name for path in Path().iterdir()}
    commands = [shlex.split(line.replace("FILE", "m.parquet")) for line in lines.replace("\n", "|").split("|")]
    done = 0
    for number in range(count):
        header, table = file.header, file.table
        for _ in range(rng.randrange(1, 3)):
            if rng.random() < 0.75:
                header = mutated(rng, header)
                header = header if isinstance(header, dict) else {"odd": header}
            else:
                table = altered(rng, table)
        write_sealed("m.parquet", table, {name: item for name, item in header.items() if name != "sha256"})
        done += settled(commands[number % len(commands)], capsys, kept)
    return done


def stores(count: int, seed: int, capsys: Captured) -> int:
    """Mutated databases and journals of Optuna, blackboxes, transfers and manifests; how many were read."""
    rng, done = random.Random(seed), 0
    one = surface_file.load("surface.parquet")
    study.write(one, "optuna:sqlite:///whole.db")
    blackbox.write(one, "whole")
    record: Any = {"format": 1, "task": "t", "to": "t", "optimizer": "adam", "hyperparameters": {"alpha": 1.0}}
    record |= {"seeds": [0, 1], "values": [1.0, 2.0], "mean": 1.5, "std": 0.5**0.5, "metric": "error", "unit": "%"}
    kept = {path.name for path in Path().iterdir()}

    def database() -> str:
        shutil.copy("whole.db", "m.db")
        with sqlite3.connect("m.db") as opened:
            names = [name for (name,) in opened.execute("select name from sqlite_master where type = 'table'")]
            name = rng.choice(names)
            column = rng.choice([row[1] for row in opened.execute(f"pragma table_info({name})")])
            odd = rng.choice([item for item in ODD if not isinstance(item, list | dict) and abs_fits(item)])
            try:
                where = "" if rng.random() < 0.5 else " where rowid = 3"
                opened.execute(f"update or ignore {name} set {column} = ?{where}", (odd,))
            except sqlite3.Error:
                opened.execute(f"delete from {name}")
        opened.close()
        return "grid import optuna:sqlite:///m.db --out o.parquet"

    def blackboxes() -> str:
        shutil.copytree("whole", "m")
        path = rng.choice(sorted(Path("m").iterdir()))
        if path.suffix == ".json":
            path.write_text(json.dumps(mutated(rng, json.loads(path.read_text()))))
        elif path.suffix == ".npy":
            array = np.load(path)
            odd = [
                array[..., 0],
                array.astype(str),
                array.astype(complex),
                array * np.nan,
                array[:0],
                array.astype(int),
            ]
            np.save(path, rng.choice(odd))
        else:
            path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])
        return "grid import m --out o.parquet"

    def transfers() -> str:
        Path("m.json").write_text(json.dumps(mutated(rng, record)))
        return "table 1 m.json"

    makers: list[Callable[[], str]] = [database, blackboxes, transfers]
    for number in range(count):
        words = shlex.split(makers[number % len(makers)]())
        code = settled(words, capsys, kept | {"o.parquet"})
        if Path("o.parquet").exists():
            shown = run(["grid", "show", "o.parquet"])
            assert shown == 0, (words, capsys.readouterr().err)
            capsys.readouterr()
            Path("o.parquet").unlink()
        done += code
    return done


def abs_fits(item: Any) -> bool:
    return not isinstance(item, int) or abs(item) < 2**63


def test_mutated_surfaces(folder: Path, capsys: Captured) -> None:
    assert tables("surface.parquet", OF_SURFACE, 60, 1, capsys) > 5


def test_mutated_replay_tables(folder: Path, capsys: Captured) -> None:
    assert tables("replays.parquet", OF_REPLAYS, 60, 1, capsys) > 5


def test_mutated_stores(folder: Path, capsys: Captured) -> None:
    assert stores(45, 1, capsys) > 5


@pytest.mark.fuzz
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(2, 12))
def test_thousands_of_them(seed: int, folder: Path, capsys: Captured) -> None:
    tables("surface.parquet", OF_SURFACE, 350, seed, capsys)
    tables("replays.parquet", OF_REPLAYS, 350, seed, capsys)
    stores(300, seed, capsys)
