"""Recognize what a user gives to import, a file, a folder, a database or a study, and read it as surfaces."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from grids.errors import BadInput, listed
from grids.foreign import foreign, named
from grids.surface import Surface
from grids.tables import blackbox, files, study
from grids.tables.frame import Frame
from grids.tables.importing import surface_of, surfaces_of
from grids.tables.meaning import Meaning
from grids.tables.stores import DATABASES, DOCUMENTS, FOLDERS, Read, database, runs


def surface_from(source: str | Path, meaning: Meaning) -> Surface:
    """The surface of a table or store.

    Raises:
        BadInput: it cannot be read, or as `surface_of`; the message begins with the source.
    """
    with named(source):
        return surface_of(_read(source, meaning), meaning)


def surfaces_from(source: str | Path, meaning: Meaning, by: str) -> dict[str, Surface]:
    """A surface for each value of the column `by`; see `surfaces_of`. Raises BadInput as `surface_from`."""
    with named(source):
        return surfaces_of(_read(source, meaning), meaning, by)


def _read(source: str | Path, meaning: Meaning) -> Frame:
    with foreign(source):
        return _reader(str(source))(meaning)


def _reader(source: str) -> Callable[[Meaning], Frame]:
    """The reader of a source, by its kind."""
    if study.is_study(source):
        return partial(study.frame, source)
    path = Path(source.removeprefix("sqlite:///"))
    if blackbox.is_blackbox(path):
        return partial(blackbox.frame, path)
    if path.is_dir():
        return _folder(path)
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror or error})") from error
    if start.startswith(study.SQLITE):
        return _database(path)
    for signs, read in DOCUMENTS:
        if all(sign in start for sign in signs):
            return partial(read, path)
    if b'"op_code"' in start[:200]:
        return partial(study.frame, f"{study.PREFIX}{path}")
    return partial(files.read_table, path)


def _folder(path: Path) -> Callable[[Meaning], Frame]:
    """The reader of the store that a folder is, or of the only one in it.

    Raises:
        BadInput: it is of no kind that is known, or holds several stores.
    """
    inner = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    for folders in ([path], inner):
        stores: dict[Path, tuple[str, Read]] = {}
        for name, signs, read in FOLDERS:
            for folder in folders:
                if all(any(folder.glob(sign)) for sign in signs):
                    stores.setdefault(folder, (name, read))
        if len(stores) > 1:
            kinds = " and ".join(dict.fromkeys(name for name, _ in stores.values()))
            names = listed([store.name for store in stores], 9)
            raise BadInput(f"holds {len(stores)} studies of {kinds}: give the folder of one ({names})")
        for store, (_, read) in stores.items():
            return partial(read, store)
    if runs.is_folder(path):
        return partial(runs.read, path)
    raise BadInput("cannot be read: it is a folder of no kind that is known; give the file in it that holds the table")


def _database(path: Path) -> Callable[[Meaning], Frame]:
    """The reader of the store that a SQLite database is, by its tables."""
    tables = database.tables_of(path)
    if {"studies", "trials"} <= tables:
        return partial(study.frame, f"{study.PREFIX}sqlite:///{path}")
    for needed, read in DATABASES:
        if needed <= tables:
            return partial(read, path)
    raise BadInput(
        f"is a SQLite database of no kind that is known (its tables: {listed(sorted(tables), 9) or 'none'}): "
        "write the table as CSV"
    )


def said_by(surface: Surface) -> list[str]:
    """What to say of an import besides its counts: the direction and where it was read from, and notes."""
    data = surface.provenance.data
    told = data.get("direction")
    words = [
        f"higher is better, as {told} says" if surface.provenance.maximized else f"lower is better, as {told} says"
    ]
    return [*(words if told else []), *map(str, data.get("notes", ()))]
