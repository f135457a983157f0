"""A folder with a folder for each run, of Hydra or by hand: one file of each holds its value, or its rows."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from grids.errors import BadInput, brief
from grids.tables import files
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.records import flat, rows_of
from grids.tables.stores.run import Run, frame_of, load_json, load_lines, load_yaml

_SUFFIXES = (".json", ".jsonl", ".csv", ".tsv")
_MOST = 100_000
"""Largest number of files to look at."""
_SETTINGS = ("hparams", "params", "config", "args", "hyperparameters", "settings")
"""Names of files that hold a run's hyperparameters, as JSON or YAML."""
_NAMED = re.compile(r"([A-Za-z_][\w.]*)=([^=]*)")


def is_folder(folder: Path) -> bool:
    """Whether it holds tables, in folders of runs or one file for each run."""
    return any(True for _ in _tables(folder)) or any(folder.glob("*/.hydra"))


def read(folder: Path, meaning: Meaning) -> Frame:
    """A row for each run, or several for one whose file holds several.

    The columns are those of the file, and what names of folders say (`rate=0.1`), or Hydra's overrides. A run of Hydra
    without the file has failed. `meaning.value` may name the file: `result.json:loss`.

    Raises:
        BadInput: no such file, or several kinds of files and none named.
    """
    wanted, _, key = meaning.value.rpartition(":")
    found = list(_tables(folder))
    if len(found) == 1 and found[0].parent == folder:
        raise BadInput(f"cannot be read: it is a folder with one table; give {found[0].name}")
    names: dict[str, int] = {}
    for path in found:
        name = path.name if path.parent != folder else f"*{path.suffix}"
        names[name] = names.get(name, 0) + 1
    if not wanted:
        likely = [name for name, count in names.items() if count == max(names.values())]
        likely = [name for name in likely if not name.startswith("*")] or likely
        if len(likely) != 1:
            listed = ", ".join(sorted(map(brief, names))[:20]) or "no JSON or CSV"
            raise BadInput(
                f"its runs hold several files ({listed}): name one with --value FILE:KEY, as result.json:loss"
            )
        wanted = likely[0]
    runs: list[Run] = []
    faults: list[str] = []
    for place in _places(folder, wanted, found):
        where = place.parent if wanted[0] != "*" else place
        said = {**_from_names(where.relative_to(folder)), **_settings(where, wanted), **_overrides(where)}
        try:
            rows = _rows(place, meaning) if place.is_file() else []
        except BadInput as error:
            faults.append(f"{place.relative_to(folder)}: {error}")
            continue
        state = "finished" if rows else "failed"
        for row in rows or [{}]:
            values = {name: value for name, value in flat(row).items() if name not in said}
            runs.append(Run(str(where.relative_to(folder)), said, values, state=state))
    if faults and not runs:
        raise BadInput(faults[0])
    notes = [f"{len(faults)} file(s) cannot be read and are left out ({brief(faults[0], 120)})"] if faults else []
    table = frame_of(runs, folder.name, notes, value=key or meaning.value, chosen=True)
    if any(run.parameters for run in runs):
        return table
    # Every column of the files but the value may be an axis.
    return replace(table, hints={name: hint for name, hint in table.hints.items() if name != "pool"})


def _tables(folder: Path) -> Iterable[Path]:
    """The files that may hold a run's value."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number > _MOST:
            raise BadInput(f"holds more than {_MOST:,} files")
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in _SUFFIXES and path.is_file() and not hidden:
            yield path


def _places(folder: Path, wanted: str, found: Iterable[Path]) -> list[Path]:
    """The file of each run; for a run of Hydra also where it is not."""
    if wanted.startswith("*"):
        return [path for path in found if path.parent == folder]
    places = {path for path in folder.rglob(wanted) if path.is_file()}
    places |= {config.parent / wanted for config in folder.rglob(".hydra") if config.is_dir()}
    if not any(path.is_file() for path in places):
        raise BadInput(f"no run holds a file '{brief(wanted)}'")
    return sorted(places, key=lambda path: [(len(part), part) for part in path.relative_to(folder).parts])


def _from_names(path: Path) -> dict[str, str]:
    """What the names of folders or of a file say: `lr=0.1,wd=0` or `lr=0.1_wd=0`."""
    parts = [part for name in path.parts for part in re.split(r"[,;]|_(?=[A-Za-z_][\w.]*=)", name)]
    return {found[1]: found[2].strip() for part in parts if (found := _NAMED.fullmatch(part.strip()))}


def _settings(run: Path, wanted: str) -> dict[str, Any]:
    """What the files of settings next to the run's values hold."""
    settings: dict[str, Any] = {}
    for file in (run / f"{name}{ending}" for name in _SETTINGS for ending in (".json", ".yaml")):
        if file.is_file() and file.name != wanted:
            loaded = load_json(file) if file.suffix == ".json" else load_yaml(file)
            settings |= flat(loaded) if isinstance(loaded, dict) else {}
    return settings


def _overrides(run: Path) -> dict[str, Any]:
    """The overrides of a run of Hydra, and the rest of its configuration."""
    said: dict[str, Any] = {}
    config, file = run / ".hydra" / "config.yaml", run / ".hydra" / "overrides.yaml"
    if config.is_file():
        found = load_yaml(config)
        said |= flat(found) if isinstance(found, dict) else {}
    for override in (load_yaml(file) if file.is_file() else None) or ():
        name, equals, value = str(override).partition("=")
        if equals and not isinstance(said.get(name := name.lstrip("+~")), int | float | bool):
            said[name] = value
    return said


def _rows(path: Path, meaning: Meaning) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        return [row for row in rows_of(load_json(path), meaning.names()) if isinstance(row, dict)]
    if path.suffix == ".jsonl":
        return list(load_lines(path))
    table = files.read_table(path)
    columns = [table.column(name) for name in table.header]
    return [
        {
            name: column.data[row] if column.is_lists else _typed(column, row)
            for name, column in zip(table.header, columns, strict=True)
        }
        for row in range(len(table))
    ]


def _typed(column: Any, row: int) -> Any:
    read = column.parsed
    return column.text(row) if read.wrong[row] or read.missing[row] else float(read.numbers[row])
