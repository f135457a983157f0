"""In which order NumPy sorts equal values.

Cells repeat, so many of a generation's values are equal, and which of two equal points ranks first changes what CMA-ES
does next. pycma sorts by `numpy.argsort`, whose order of equal values is not defined: vector instructions sort by a
network of comparisons, other processors stably. So NumPy is asked: once for every pattern of equal values where the
population is small, and for each generation otherwise.
"""

import functools

import numba
import numpy as np

from tuning.kernels.compiling import compiled, compiled_with_python

MOST = 6
"""Of how many values the table holds all patterns; it has so many to its own power rows."""


@functools.cache
def orders(size: int) -> np.ndarray:
    """NumPy's order of each pattern of `size` values, int8 `[patterns, size]`; no rows where there are too many.

    A pattern is the row whose number has, to the base of `size`, each value's rank (equal values share one) as digits,
    the first value's lowest. Rows that are no pattern are empty.
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
