"""Gradientless descent as a Markov chain: the state between steps is the current cell, whose value never increases.

Cells are ranked by value, so every matrix here is lower triangular: from a cell, a step stays or leads to one of
strictly lower value. Until a step hits the target, the best value seen is the current cell's; so one chain serves all
targets, and the distribution of the current cell gives the distribution of the best value so far.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tuning.exact.proposals import clipped, inside
from tuning.searchers.descent import Descent


@dataclass(frozen=True)
class Step:
    """One kind of step (GLD has one, CGLD one for each axis). Cells are in rank order, K candidates a step.

    Args:
        move: `[cells, cells]`, probability that a step leads from row to column.
        missed: `[targets, K + 1, cells]`, for each of the chain's numbers of good cells, the probability that none of
            the first 0, 1, … K candidates is among that many lowest cells.
        best: `[K, cells]`, mean of the lowest of the current cell's value and those of candidates 0 … k.
    """

    move: np.ndarray
    missed: np.ndarray
    best: np.ndarray


class DescentChain:
    """The chain of GLD or CGLD on a table of values.

    Args:
        tables: the searcher's, of the table's space; its radii, ball and turns say what a candidate may be.
        table: float64 `[*shape]`.
        good_counts: for each target, the number of lowest cells that reach it, for `Step.missed`.
    """

    def __init__(self, tables: Descent, table: np.ndarray, good_counts: Sequence[int] = ()) -> None:
        flat = table.ravel()
        self.order = np.argsort(flat, kind="stable")
        self.values = flat[self.order]
        self.good_counts = np.array(good_counts, np.int64)
        together = tables.turns < table.ndim
        kinds = [tuple(range(table.ndim))] if together else [(axis,) for axis in range(table.ndim)]
        self.steps = [self._step(tables, table.shape, axes) for axes in kinds]

    def run(self) -> Iterator[tuple[np.ndarray, Step]]:
        """For each step in turn: the distribution `[cells]` of the cell before it, in rank order, and the step."""
        law = np.full(len(self.values), 1.0 / len(self.values))
        while True:
            for step in self.steps:
                yield law, step
                law = law @ step.move

    def _step(self, tables: Descent, shape: tuple[int, ...], axes: tuple[int, ...]) -> Step:
        cells, radii = len(self.values), tuple(tables.radii.tolist())
        # Ranks of the first cell of each cell's value, and of the first cell of the next value.
        low = np.searchsorted(self.values, self.values, side="left")
        high = np.searchsorted(self.values, self.values, side="right")
        move = np.zeros((cells, cells))
        missed = np.ones((len(self.good_counts), len(radii) + 1, cells))
        best = np.zeros((len(radii), cells))
        for rank, flat in enumerate(self.order):
            center = tuple(int(i) for i in np.unravel_index(flat, shape))
            if tables.clip:
                law = np.array([clipped(shape, center, radius, axes)[self.order] for radius in radii])
            else:
                law = inside(shape, center, radii, axes)[:, self.order]
            # not_below[k, i]: probability that candidate k is none of the i lowest cells.
            not_below = np.ones((len(law), cells + 1))
            not_below[:, 1:] -= np.cumsum(law, axis=1)
            worse, no_better = not_below[:, high], not_below[:, low]
            for k in range(len(law)):
                # Among equal candidates the first drawn wins: the earlier ones must be worse, the later no better.
                move[rank] += worse[:k].prod(axis=0) * law[k] * no_better[k + 1 :].prod(axis=0)
            move[rank, low[rank] :] = 0.0
            move[rank, rank] = no_better[:, rank].prod()
            still = np.cumprod(not_below, axis=0)
            missed[:, 1:, rank] = still[:, self.good_counts].T
            best[:, rank] = self._mean_best(still, rank)
        return Step(move, missed, best)

    def _mean_best(self, still: np.ndarray, rank: int) -> np.ndarray:
        """Mean of min(value at `rank`, candidates); `still[k, i]`: none of candidates 0 … k is among the i lowest.

        E[min] = lowest + Σ gap·P(min is above the gap); the gaps end at the current cell's value. Shape `[K]`.
        """
        gaps = np.diff(self.values[: rank + 1])
        return self.values[0] + still[:, 1 : rank + 1] @ gaps
