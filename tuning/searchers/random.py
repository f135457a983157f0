"""Random search with replacement: every trial is a uniform cell."""

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.base import pick
from tuning.searchers.registry import searcher


@searcher(
    "random",
    label="random",
    phrase="random search",
    summary="uniform cells, with replacement",
    place=0,
    paper=True,
    kernel="tuning.kernels.uniform:random",
    law="tuning.exact.uniform:WithReplacement",
    variants=(),
)
class Random:
    """Uniform cells, independent of each other: until one of k good cells of n, n/k trials on average.

    Each trial takes one `rng.random()`, which gives the flat number of the cell.
    """

    from_list = True
    parallel = True

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self.space = space
        self.rng = rng

    def ask(self) -> Cell:
        return self.space.cell(pick(self.rng, self.space.size))

    def tell(self, cell: Cell, value: float) -> None:
        pass
