"""Separability against plain loops, least squares, and surfaces whose answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from analysis.separability import (
    Pair,
    Scale,
    at_edge,
    common_loss,
    pairs,
    regimes,
    ridge,
    ridge_rows,
    ridge_slope,
    scaled,
    separability_row,
    trained_shares,
    two_step,
    variance_shares,
)
from grids.errors import BadInput
from grids.space import PRESETS, Axis, Space
from grids.surface import Provenance, Surface

tables = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(-5, 5).map(float))


def surface_of(table: np.ndarray, diverged: np.ndarray | None = None, space: Space | None = None) -> Surface:
    names = ("alpha", "epsilon", "beta")
    space = space or Space(
        tuple(Axis(name, tuple(10.0**k for k in range(n))) for name, n in zip(names, table.shape, strict=False))
    )
    flags = np.zeros(table.shape, bool) if diverged is None else diverged
    return Surface(space, (0,), table[..., None].astype(float), flags[..., None], Provenance("toy", "adam"))


def pair_of(table: np.ndarray, diverged: np.ndarray | None = None) -> Pair:
    return pairs(surface_of(table, diverged))[0]


def papers_ridge(slope: float, kink: float = -3.0) -> Pair:
    """The paper's grid with one valley: at α = 0.1 up to ε = 10^kink, from there climbing."""
    space = PRESETS["paper-cifar"]
    alpha, epsilon = (np.log10(axis.values) for axis in space.axes)
    valley = -1 + slope * np.maximum(epsilon - kink, 0)
    return pairs(surface_of((alpha[:, None] - valley) ** 2, space=space))[0]


@settings(deadline=None)
@given(tables)
def test_shares_are_those_of_least_squares(table: np.ndarray) -> None:
    first, second, interaction = variance_shares(table)
    if np.ptp(table) == 0:
        assert math.isnan(first)
        return
    rows, columns = (np.eye(n)[index.ravel()] for n, index in zip(table.shape, np.indices(table.shape), strict=True))
    flat = table.ravel()

    def explained(design: np.ndarray) -> float:
        fit = design @ np.linalg.lstsq(design, flat, rcond=None)[0]
        return 1 - float(((flat - fit) ** 2).sum() / ((flat - flat.mean()) ** 2).sum())

    assert first == pytest.approx(explained(rows), abs=1e-9)
    assert second == pytest.approx(explained(columns), abs=1e-9)
    assert first + second == pytest.approx(explained(np.hstack([rows, columns])), abs=1e-9)
    assert first + second + interaction == pytest.approx(1, abs=1e-9)


def test_sums_have_no_interaction_and_checkerboards_nothing_else() -> None:
    one, other = np.arange(4.0)[:, None], np.array([5.0, 0.0, 2.0])
    assert variance_shares(one + other)[2] == pytest.approx(0, abs=1e-12)
    assert variance_shares(np.array([[1.0, -1.0], [-1.0, 1.0]])) == pytest.approx((0, 0, 1))
    assert variance_shares(1e300 * (one + other)) == pytest.approx(variance_shares(one + other))


def test_a_rank_sees_no_plateau() -> None:
    """A plateau a thousand times higher hides all else from the value, and nothing from the rank."""
    table = np.array([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]])
    high = np.where(table == 9, 9000, table)
    np.testing.assert_array_equal(scaled(table, Scale.rank), [[1, 2], [3, 4], [5.5, 5.5]])
    np.testing.assert_array_equal(scaled(high, Scale.rank), scaled(table, Scale.rank))
    assert variance_shares(high)[1] < 1e-6
    assert variance_shares(scaled(high, Scale.rank))[1] > 0.02


def test_scales_are_finite_and_keep_the_order() -> None:
    table = np.array([[0.0, 1e-300, 5.0], [2.0, 1e300, 0.0]])
    order = np.argsort(table.ravel(), kind="stable")
    for scale in Scale:
        found = scaled(table, scale)
        assert np.isfinite(found).all()
        assert (np.diff(found.ravel()[order]) >= 0).all()
    for scale in Scale:
        assert np.ptp(scaled(np.full((2, 2), 3.0), scale)) == 0


@settings(deadline=None)
@given(tables.filter(lambda table: min(table.shape) > 1), st.integers(0, 3))
def test_two_steps_are_those_of_a_plain_loop(table: np.ndarray, level: int) -> None:
    steps = two_step(pair_of(table), level)
    for start in range(table.shape[1]):
        tied = [row for row in range(table.shape[0]) if table[row, start] == min(table[:, start])]
        ends = [min(table[row]) - table.min() for row in tied]
        assert steps.mean[start] == pytest.approx(sum(ends) / len(ends))
        assert steps.worst[start] == max(ends)
        assert steps.within[start] == pytest.approx(sum(end <= level for end in ends) / len(ends))


