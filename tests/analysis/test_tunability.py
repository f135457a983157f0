"""Expected bests against closed forms and enumeration; default against tuned; what one cell for all tasks loses."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from analysis.replays import split
from analysis.tunability import (
    Contestant,
    Curve,
    cross_losses,
    curve_of,
    curve_of_replays,
    early_average,
    expected_best,
    leaders,
    leads,
    tunability,
)
from grids.errors import BadInput
from grids.space import parse_space
from grids.surface import Provenance, Surface
from tuning.replay import replay

VALUES = [3.5, 1.25, 2.0, 2.0, 8.0, 1.5, 40.0]


@pytest.mark.parametrize("repetition", [False, True])
def test_expected_best_is_the_mean_over_all_draws(repetition: bool) -> None:
    found = expected_best(np.array(VALUES), 4, repetition)
    for k in range(1, 5):
        draws = itertools.product(VALUES, repeat=k) if repetition else itertools.combinations(VALUES, k)
        lowest = [min(draw) for draw in draws]
        assert found[k - 1] == pytest.approx(sum(lowest) / len(lowest), rel=1e-12)


@pytest.mark.parametrize("repetition", [False, True])
def test_expected_best_is_the_closed_form_on_a_large_table(repetition: bool) -> None:
    """In whole fractions: Σ Y(i)·C(n−i, k−1)/C(n, k), or Σ Y(i)·[((n−i+1)/n)^k − ((n−i)/n)^k]."""
    values = np.sort(np.random.default_rng(0).lognormal(size=441))
    n, found = len(values), expected_best(np.random.default_rng(1).permutation(values).reshape(21, 21), 441, repetition)
    for k in (1, 2, 20, 100, 440, 441):
        exact = Fraction(0)
        for i, value in enumerate(values, start=1):
            if repetition:
                weight = Fraction(n - i + 1, n) ** k - Fraction(n - i, n) ** k
            else:
                weight = Fraction(comb(n - i, k - 1), comb(n, k))
            exact += weight * Fraction(float(value))
        assert abs(found[k - 1] - float(exact)) <= 1e-12 * float(exact)


def test_beyond_all_cells_the_best_is_known() -> None:
    assert expected_best(np.array([2.0, 1.0]), 5).tolist() == [1.5, 1.0, 1.0, 1.0, 1.0]
    assert expected_best(np.array([7.0]), 3).tolist() == [7.0, 7.0, 7.0]


def test_early_trials_weigh_most() -> None:
    assert early_average(np.array([4.0, 2.0, 1.0])) == pytest.approx((2 * 4 + 1 * 2) / 3)
    assert early_average(np.array([4.0])) == 4.0


def surface(value: np.ndarray, maximize: bool = False) -> Surface:
    space = parse_space("alpha=0.1,1,epsilon=1e-8,1e-4,1")
    facts = {"maximize": True} if maximize else {}
    table = value.reshape(2, 3, -1)
    return Surface(
        space, tuple(range(table.shape[-1])), table, np.zeros(table.shape, bool), Provenance("toy", "adam", fixed=facts)
    )


def test_the_band_is_over_the_single_seeds() -> None:
    value = np.random.default_rng(0).random((6, 3))
    found = curve_of(surface(value), 4, False, "mean")
    singles = [expected_best(value[:, seed], 4) for seed in range(3)]
    assert found.band is not None
    np.testing.assert_allclose(found.band[0], np.min(singles, axis=0))
    np.testing.assert_allclose(found.mean, expected_best(value.mean(axis=1), 4))
    assert curve_of(surface(value[:, :1]), 4, False, "mean").band is None


def test_what_was_maximised_rises() -> None:
    value = -np.array([90.0, 80.0, 70.0, 60.0, 50.0, 40.0])
    found = curve_of(surface(value, maximize=True), 6, False, "mean")
    assert found.mean[0] == pytest.approx(65)
    assert found.mean[-1] == 90
    assert (np.diff(found.mean) > 0).all()


def test_tunability_is_default_less_best_jointly_and_by_axis() -> None:
    table = np.array([[5.0, 4.0, 3.0], [6.0, 2.0, 1.0]])
    space = parse_space("alpha=0.1,1,epsilon=1e-8,1e-4,1")
    found = tunability(table, space, {"alpha": 0.1, "epsilon": 1e-8})
    assert found is not None
    assert (found.default, found.joint, dict(found.axes)) == (5.0, 4.0, {"alpha": 0.0, "epsilon": 2.0})
    assert tunability(table, space, {"alpha": 0.3, "epsilon": 1e-8}) is None
    assert tunability(table, space, {"alpha": 0.1}) is None


def test_one_cell_for_all_tasks_loses_what_it_lacks_on_each() -> None:
    """The second cell is nearly best on both; in points the first task would outweigh the other."""
    one = np.array([[0.0, 10.0, 100.0], [100.0, 100.0, 100.0]])
    other = np.array([[3.0, 1.5, 1.0], [3.0, 3.0, 3.0]])
    assert cross_losses([one, other]) == [10.0, 0.5]
    assert cross_losses([one]) is None
    assert cross_losses([one, np.ones((2, 3))]) == [0.0, 0.0]


def test_who_leads() -> None:
    curves = [np.array([3.0, 2.0, 2.0]), np.array([4.0, 2.0, 1.0])]
    assert leaders(curves, higher=False).tolist() == [0, 0, 1]
    assert leaders(curves, higher=True).tolist() == [1, 0, 0]


def test_leads_are_spans_of_trials_within_a_task() -> None:
    def one(task: str, mean: list[float], unit: str = "%") -> Contestant:
        return Contestant("s", "o", task, "O", "error", unit, False, Curve(np.array(mean), np.empty((0, 4))))

    assert leads([one("a", [3, 2, 2, 2]), one("a", [4, 2, 1, 3]), one("b", [0, 0, 0, 0])]) == ["1-2, 4", "3", ""]
    assert leads([one("a", [1, 1, 1, 1]), one("a", [2, 2, 2, 2], "nats")]) == ["", ""]


def test_the_curve_of_random_searchs_replays_is_the_exact_one() -> None:
    space = parse_space("lr=1..7:7")
    surface = Surface(space, (0,), np.array(VALUES)[:, None], np.zeros((7, 1), bool), Provenance("toy", "adam"))
    for text, repetition in (("random", True), ("random-unique", False)):
        frame = replay({"toy": surface}, [text], repeats=4000, max_trials=7, seed=1)
        curve = curve_of_replays(split(frame)[0], 6)
        exact = expected_best(np.array(VALUES), 6, repetition)
        assert curve.band is not None
        low, high = curve.band
        error = (high - low) / 3.92
        assert (low <= curve.mean).all()
        assert (curve.mean <= high).all()
        np.testing.assert_array_less(np.abs(curve.mean - exact), 4 * error + 1e-9)


def test_replays_that_are_too_short_say_so() -> None:
    space = parse_space("lr=1..7:7")
    surface = Surface(space, (0,), np.array(VALUES)[:, None], np.zeros((7, 1), bool), Provenance("toy", "adam"))
    (group,) = split(replay({"toy": surface}, ["random"], repeats=50, max_trials=4))
    assert len(curve_of_replays(group, 4).mean) == 4
    with pytest.raises(BadInput, match="--trials 4 at most"):
        curve_of_replays(group, 5)
