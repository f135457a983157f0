"""Bands of suboptimality for the colours of heat maps, narrow near the best value."""

import math
from collections.abc import Callable

import numpy as np

_BANDS = 10


def bands(suboptimality: np.ndarray) -> np.ndarray:
    """Edges of the bands, 0 and then a 1-2-5 series: float64 `[bands + 1]`.

    The first step is the 5 % quantile of the suboptimality above 0, rounded down in the series; at most ten steps
    (three decades) follow. Worse values get the colour of the last band.

    >>> bands(np.array([0.0, 0.3, 0.7, 4.0])).tolist()
    [0.0, 0.2, 0.5, 1.0, 2.0, 5.0]

    Args:
        suboptimality: of the cells that did not diverge, in any shape.
    """
    near = suboptimality[(suboptimality > 0) & np.isfinite(suboptimality)]
    if not near.size:
        return np.array([0.0, 1.0])
    top = _nice(float(near.max()), math.ceil)
    low = min(_nice(float(np.quantile(near, 0.05)), math.floor), top - 1)
    steps = range(low, min(top, low + _BANDS - 1) + 1)
    return np.array([0.0, *(float(f"{(1, 2, 5)[k % 3]}e{k // 3}") for k in steps)])


def _nice(value: float, rounding: Callable[[float], int]) -> int:
    """The index k of `value` in the series … 0.5, 1, 2, 5, 10 …, where 1 has k = 0, rounded up or down."""
    exponent = math.floor(math.log10(value))
    place = float(np.interp(value / 10.0**exponent, (1, 2, 5, 10), (0, 1, 2, 3)))
    return int(rounding(round(place + 3 * exponent, 9)))
