"""`tunecost separability`."""

from grids.errors import BadInput


def separability() -> None:
    raise BadInput("not built yet")
