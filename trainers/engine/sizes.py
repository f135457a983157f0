"""The number of rows that a GPU trains at once: a few fixed ones, since each new one starts a search for fast kernels.

A row is a cell's place in the state. Rows whose cells have diverged, and rows that only fill up to a fixed number,
are trained too, and their results are discarded.
"""

import torch
from torch import Tensor

SIZES = (1, 2, 4, 8, 16, 32, 63, 111, 147, 221, 441)

MOST_FILL = 0.1
"""The largest share of rows that may only fill up; where more would be needed, the number of cells stays as it is."""


def rows_of(cells: int, device: torch.device) -> Tensor:
    """The cell of each row, int64 `[rows]`: every cell once, then the last again until a fixed number is reached.

    >>> len(rows_of(220, torch.device("cuda"))), len(rows_of(300, torch.device("cuda")))
    (221, 300)
    """
    rows = torch.arange(cells)
    fitting = [size for size in SIZES if cells <= size <= cells / (1 - MOST_FILL)]
    if device.type != "cuda" or not fitting:
        return rows
    return torch.cat((rows, rows[-1:].expand(fitting[0] - cells)))


def are_cells(rows: Tensor) -> Tensor:
    """Mark the rows that stand for their cell, bool `[rows]`: the first of equal ones, which lie side by side."""
    return torch.cat((torch.ones(1, dtype=torch.bool), rows[1:] != rows[:-1]))[: len(rows)]


def rows_to_keep(good: Tensor, device: torch.device) -> Tensor | None:
    """Rows to continue with, int64 in their order, once those that are not `good` have diverged; None for all.

    On a CPU the good ones. On a GPU as many as the next fixed number, so that some that diverged stay; and only where
    an eighth can go.
    """
    alive = int(good.sum())
    if alive == len(good):
        return None
    if alive == 0 or device.type != "cuda":
        return good.nonzero().squeeze(1)
    size = next((size for size in SIZES if size >= alive), len(good))
    if size > len(good) * 7 / 8:
        return None
    spare = (~good).nonzero().squeeze(1)[: size - alive]
    return torch.cat((good.nonzero().squeeze(1), spare)).sort().values
