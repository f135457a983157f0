"""Spaces, error surfaces, their files, and the surfaces that ship with the program.

The names below are loaded when they are first used: the command line imports `grids.errors` and must not wait for
numpy before it can print its help.
"""

from typing import TYPE_CHECKING, Any

from grids.errors import BadInput

if TYPE_CHECKING:
    from grids.library import list_surfaces, load_surface
    from grids.space import Axis, Cell, Space, parse_space
    from grids.surface import Provenance, Surface

__all__ = ["Axis", "BadInput", "Cell", "Provenance", "Space", "Surface", "list_surfaces", "load_surface", "parse_space"]

_HOMES = {
    "Axis": "grids.space",
    "Cell": "grids.space",
    "Space": "grids.space",
    "parse_space": "grids.space",
    "Provenance": "grids.surface",
    "Surface": "grids.surface",
    "list_surfaces": "grids.library",
    "load_surface": "grids.library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'grids' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
