"""The standard normal random numbers of NumPy's `Generator`, compiled: the same numbers from the same stream.

`Generator.standard_normal` is the ziggurat of Marsaglia and Tsang, "The Ziggurat Method for Generating Random
Variables", 2000, with 256 layers (`numpy/random/src/distributions/distributions.c`); numba contains the same tables.
"""

import math

import numpy as np
from numba.np.random._constants import fi_double, ki_double, wi_double, ziggurat_nor_inv_r, ziggurat_nor_r

from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.pcg import uniform, word

LAYER, BELOW = np.uint64(0xFF), np.uint64(0x000FFFFFFFFFFFFF)
START = np.float64(ziggurat_nor_r)
INVERSE = np.float64(ziggurat_nor_inv_r)


@compiled_part
def normal(state: np.ndarray) -> float:
    """The next `Generator.standard_normal()` of a stream; `state`, uint64 `[4]`, is advanced."""
    bits = word(state)
    layer, rest = bits & LAYER, bits >> np.uint64(8)
    below = (rest >> np.uint64(1)) & BELOW
    x = np.float64(below) * wi_double[layer]
    if rest & np.uint64(1):
        x = -x
    return x if below < ki_double[layer] else _edge(state, layer, below, x)


@compiled
def _edge(state: np.ndarray, layer: np.uint64, below: np.uint64, x: float) -> float:
    """The slow path, about one number in a hundred: `x` is not inside its layer's rectangle."""
    while True:
        if layer == 0:
            while True:
                further = -INVERSE * math.log1p(-uniform(state))
                height = -math.log1p(-uniform(state))
                if height + height > further * further:
                    tail = START + further
                    return -tail if (below >> np.uint64(8)) & np.uint64(1) else tail
        upper, lower = fi_double[layer - np.uint64(1)], fi_double[layer]
        if (upper - lower) * uniform(state) + lower < math.exp(-0.5 * x * x):
            return x
        bits = word(state)
        layer, rest = bits & LAYER, bits >> np.uint64(8)
        below = (rest >> np.uint64(1)) & BELOW
        x = np.float64(below) * wi_double[layer]
        if rest & np.uint64(1):
            x = -x
        if below < ki_double[layer]:
            return x
