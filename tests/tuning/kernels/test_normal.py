"""Compiled normal numbers against NumPy's."""

import numpy as np
from numba import njit

from tuning.kernels import pcg
from tuning.kernels.normal import normal
from tuning.streams import generator, stream


@njit
def take(state: np.ndarray, count: int) -> np.ndarray:
    found = np.empty(count)
    for i in range(count):
        found[i] = normal(state)
    return found


def test_normals_are_numpys() -> None:
    state = pcg.streams(stream(1, "cmaes", "a/b", 0), range(2))[1]
    numpys = generator(stream(1, "cmaes", "a/b", 1)).standard_normal(2_000_000)
    found = take(state, len(numpys))
    assert np.abs(found).max() > 3.66, "no draw from the tail"
    np.testing.assert_array_equal(found, numpys)
