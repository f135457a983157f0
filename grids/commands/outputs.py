"""For commands that write files: a check of the output's path, and the command line that is stored in the file."""

import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grids.errors import BadInput
from grids.files import cannot_be

OTHER_FORMATS = (".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".feather", ".arrow", ".pdf", ".png", ".svg")


def check_writable(out: Path, surfaces: Sequence[str]) -> None:
    """Check, before a long computation, that `out` can be written and is none of the `surfaces` that are read.

    Raises:
        BadInput: it is one of them, a folder, named like a file of another format, or cannot be created.
    """
    from grids.library import find_surface

    if out.name == "-" or out.suffix.lower() in OTHER_FORMATS:
        raise BadInput(f"{out}: a replay table is a Parquet file; give --out a name that ends in .parquet")
    if out.exists() and any(out.samefile(find_surface(text)) for text in surfaces):
        raise BadInput(f"{out}: is a surface to replay on, which --out would replace")
    folder = out.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with cannot_be("written", out):
        if out.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=folder):
            pass


def command_line() -> str:
    """The command line that is running, quoted for a shell."""
    return shlex.join(["tunecost", *sys.argv[1:]])
