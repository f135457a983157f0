"""`tunecost exact`."""

from grids.errors import BadInput


def exact() -> None:
    raise BadInput("not built yet")
