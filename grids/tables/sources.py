"""Recognize what a user gives to import, a file, a folder, a database or a study, and read it as surfaces."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from grids.errors import BadInput, brief
from grids.surface import Surface
from grids.tables import blackbox, files, study
from grids.tables.frame import Frame
from grids.tables.importing import surface_of, surfaces_of
from grids.tables.meaning import Meaning
from grids.tables.stores import DATABASES, DOCUMENTS, FOLDERS, runs

_CHOSEN = ("study", "blackbox", "runs")
"""Kinds whose readers have chosen the column of values."""


def surface_from(source: str, meaning: Meaning) -> Surface:
    """The surface of a table or store.

    Raises:
        BadInput: it cannot be read, or as `surface_of`; the message begins with the source.
    """
    table, meaning = _read(source, meaning)
    try:
        return surface_of(table, meaning)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error


def surfaces_from(source: str, meaning: Meaning, by: str) -> dict[str, Surface]:
    """A surface for each value of the column `by`; see `surfaces_of`. Raises BadInput as `surface_from`."""
    table, meaning = _read(source, meaning)
    try:
        return surfaces_of(table, meaning, by)
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error


def _read(source: str, meaning: Meaning) -> tuple[Frame, Meaning]:
    """The table of a source, and the meaning without the choice that the reader has made.

    Raises:
        BadInput: it cannot be read, whatever goes wrong while it is: the fault of a foreign file is the file's.
    """
    try:
        kind, read = _reader(source, meaning)
        table = read(meaning)
    except BadInput as error:
        said = str(error)
        raise BadInput(said if said.startswith(f"{source}: ") else f"{source}: {said}") from error
    except (Exception, RecursionError, MemoryError) as error:
        reason = str(error).strip().splitlines() or [""]
        raise BadInput(f"{source}: cannot be read ({type(error).__name__}: {brief(reason[0], 120)})") from error
    return table, replace(meaning, value="") if kind in _CHOSEN else meaning


def _reader(source: str, meaning: Meaning) -> tuple[str, Callable[[Meaning], Frame]]:
    """The name of a source's kind, and what reads it."""
    if study.is_study(source):
        return "study", partial(study.frame, source)
    path = Path(source.removeprefix("sqlite:///"))
    if blackbox.is_blackbox(path):
        return "blackbox", partial(blackbox.frame, path)
    if path.is_dir():
        return _folder(path)
    start = _start(path)
    if start.startswith(study.SQLITE):
        return _database(path)
    for name, signs, read in DOCUMENTS:
        if all(sign in start for sign in signs):
            return name, partial(read, path)
    if b'"op_code"' in start[:200]:
        return "study", partial(study.frame, f"{study.PREFIX}{path}")
    return "table", partial(files.read_table, path)


def _folder(path: Path) -> tuple[str, Callable[[Meaning], Frame]]:
    """The store that a folder is, or the only one in it.

    Raises:
        BadInput: it is of no kind that is known, or holds several stores.
    """
    for name, is_it, read in FOLDERS:
        if is_it(path):
            return name, partial(read, path)
    inner = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    for name, is_it, read in FOLDERS:
        below = [each for each in inner if is_it(each)]
        if len(below) > 1:
            listed = ", ".join(brief(each.name) for each in below[:9])
            raise BadInput(f"holds {len(below)} studies of {name}: give the folder of one ({listed})")
        if below:
            return name, partial(read, below[0])
    if runs.is_folder(path):
        return "runs", partial(runs.read, path)
    raise BadInput("cannot be read: it is a folder of no kind that is known; give the file in it that holds the table")


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror or error})") from error


def _database(path: Path) -> tuple[str, Callable[[Meaning], Frame]]:
    """The store that a SQLite database is, by its tables."""
    from grids.tables.stores.database import tables_of

    tables = tables_of(path)
    if {"studies", "trials"} <= tables:
        return "study", partial(study.frame, f"{study.PREFIX}sqlite:///{path}")
    for name, needed, read in DATABASES:
        if needed <= tables:
            return name, partial(read, path)
    listed = ", ".join(sorted(map(brief, tables))[:9]) or "none"
    raise BadInput(f"is a SQLite database of no kind that is known (its tables: {listed}): write the table as CSV")


def said_by(surface: Surface) -> list[str]:
    """What to say of an import besides its counts: the direction and where it was read from, and notes."""
    data = surface.provenance.data
    told = data.get("direction")
    words = [
        f"higher is better, as {told} says" if surface.provenance.maximized else f"lower is better, as {told} says"
    ]
    return [*(words if told else []), *map(str, data.get("notes", ()))]