def test_two_steps_lose_nothing_on_a_sum() -> None:
    pair = pair_of(np.array([[3.0], [1.0], [2.0]]) + np.array([5.0, 0.0, 7.0]))
    assert two_step(pair, 0.5).worst.tolist() == [0, 0, 0]
    assert common_loss(pair, ridge(pair)) == 0


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_the_slope_of_a_made_ridge(slope: float) -> None:
    pair = papers_ridge(slope)
    where = ridge(pair)
    parts = regimes(pair, 1e-3)
    low, high = (ridge_slope(pair, where, parts[name]) for name in ("_low", "_high"))
    assert (low.slope, low.low, low.high) == (0, 0, 0)
    assert low.points + high.points == 21 - at_edge(pair, where).sum()
    assert high.low <= slope <= high.high
    assert high.slope == pytest.approx(slope, abs=0.1)


def test_a_row_says_what_the_ridge_does() -> None:
    row = separability_row(papers_ridge(1.0), split=1e-3)
    assert (row["first"], row["second"], row["columns"]) == ("alpha", "epsilon", 21)
    assert row["best_first_low"] == 0.1
    assert row["best_first_high"] == 5000
    assert row["moves"] == pytest.approx(np.log10(5000) + 1)
    assert row["slope_low"] == 0
    flat = separability_row(papers_ridge(0.0), split=1e-3)
    assert flat["additive_share"] == pytest.approx(1)
    assert (flat["moves_cells"], flat["common_loss"], flat["loss_max"], flat["share_within"]) == (0, 0, 0, 1)


def test_a_tie_is_no_sign_of_moving() -> None:
    table = np.array([[1.0, 1.0, 3.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    assert ridge(pair_of(table)).tolist() == [1, 1, 1]


def test_a_column_that_diverged_has_no_best() -> None:
    table, diverged = np.array([[1.0, 90.0], [2.0, 90.0], [3.0, 90.0]]), np.array([[False, True]] * 3)
    pair = pair_of(table, diverged)
    assert ridge(pair).tolist() == [0, -1]
    row = separability_row(pair)
    assert row["columns"] == 1
    assert math.isnan(row["slope"])
    assert row["common_loss"] == 0
    assert ridge_rows(pair, 0.5)[1]["best_alpha"] is None
    nothing = separability_row(pair_of(np.full((3, 2), 90.0), np.ones((3, 2), bool)))
    assert nothing["columns"] == 0
    assert math.isnan(nothing["moves_cells"])
    assert math.isnan(nothing["additive_share"])


def test_three_axes_are_three_pairs_at_the_best_of_the_third() -> None:
    table = np.random.default_rng(0).normal(size=(3, 4, 5))
    found = pairs(surface_of(table))
    assert [(pair.first.name, pair.second.name) for pair in found] == [
        ("alpha", "epsilon"),
        ("alpha", "beta"),
        ("epsilon", "beta"),
    ]
    np.testing.assert_array_equal(found[1].table, table.min(axis=1))


@pytest.mark.parametrize("shape", [(5,), (5, 1), (1, 1, 4)])
def test_one_axis_cannot_be_tuned_apart(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"two axes of two values or more; it has alpha \([15]\)"):
        pairs(surface_of(np.zeros(shape)))


def test_a_length_one_axis_beside_two_long_ones_is_left_out() -> None:
    assert [(pair.first.name, pair.second.name) for pair in pairs(surface_of(np.zeros((2, 1, 3))))] == [
        ("alpha", "beta")
    ]


def test_a_plateau_of_failures_hides_no_sum() -> None:
    """The values are a sum of a function of each axis, but a corner of them fails."""
    rows, columns = np.arange(12.0)[:, None], np.arange(12.0)
    table = np.minimum((rows - 5) ** 2 + 3 * np.abs(columns - 4), 20.0)
    space = Space((Axis("alpha", tuple(range(1, 13))), Axis("epsilon", tuple(range(1, 13)))))
    about = Provenance("toy", "adam", failure=20.0)
    pair = pairs(Surface(space, (0,), table[..., None], np.zeros((12, 12, 1), bool), about))[0]
    first, second, rest = trained_shares(pair, Scale.value)
    assert sum(variance_shares(table)[:2]) < 0.97
    assert first + second == pytest.approx(1, abs=1e-6)
    assert rest == pytest.approx(0, abs=1e-6)


def test_columns_at_the_edge_are_named() -> None:
    pair = papers_ridge(1.0)
    where = ridge(pair)
    assert at_edge(pair, where).tolist() == [place in (0, 20) for place in where]
