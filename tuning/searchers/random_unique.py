"""Random search without replacement: the cells in a random order."""

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.base import pick
from tuning.searchers.registry import searcher


@searcher(
    "random-unique",
    label="random, unique",
    phrase="random search without replacement",
    summary="uniform cells, each once",
    place=1,
    kernel="tuning.kernels.uniform:random_unique",
    law="tuning.exact.uniform:WithoutReplacement",
    variants=(),
)
class RandomUnique:
    """Every cell once in a uniform random order, then again in a new order.

    Until one of k good cells of n it takes (n+1)/(k+1) trials on average. One step of a Fisher–Yates shuffle for each
    trial: one `rng.random()` picks one of the cells not yet used, and swaps it with the first of them.
    """

    from_list = True
    parallel = True

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self.space = space
        self.rng = rng
        self._order = list(range(space.size))
        self._used = 0

    def ask(self) -> Cell:
        if self._used == self.space.size:
            self._order = list(range(self.space.size))
            self._used = 0
        here = self._used
        other = here + pick(self.rng, self.space.size - here)
        self._order[here], self._order[other] = self._order[other], self._order[here]
        self._used += 1
        return self.space.cell(self._order[here])

    def tell(self, cell: Cell, value: float) -> None:
        pass
