"""Files of every kind with one text in every field that holds one, and the commands that read them."""

import copy
import shlex
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from grids import replay_table, surface_file
from grids.sealed import SealedFile, write_sealed
from grids.space import PRESETS, Axis, Space
from grids.surface import Provenance, Surface
from tuning.cli import run
from tuning.live import Judge, live_rows, play_live

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


def make_files() -> None:
    """A surface, another one with other seeds, a replay table and a live table in the current folder."""
    on = surface()
    surface_file.save(on, "surface.parquet")
    surface_file.save(surface("sgd"), "other.parquet")
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
