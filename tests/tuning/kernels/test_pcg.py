"""Compiled streams against NumPy's."""

import numpy as np
import pytest
from numba import njit

from tuning.kernels import draws, pcg
from tuning.kernels.compiling import plain
from tuning.streams import generator, stream


@njit
def take(state: np.ndarray, count: int) -> np.ndarray:
    found = np.empty(count)
    for i in range(count):
        found[i] = pcg.uniform(state)
    return found


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**70 + 3, 2**150 + 9])
def test_streams_are_numpys(seed: int) -> None:
    for purpose in ((), (2, 5)):
        states = pcg.streams(stream(seed, "gld", "task/optimizer", 0), range(3, 40), purpose)
        for repeat in (3, 17, 39):
            numpys = generator(stream(seed, "gld", "task/optimizer", repeat, *purpose)).random(500)
            np.testing.assert_array_equal(take(states[repeat - 3], 500), numpys)


@njit
def pick_each(state: np.ndarray, counts: np.ndarray) -> np.ndarray:
    found = np.empty_like(counts)
    for i in range(len(counts)):
        found[i] = draws.pick(state, counts[i])
    return found


def test_picks_are_those_of_the_readable_form() -> None:
    counts = np.array([1, 2, 441, 10**9, 3])
    rng = generator(stream(0, "gld", "a/b", 0))
    state = pcg.streams(stream(0, "gld", "a/b", 0), range(1))[0]
    assert list(pick_each(state, counts)) == [plain(draws.pick)(rng, count) for count in counts]
