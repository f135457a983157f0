"""The order of equal values against NumPy's."""

import itertools

import numpy as np
import pytest

from tuning.searchers.cmaes.ties import orders, sort


@pytest.mark.parametrize("size", [2, 5, 6, 7, 13, 40])
def test_any_values_are_sorted_as_numpy_does(size: int) -> None:
    rng, order = np.random.default_rng(size), np.empty(size, np.int64)
    for different in (1, 2, 3, size, 10**6):
        for _ in range(200):
            values = rng.integers(0, different, size) / 7.0 - 0.1
            sort(values, orders(size), order)
            np.testing.assert_array_equal(order, np.argsort(values), err_msg=str(values))


def test_every_pattern_of_six() -> None:
    order = np.empty(6, np.int64)
    for ranks in itertools.product(range(6), repeat=6):
        if set(ranks) == set(range(max(ranks) + 1)):
            sort(np.array(ranks) * 1.5, orders(6), order)
            assert list(order) == np.argsort(np.array(ranks, float)).tolist()
