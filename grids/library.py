"""Find surfaces by name: those in `./surfaces`, and those that ship with the program."""

from dataclasses import dataclass
from pathlib import Path

from grids import surface_file
from grids.errors import BadInput, unknown
from grids.surface import Surface

LOCAL = Path("surfaces")
"""Default output folder of `grid run`, relative to the current folder."""

SHIPPED = Path(__file__).parent / "data"
"""The folder of the surfaces that ship with the program."""


@dataclass(frozen=True)
class Entry:
    """A surface that has a name.

    Args:
        name: `TASK/OPTIMIZER`.
        path: its file.
        shipped: whether it came with the program.
    """

    name: str
    path: Path
    shipped: bool


def list_surfaces() -> list[Entry]:
    """Every named surface, sorted by name; one in `./surfaces` replaces a shipped one of the same name."""
    found: dict[str, Entry] = {}
    for folder, shipped in ((SHIPPED, True), (LOCAL, False)):
        for path in sorted(folder.glob("[!.]*/[!.]*.parquet")):
            name = f"{path.parent.name}/{path.stem}"
            found[name] = Entry(name, path, shipped)
    return [found[name] for name in sorted(found)]


def find_surface(text: str) -> Path:
    """The surface file that `text` names: a path that exists or ends in `.parquet`, otherwise a surface's name.

    Raises:
        BadInput: neither a file nor a known name.
    """
    path = Path(text)
    if path.suffix == ".csv":
        raise BadInput(f"{text}: a surface is a .parquet file; `tunecost grid import` makes one from a CSV")
    try:
        there = path.is_file()
    except OSError as error:  # a name that is too long
        raise BadInput(f"{text}: no such file ({error.strerror or error})") from error
    if path.suffix == ".parquet" or there:
        if not there:
            raise BadInput(f"{text}: {'is a folder' if path.is_dir() else 'no such file'}")
        return path
    known = {entry.name: entry.path for entry in list_surfaces()}
    if text not in known:
        raise unknown("surface", text, known)
    return known[text]


def load_surface(text: str, value_of: str = "last") -> Surface:
    """The surface that `text` names, a path or `TASK/OPTIMIZER`, read and checked.

    Args:
        text: a path or a name.
        value_of: the epoch whose value counts as a run's, `last` or `best` (see `Surface.judged_by`).

    Raises:
        BadInput: no such surface, one that `grids.surface_file.load` refuses, or `best` without curves.
    """
    return surface_file.load(find_surface(text)).judged_by(value_of)
