"""Gradientless descent on a grid (GLD-Search; Golovin et al., ICLR 2020, Algorithm 1)."""

from typing import Literal

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.balls import draw_clipped, draw_inside, radii
from tuning.searchers.base import pick, take
from tuning.searchers.registry import searcher


@searcher(
    "gld",
    label="GLD",
    summary="gradientless descent in balls of cells",
    place=4,
    paper=True,
    kernel="tuning.kernels.descent:descent",
    law="tuning.exact.descent:DescentLaw",
    variants=("ball=clip", "radius_max=3.5,radius_min=0.4", "radius_max=1e9,radius_min=1e8"),
)
class GLD:
    """From the current cell, draw one candidate from each of several balls; move to the best of them if it is better.

    Trial 1 is a uniform cell. Then, step by step, one candidate for each radius R·2^−k, k = 0 … ⌊log2(R/r)⌋, largest
    first, each drawn around the cell at which the step began. The value of that cell is known, so a step costs one
    trial for each radius. The candidate of lowest value becomes the current cell if its value is lower; equal values
    keep the current cell, and among equal candidates the first drawn is taken. The radii are the same in every step.

    With several workers the candidates of one step are evaluated in parallel.

    Each trial takes exactly one `rng.random()`; with `ball="clip"` a candidate takes what `draw_clipped` says.

    Args:
        radius_max: R in index steps; the longest axis − 1 where not given.
        radius_min: r in index steps.
        ball: `inside`: a candidate is uniform over the cells, other than the current one, whose Euclidean index
            distance is at most the radius (the current cell itself where there is none). `clip`: a uniform point of
            the continuous ball, rounded and clipped into the grid, which piles up on the border and may be the
            current cell.
    """

    parallel = True

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        radius_max: float | None = None,
        radius_min: float = 1.0,
        ball: Literal["inside", "clip"] = "inside",
    ) -> None:
        self.space = space
        self.rng = rng
        self.radii = radii(space.shape, radius_max, radius_min)
        self.draw = draw_inside if ball == "inside" else draw_clipped
        self.step = 0
        self._current: Cell | None = None
        self._value = 0.0  # of the current cell
        self._asked = 0  # candidates of this step
        self._pending: list[tuple[int, Cell]] = []
        self._results: list[tuple[float, int, Cell]] = []

    def axes(self, step: int) -> tuple[int, ...]:
        """The axes that move in the given step (from 0): all of them."""
        return tuple(range(len(self.space.shape)))

    def ask(self) -> Cell | None:
        if self._asked == (1 if self._current is None else len(self.radii)):
            return None
        if self._current is None:
            cell = self.space.cell(pick(self.rng, self.space.size))
        else:
            radius = self.radii[self._asked]
            cell = self.space.cell(self.draw(self.rng, self.space.shape, self._current, radius, self.axes(self.step)))
        self._pending.append((self._asked, cell))
        self._asked += 1
        return cell

    def tell(self, cell: Cell, value: float) -> None:
        number = take(self._pending, cell)
        if self._current is None:
            self._current, self._value, self._asked = cell, value, 0
            return
        self._results.append((value, number, cell))
        if len(self._results) == len(self.radii):
            best, _, candidate = min(self._results)
            if best < self._value:
                self._current, self._value = candidate, best
            self._asked, self._results = 0, []
            self.step += 1
