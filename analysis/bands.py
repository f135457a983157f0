"""Bands of suboptimality for colours: few, and fine near the best."""

import math
from collections.abc import Callable

import numpy as np

_BANDS = 10


def bands(suboptimality: np.ndarray) -> np.ndarray:
    """Edges of the bands: 0, then steps of 1-2-5, fine near the best: float64 `[bands + 1]`.

    The first step lies below all but a twentieth of the cells that are not the best; ten steps, three decades, follow
    it at most. What is worse than the last edge gets its colour.

    >>> bands(np.array([0.0, 0.3, 0.7, 4.0])).tolist()
    [0.0, 0.2, 0.5, 1.0, 2.0, 5.0]

    Args:
        suboptimality: of the cells that trained, in any shape.
    """
    near = suboptimality[(suboptimality > 0) & np.isfinite(suboptimality)]
    if not near.size:
        return np.array([0.0, 1.0])
    top = _nice(float(near.max()), math.ceil)
    low = min(_nice(float(np.quantile(near, 0.05)), math.floor), top - 1)
    steps = range(low, min(top, low + _BANDS - 1) + 1)
    return np.array([0.0, *(float(f"{(1, 2, 5)[k % 3]}e{k // 3}") for k in steps)])


def _nice(value: float, rounding: Callable[[float], int]) -> int:
    """The place k of `value` in the series … 0.5, 1, 2, 5, 10 …, in which 1 has k = 0, rounded up or down."""
    exponent = math.floor(math.log10(value))
    place = float(np.interp(value / 10.0**exponent, (1, 2, 5, 10), (0, 1, 2, 3)))
    return int(rounding(round(place + 3 * exponent, 9)))
