"""pycma as a searcher: the oracle of `tuning.searchers.cmaes`, and what runs populations that pycma mirrors."""

import math
import warnings
from typing import Any

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.base import take
from tuning.searchers.cmaes.constants import check_options


class Pycma:
    """pycma's `CMAEvolutionStrategy`, set as `tuning.searchers.cmaes.searcher.cmaes` says.

    All random numbers come from `rng`: pycma draws its normal numbers from it, and does not set a global seed.

    Args:
        space, rng: as of any searcher.
        sigma, popsize, impl: as of `cmaes`.
    """

    parallel = True

    def __init__(
        self, space: Space, rng: np.random.Generator, *, sigma: float = 0.25, popsize: int | None = None, impl: str = ""
    ) -> None:
        check_options(sigma, popsize)
        self.space = space
        self.rng = rng
        self.sigma = sigma
        self.popsize = popsize
        self.moving = tuple(axis for axis, length in enumerate(space.shape) if length > 1)
        """The axes that pycma searches."""
        self._strategy: Any = None
        self._points: list[np.ndarray] = []
        self._values: dict[int, float] = {}  # by the number of the point
        self._asked = 0  # points of this generation
        self._pending: list[tuple[int, Cell]] = []

    @property
    def lengths(self) -> list[int]:
        """The lengths of the axes that pycma searches, and of the idle coordinate where one is added."""
        lengths = [self.space.shape[axis] for axis in self.moving]
        return lengths * 2 if len(lengths) == 1 else lengths

    def ask(self) -> Cell | None:
        if not self.moving:
            return (0,) * len(self.space.shape)
        if len(self._values) == len(self._points):
            self._next_generation()
        if self._asked == len(self._points):
            return None
        point = self._points[self._asked]
        cell = [0] * len(self.space.shape)
        for axis, coordinate in zip(self.moving, point, strict=False):
            cell[axis] = min(max(math.floor(coordinate + 0.5), 0), self.space.shape[axis] - 1)
        self._pending.append((self._asked, tuple(cell)))
        self._asked += 1
        return tuple(cell)

    def tell(self, cell: Cell, value: float) -> None:
        if self.moving:
            self._values[take(self._pending, cell)] = value

    def _next_generation(self) -> None:
        # Values near the largest float overflow in pycma's spread of a generation, which only its stopping rules use.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._strategy is not None:
                self._strategy.tell(self._points, [self._values[place] for place in range(len(self._points))])
            if self._strategy is None or self._strategy.stop():
                self._strategy = self._start()
            self._points, self._values, self._asked = self._strategy.ask(), {}, 0

    def _start(self) -> Any:
        import cma

        lengths = self.lengths
        start = [self.rng.random() * length - 0.5 for length in lengths]
        options = {
            "bounds": [[-0.5] * len(lengths), [length - 0.5 for length in lengths]],
            "CMA_stds": lengths,
            "randn": lambda rows, columns: self.rng.standard_normal((rows, columns)),
            "seed": math.nan,
            "signals_filename": None,
            "verbose": -9,
            "verb_log": 0,
        }
        if self.popsize is not None:
            options["popsize"] = self.popsize
        return cma.CMAEvolutionStrategy(start, self.sigma, options)
