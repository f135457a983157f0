"""Sort values in the same order as `numpy.argsort`, including its order of equal values.

Cells repeat, so many of a generation's values are equal, and the rank of equal points changes what CMA-ES does next.
pycma sorts by `numpy.argsort`, whose order of equal values is not defined: with vector instructions it is that of a
sorting network, on other processors it is stable. So NumPy sorts: once for every pattern of equal values where the
population is small, and for each generation otherwise.
"""

import functools

import numba
import numpy as np

from tuning.kernels.compiling import compiled, compiled_with_python

MOST = 6
"""The largest number of values n for which the table of patterns is made; it has n^n rows."""


@functools.cache
def orders(size: int) -> np.ndarray:
    """NumPy's order of each pattern of `size` values, int8 `[patterns, size]`; no rows if `size` is above `MOST`.

    The number of a pattern's row has the values' ranks (equal values have the same) as its digits to the base `size`,
    the first value's as the lowest digit. Rows whose number is not a pattern are zero.
    """
    if size > MOST:
        return np.empty((0, size), np.int8)
    numbers = np.arange(size**size)
    ranks = np.stack([numbers // size**place % size for place in range(size)], axis=1).astype(np.int8)
    present = np.bitwise_or.reduce(np.left_shift(1, ranks, dtype=np.int16), axis=1)
    possible = present & (present + 1) == 0  # ranks from 0 up, without gaps
    table = np.zeros((len(numbers), size), np.int8)
    table[possible] = np.argsort(ranks[possible].astype(float), axis=1)
    return table


@compiled
def sort(values: np.ndarray, table: np.ndarray, order: np.ndarray) -> None:
    """`numpy.argsort(values)`, into `order`, int64 `[size]`.

    Args:
        values: float64 `[size]`.
        table: `orders(size)`.
    """
    size = len(values)
    ties = False
    for place in range(size):
        value, spot = values[place], place
        while spot > 0 and values[order[spot - 1]] > value:
            order[spot] = order[spot - 1]
            spot -= 1
        ties = ties or (spot > 0 and values[order[spot - 1]] == value)
        order[spot] = place
    if not ties:
        return
    if len(table) == 0:
        _ask_numpy(values, order)
        return
    number, rank = 0, 0
    for spot in range(size):
        if spot > 0 and values[order[spot]] > values[order[spot - 1]]:
            rank += 1
        number += rank * size ** order[spot]
    for spot in range(size):
        order[spot] = table[number, spot]


@compiled_with_python
def _ask_numpy(values: np.ndarray, order: np.ndarray) -> None:
    with numba.objmode():
        order[:] = np.argsort(values)
