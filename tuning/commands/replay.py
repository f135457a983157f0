"""`tunecost replay`."""

from grids.errors import BadInput


def replay() -> None:
    raise BadInput("not built yet")
