"""`tunecost compare`."""

from grids.errors import BadInput


def compare() -> None:
    raise BadInput("not built yet")
