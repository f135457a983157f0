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
    """Uniform cells, independent of everything before: k good cells of n take n/k trials on average.

    One `rng.random()` a trial, giving the flat number of the cell.
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
