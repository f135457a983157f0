"""Surfaces by name: those trained here, in `./surfaces`, and those that ship with the program."""

from dataclasses import dataclass
from pathlib import Path

from grids import surface_file
from grids.errors import BadInput, unknown
from grids.surface import Surface

LOCAL = Path("surfaces")
"""Where `grid run` leaves its surfaces unless told, relative to the folder it is run in."""

SHIPPED = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Entry:
    """A surface that can be named.

    Args:
        name: `TASK/OPTIMIZER`.
        path: its file.
        shipped: whether it came with the program.
    """

    name: str
    path: Path
    shipped: bool


def list_surfaces() -> list[Entry]:
    """Every surface that has a name here, by name; one trained here hides a shipped one of the same name."""
    found: dict[str, Entry] = {}
    for folder, shipped in ((SHIPPED, True), (LOCAL, False)):
        for path in sorted(folder.glob("[!.]*/[!.]*.parquet")):
            name = f"{path.parent.name}/{path.stem}"
            found[name] = Entry(name, path, shipped)
    return [found[name] for name in sorted(found)]


def find_surface(text: str) -> Path:
    """The file that `text` means: a path that exists or ends in `.parquet`, else a surface's name.

    Raises:
        BadInput: neither a file nor a known name.
    """
    path = Path(text)
    if path.suffix == ".csv":
        raise BadInput(f"{text}: a surface is a .parquet file; `tunecost grid import` makes one from a CSV")
    if path.suffix == ".parquet" or path.is_file():
        if not path.is_file():
            raise BadInput(f"{text}: {'is a folder' if path.is_dir() else 'no such file'}")
        return path
    known = {entry.name: entry.path for entry in list_surfaces()}
    if text not in known:
        raise unknown("surface", text, known)
    return known[text]


def load_surface(text: str, value_of: str = "last") -> Surface:
    """The surface that `text` names, a path or `TASK/OPTIMIZER`, read and checked.

    Args:
        text: what the user typed.
        value_of: the epoch whose value a run is worth, `last` or `best` (see `Surface.judged_by`).

    Raises:
        BadInput: no such surface, a file that `grids.surface_file.load` refuses, or no curves to judge by.
    """
    return surface_file.load(find_surface(text)).judged_by(value_of)
