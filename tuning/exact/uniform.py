"""The laws of random search, with and without replacement, in closed form."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tuning.exact.law import never
from tuning.exact.runtime import Runtime


class WithReplacement:
    """The `Law` of random search."""

    most_cells: int | None = None

    def __init__(self, searcher: Any, table: np.ndarray, good_counts: Sequence[int] = ()) -> None:
        self.values, self.good_counts = np.sort(table.ravel()), good_counts

    def runtimes(self) -> list[Runtime]:
        return [_with_replacement(good, len(self.values)) for good in self.good_counts]

    def curve(self, max_trials: int) -> np.ndarray:
        return _uniform_curve(self.values, max_trials, replacement=True)


class WithoutReplacement(WithReplacement):
    """The `Law` of random search without repetition."""

    def runtimes(self) -> list[Runtime]:
        return [_without_replacement(good, len(self.values)) for good in self.good_counts]

    def curve(self, max_trials: int) -> np.ndarray:
        return _uniform_curve(self.values, max_trials, replacement=False)


_NEGLIGIBLE = 45.0
"""exp(−45) is below the rounding error of a float64: terms with a smaller probability do not change the mean."""


def _uniform_curve(values: np.ndarray, max_trials: int, replacement: bool) -> np.ndarray:
    """Mean suboptimality after 1 … `max_trials` uniform cells: Σ gap·P(none of the k lowest cells was drawn).

    Each trial multiplies the probabilities by (1 − k/n), without replacement by (n − k − t)/(n − t). After t trials
    only terms with k below 45·n/t are above rounding, so that large tables take n·log(n) steps rather than n².

    Args:
        values: float64 `[cells]`, ascending.
        max_trials: the length of the curve.
        replacement: whether cells are drawn with replacement.
    """
    cells = len(values)
    gaps = np.diff(values)
    ranks = np.nonzero(gaps)[0] + 1
    gaps = gaps[ranks - 1]
    missed = np.ones(len(ranks))
    curve = np.zeros(max_trials)
    for trial in range(max_trials):
        if not replacement and trial >= cells:
            break
        left = cells if replacement else cells - trial
        missed *= np.maximum(left - ranks, 0) / left
        counted = int(np.searchsorted(ranks, _NEGLIGIBLE * cells / (trial + 1), side="right"))
        ranks, missed, gaps = ranks[:counted], missed[:counted], gaps[:counted]
        if not counted:
            break
        curve[trial] = gaps @ missed
    return curve


def _with_replacement(good: int, cells: int) -> Runtime:
    """Geometric: P(T > t) = (1 − k/n)^t."""
    if not good:
        return never()

    def missed() -> Iterator[float]:
        trial = 0
        while True:
            trial += 1
            yield (1.0 - good / cells) ** trial

    return Runtime(cells / good, 1.0, missed)


def _without_replacement(good: int, cells: int) -> Runtime:
    """Negative hypergeometric: P(T > t) = Π_{i<t} (n − k − i)/(n − i)."""
    if not good:
        return never()

    def missed() -> Iterator[float]:
        still = 1.0
        for trial in range(cells):
            still *= max(cells - good - trial, 0) / (cells - trial)
            yield still
        while True:
            yield 0.0

    return Runtime((cells + 1) / (good + 1), 1.0, missed)
