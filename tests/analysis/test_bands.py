"""Bands of suboptimality for colours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.bands import bands


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=50))
def test_edges_begin_at_zero_rise_and_reach_down_to_the_best(values: list[float]) -> None:
    edges = bands(np.array([0.0, *values]))
    assert edges[0] == 0
    assert (np.diff(edges) > 0).all()
    assert 2 <= len(edges) <= 11
    assert edges[1] <= max(values)
    near = np.array(values)
    assert (near < edges[1]).mean() <= 0.05 or len(edges) == 2 or edges[1] <= np.quantile(near, 0.05)


@given(st.integers(-8, 8), st.lists(st.floats(0.1, 50.0), min_size=2, max_size=20))
def test_another_power_of_ten_moves_the_edges_with_it(power: int, values: list[float]) -> None:
    small, scaled = bands(np.array(values)), bands(np.array([float(f"{value}e{power}") for value in values]))
    assert len(small) == len(scaled)
    np.testing.assert_allclose(scaled, small * 10.0**power, rtol=1e-9)


def test_where_all_cells_are_equal_there_is_one_band() -> None:
    assert bands(np.zeros(4)).tolist() == [0.0, 1.0]
    assert bands(np.array([])).tolist() == [0.0, 1.0]
