"""Checks of what a command is to write, before hours go into what it is to hold."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from grids.errors import BadInput


def check_writable(out: Path, surfaces: Sequence[str]) -> None:
    """Raises BadInput where `out` cannot be written, or must not be: where it is one of the surfaces that are read."""
    from grids.library import find_surface

    if out.exists() and any(out.samefile(find_surface(text)) for text in surfaces):
        raise BadInput(f"{out}: is a surface to replay on, which --out would replace")
    folder = out.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        if out.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror or error})") from error
