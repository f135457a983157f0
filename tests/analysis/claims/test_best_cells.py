"""Two optimizers at their best cells, against Student's interval on the seeds that both have."""

import math

import numpy as np
import pytest
from evidence_made import SPACE

from analysis.claims import Evidence
from analysis.claims.best_cells import difference, in_words, ratio
from grids.surface import Provenance, Surface

T = 4.302652729749462
"""The 97.5 % quantile of Student's t with 2 degrees of freedom."""


def surface(optimizer: str, best: tuple[int, int], values: list[float], seeds: tuple[int, ...]) -> Surface:
    """30 everywhere but at the best cell, which has one value for each seed."""
    value = np.full((*SPACE.shape, len(seeds)), 30.0)
    value[best] = values
    return Surface(SPACE, seeds, value, np.zeros(value.shape, bool), Provenance("toy", optimizer, "error", "%"))


ADAM = surface("adam", (4, 4), [10.0, 11.0, 15.0, 9.0], (0, 1, 2, 7))
OTHER = surface("avagrad", (6, 2), [16.0, 11.0, 12.0], (2, 1, 0))
"""On the seeds 0, 1 and 2: 10, 11, 15 and 12, 11, 16."""


def test_the_difference_is_students_on_the_seeds_that_both_have() -> None:
    found, how = difference(Evidence("toy", {}), OTHER, ADAM)
    mean, half = 1.0, T * 1.0 / math.sqrt(3)  # of 2, 0 and 1
    assert (found.value, found.low, found.high) == pytest.approx((mean, mean - half, mean + half))
    assert how == "interval: over 3 seeds"


def test_the_ratio_is_of_the_means_over_the_same_seeds() -> None:
    found, how = ratio(Evidence("toy", {}), OTHER, ADAM)
    assert found.value == pytest.approx(39 / 36)
    assert found.low < found.value < found.high
    assert found.high / found.value == pytest.approx(found.value / found.low)
    assert how == "interval: over 3 seeds"


def test_both_cells_in_words() -> None:
    cells = [one.describe(one.best_cell) for one in (OTHER, ADAM)]
    assert in_words(OTHER, ADAM) == f"13 at {cells[0]} against 11.25 at {cells[1]}"


def test_surfaces_of_one_seed_and_unknown_noise_have_no_interval() -> None:
    one, other = (surface(name, (4, 4), [value], (0,)) for name, value in (("adam", 10.0), ("avagrad", 12.0)))
    for found, how in (difference(Evidence("toy", {}), other, one), ratio(Evidence("toy", {}), other, one)):
        assert math.isnan(found.low)
        assert how.startswith("interval: none")
