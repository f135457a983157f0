"""The transformation into the bounds against pycma's."""

import numpy as np
import pytest
from cma.boundary_handler import BoundTransform
from numba import njit

from tuning.searchers.cmaes import bounds


@njit
def into(points: np.ndarray, length: float) -> np.ndarray:
    found = np.empty_like(points)
    for i in range(len(points)):
        found[i] = bounds.into_bounds(points[i], length)
    return found


@njit
def back(points: np.ndarray, length: float) -> np.ndarray:
    found = np.empty_like(points)
    for i in range(len(points)):
        found[i] = bounds.from_bounds(points[i], length)
    return found


@pytest.mark.parametrize("length", [2, 3, 21, 1000])
def test_points_go_where_pycma_puts_them(length: int) -> None:
    edges = np.array([-0.5, length - 0.5])
    theirs = BoundTransform([[edges[0]], [edges[1]]])
    rng = np.random.default_rng(length)
    points = np.concatenate([rng.normal(0, 3 * length, 3000), rng.normal(edges[0], 0.1, 500), edges, edges + length])
    np.testing.assert_array_equal(into(points, length), [theirs.repair(np.array([x]))[0] for x in points])
    inside = rng.random(3000) * length - 0.5
    np.testing.assert_allclose(back(inside, length), [theirs.inverse([y])[0] for y in inside], rtol=1e-15)
    np.testing.assert_allclose(into(back(inside, length), length), inside, atol=1e-12)
