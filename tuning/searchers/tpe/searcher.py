"""TPE, the tree-structured Parzen estimator, on a grid: a readable form of Optuna 5.0's `TPESampler`."""

import math

import numpy as np

from grids.errors import BadInput
from grids.space import Cell, Space
from tuning.searchers.base import pick
from tuning.searchers.registry import searcher
from tuning.searchers.tpe.parzen import Parzen

TIE = 1e-9
"""Relative tolerance for equal ratios, so that rounding does not decide between cells that are equal by symmetry."""


def good_count(told: int) -> int:
    """The number of good trials among those told: ⌈n/10⌉, at most 25 (in Optuna's own float arithmetic: 70 give 8)."""
    return min(math.ceil(0.1 * told), 25)


@searcher(
    "tpe",
    label="TPE",
    summary="tree-structured Parzen estimator",
    place=2,
    paper=True,
    kernel="tuning.searchers.tpe.kernel:tpe",
    law=None,
    variants=("n_startup_trials=0,n_ei_candidates=3",),
)
class TPE:
    """Bergstra et al. 2011, as in Optuna 5.0 with its defaults, every axis an integer parameter 0 … n−1.

    The first trials are uniform cells. Then the told trials are split into the `good_count` of lowest value (the older
    ones among equals) and the rest. Both sets get a `Parzen` density, joint over all axes. Candidates are drawn
    from the good one; the trial is the candidate where good ÷ rest is largest, the first drawn among equals. Only
    the indices on an axis are used, not its values or scale. A cell may be proposed again.

    Each of the first trials takes one `rng.random()`; each later one takes `n_ei_candidates` times 1 + axes.

    Args:
        n_startup_trials: the number of uniform trials before the densities are used.
        n_ei_candidates: the number of candidates drawn for each trial.
    """

    parallel = True

    def __init__(
        self, space: Space, rng: np.random.Generator, *, n_startup_trials: int = 10, n_ei_candidates: int = 24
    ) -> None:
        if n_startup_trials < 0:
            raise BadInput(f"n_startup_trials must be 0 or more, not {n_startup_trials}")
        if n_ei_candidates < 1:
            raise BadInput(f"n_ei_candidates must be 1 or more, not {n_ei_candidates}")
        self.space = space
        self.rng = rng
        self.n_startup_trials = n_startup_trials
        self.n_ei_candidates = n_ei_candidates
        self._cells: list[Cell] = []
        self._values: list[float] = []
        self._good: tuple[np.ndarray, Parzen] | None = None  # the good trials and their density, kept until they change

    def ask(self) -> Cell:
        if len(self._values) < self.n_startup_trials:
            return self.space.cell(pick(self.rng, self.space.size))
        good, rest = self.densities()
        candidates = good.draw(self.rng.random((self.n_ei_candidates, 1 + len(self.space.shape))))
        ratio = (good.density(candidates) / rest.density(candidates)).tolist()
        best = 0
        for place in range(1, len(ratio)):
            if ratio[place] > ratio[best] * (1.0 + TIE):
                best = place
        return tuple(int(index) for index in candidates[best])

    def tell(self, cell: Cell, value: float) -> None:
        self._cells.append(cell)
        self._values.append(value)

    def densities(self) -> tuple[Parzen, Parzen]:
        """The densities of the good trials and of the rest, among all trials told so far."""
        cells = np.array(self._cells, dtype=np.int64).reshape(-1, len(self.space.shape))
        is_good = np.zeros(len(cells), dtype=bool)
        is_good[np.argsort(self._values, kind="stable")[: good_count(len(cells))]] = True
        good = np.flatnonzero(is_good)
        if self._good is None or not np.array_equal(good, self._good[0]):
            self._good = good, Parzen(cells[good], self.space.shape)
        return self._good[1], Parzen(cells[~is_good], self.space.shape)
