"""Compiled streams against NumPy's."""

import numpy as np
import pytest
from numba import njit

from tuning.kernels import pcg
from tuning.searchers import pick
from tuning.streams import generator, stream


@njit
def take(state: np.ndarray, count: int) -> np.ndarray:
    found = np.empty(count)
    for i in range(count):
        found[i] = pcg.uniform(state)
    return found


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**70 + 3, 2**150 + 9])
def test_streams_are_numpys(seed: int) -> None:
    states = pcg.streams(stream(seed, "gld", "task/optimizer", 0), range(3, 40))
    for repeat in (3, 17, 39):
        numpys = generator(stream(seed, "gld", "task/optimizer", repeat)).random(500)
        np.testing.assert_array_equal(take(states[repeat - 3], 500), numpys)


def test_a_stream_moves_on() -> None:
    state = pcg.streams(stream(0, "gld", "a/b", 0), range(1))[0]
    rng = generator(stream(0, "gld", "a/b", 0))
    for count in (1, 2, 441, 10**9):
        assert pcg.pick(state, count) == pick(rng, count)
