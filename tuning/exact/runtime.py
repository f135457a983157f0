"""The exact distribution of a runtime: the number of trials until a target is hit."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-12
"""A probability that is below a quantile's level by no more than this counts as equal to it."""


@dataclass(frozen=True)
class Runtime:
    """The distribution of the number of trials T until a target is hit.

    Args:
        mean: E[T]; infinite where a replay may never hit.
        ever: P(T < ∞).
        missed: each call returns a new endless iterator over P(T > 1), P(T > 2), …
    """

    mean: float
    ever: float
    missed: Callable[[], Iterator[float]]

    def survival(self, trials: int) -> np.ndarray:
        """P(T > t) for t = 0 … `trials`; `[trials + 1]`."""
        rest = self.missed()
        return np.array([1.0, *(next(rest) for _ in range(trials))])

    def hit(self, trials: int) -> np.ndarray:
        """P(T ≤ t) for t = 0 … `trials`; `[trials + 1]`."""
        return 1.0 - self.survival(trials)

    def hit_by(self, trials: Sequence[int]) -> list[float]:
        """P(T ≤ t) for each t of `trials`, each 1 or more.

        However many trials are asked for, it ends once P(T ≤ t) is within `ROUNDING` of P(T < ∞).
        """
        found = [self.ever] * len(trials)
        for trial, missed in enumerate(self.missed(), start=1):
            for place in (place for place, asked in enumerate(trials) if asked == trial):
                found[place] = 1.0 - missed
            if trial >= max(trials, default=0) or missed - (1.0 - self.ever) <= ROUNDING:
                break
        return found

    def quantile(self, level: float) -> float:
        """The smallest t with P(T ≤ t) ≥ `level`; infinite where there is none."""
        return self.quantiles([level])[0]

    def quantiles(self, levels: list[float]) -> list[float]:
        """`quantile` of several levels, in one pass."""
        found = [math.inf] * len(levels)
        open_levels = [i for i, level in enumerate(levels) if level <= self.ever + ROUNDING]
        if not open_levels:
            return found
        for trial, missed in enumerate(self.missed(), start=1):
            for i in [i for i in open_levels if 1.0 - missed >= levels[i] - ROUNDING]:
                found[i] = float(trial)
                open_levels.remove(i)
            if not open_levels:
                break
        return found
