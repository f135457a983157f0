"""Random search, with and without replacement."""

from typing import Any, NamedTuple

import numpy as np

from grids.space import Space
from tuning.kernels.compiling import compiled_part, compiled_start
from tuning.kernels.draws import pick
from tuning.searchers.form import Asked, Form, whole
from tuning.searchers.registry import searcher


class Cells(NamedTuple):
    """The tables of random search.

    Args:
        cells: the number of cells.
        round: without replacement, the number of cells that are all different; then all may come again.
    """

    cells: int
    round: int


class Order(NamedTuple):
    """The state of random search without replacement.

    Args:
        cells: int64 `[cells]`, those used in this round, then the others; empty with replacement.
        used: int64 `[1]`.
    """

    cells: np.ndarray
    used: np.ndarray


def random(space: Space) -> Cells:
    """Uniform cells, independent of each other: until one of k good cells of n, n/k trials on average.

    Each trial takes one uniform number, which gives the flat number of the cell.
    """
    return Cells(space.size, space.size)


def random_unique(space: Space) -> Cells:
    """Every cell once in a uniform random order, then again in a new order.

    Until one of k good cells of n it takes (n+1)/(k+1) trials on average. One step of a Fisher–Yates shuffle for each
    trial: one uniform number picks one of the cells not yet used, and swaps it with the first of them.
    """
    return Cells(space.size, space.size)


@compiled_start
def _nothing(tables: Cells, rng: Any) -> Order:
    return Order(np.empty(0, np.int64), np.empty(0, np.int64))


@compiled_part
def _any_cell(tables: Cells, state: Order, rng: Any) -> Asked:
    return whole(pick(rng, tables.cells), 0)


@compiled_start
def _ascending(tables: Cells, rng: Any) -> Order:
    return Order(np.arange(tables.cells), np.zeros(1, np.int64))


@compiled_part
def _unused_cell(tables: Cells, state: Order, rng: Any) -> Asked:
    cells, here = state.cells, state.used[0]
    if here == tables.round:
        for cell in range(tables.cells):
            cells[cell] = cell
        here = 0
    other = here + pick(rng, tables.cells - here)
    cells[here], cells[other] = cells[other], cells[here]
    state.used[0] = here + 1
    return whole(cells[here], 0)


@compiled_part
def _ignore(tables: Cells, state: Order, asked: Asked, value: float) -> Order:
    return state


RANDOM = searcher(
    "random",
    Form(random, _nothing, _any_cell, _ignore, from_list=True, learns=False),
    label="random",
    phrase="random search",
    summary="uniform cells, with replacement",
    place=0,
    paper=True,
    law="tuning.exact.uniform:WithReplacement",
)
RANDOM_UNIQUE = searcher(
    "random-unique",
    Form(random_unique, _ascending, _unused_cell, _ignore, from_list=True, learns=False),
    label="random, unique",
    phrase="random search without replacement",
    summary="uniform cells, each once",
    place=1,
    law="tuning.exact.uniform:WithoutReplacement",
)
