"""`tunecost claims`."""

from grids.errors import BadInput


def claims() -> None:
    raise BadInput("not built yet")
