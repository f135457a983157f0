"""`tunecost cost`."""

from grids.errors import BadInput


def cost() -> None:
    raise BadInput("not built yet")
