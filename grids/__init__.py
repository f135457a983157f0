"""Spaces, error surfaces, their files, and the surfaces that ship with the program."""

from grids.errors import BadInput
from grids.space import Axis, Cell, Space, parse_space
from grids.surface import Provenance, Surface

__all__ = ["Axis", "BadInput", "Cell", "Provenance", "Space", "Surface", "parse_space"]
