"""A surface's runs, judged by their last or their best epoch."""

from dataclasses import replace

import numpy as np
import pytest
from surfaces_made import bowl

from grids.errors import BadInput


def test_the_best_epoch_is_the_lowest_of_the_curve() -> None:
    surface = bowl((2, 2), seeds=2)
    curve = np.full((2, 2, 2, 3), 90.0, np.float32)
    curve[..., 2] = surface.value
    curve[0, 1, 0] = [90.0, 0.1, surface.value[0, 1, 0]]
    curve[1, 1, 1] = [np.nan, 0.05, surface.value[1, 1, 1]]
    diverged = np.zeros((2, 2, 2), bool)
    diverged[1, 1, 1] = True
    trained = replace(surface, curve=curve, diverged=diverged)
    best = trained.judged_by("best")
    expected = surface.value.copy()
    expected[0, 1, 0] = 0.1  # the decimal number itself, not float32's neighbour of it
    np.testing.assert_array_equal(best.value, np.minimum(expected, surface.value))
    assert best.value[1, 1, 1] == surface.value[1, 1, 1], "a diverged run keeps what it carries"
    assert best.provenance.fixed["value_of"] == "best epoch"
    assert trained.judged_by("last") is trained


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(BadInput, match="toy/adam has no curves"):
        bowl().judged_by("best")
    with pytest.raises(BadInput, match=r"unknown epoch to be judged by 'bets'; did you mean 'best'"):
        bowl().judged_by("bets")


def test_the_mean_of_huge_values_is_finite_and_of_tiny_ones_exact() -> None:
    surface = bowl((2, 2), seeds=2)
    value = surface.value.copy()
    value[0, 0] = 1.5e308
    value[1, 1] = [1e-300, 3e-300]
    table = replace(surface, value=value).mean
    assert table[0, 0] == 1.5e308
    assert table[1, 1] == 2e-300
    assert table[0, 1] == surface.mean[0, 1]


def test_curves_without_epochs_are_none() -> None:
    surface = replace(bowl((2, 2)), curve=np.empty((2, 2, 1, 0), np.float32))
    with pytest.raises(BadInput, match="no curves"):
        surface.judged_by("best")
