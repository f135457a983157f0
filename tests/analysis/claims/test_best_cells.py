"""Two optimizers at their best cells: values of seeds that did not choose them, noise of others, and edges."""

import math

import numpy as np
import pytest
from evidence_made import SPACE

from analysis.claims import Evidence
from analysis.claims.best_cells import compare, judged_values
from analysis.claims.finding import below
from grids.surface import Provenance, Surface


def surface(optimizer: str, best: tuple[int, int], values: list[float], seeds: tuple[int, ...]) -> Surface:
    """30 everywhere but at the best cell, which has one value for each seed."""
    value = np.full((*SPACE.shape, len(seeds)), 30.0)
    value[best] = values
    return Surface(SPACE, seeds, value, np.zeros(value.shape, bool), Provenance("toy", optimizer, "error", "%"))


ADAM = surface("adam", (4, 4), [10.0, 11.0, 15.0, 9.0], (0, 1, 2, 7))
OTHER = surface("avagrad", (6, 2), [16.0, 11.0, 12.0], (2, 1, 0))
"""On the seeds 0, 1 and 2: 10, 11, 15 and 12, 11, 16."""


def test_values_are_compared_on_the_seeds_that_both_have() -> None:
    ours, why = compare(Evidence("toy", {}), OTHER, ADAM)
    assert ours.value == pytest.approx(1.0)  # of 2, 0 and 1
    half = 4.302652729749462 / math.sqrt(3)  # Student's t of 2 degrees of freedom; good cells add their own noise
    assert ours.high - ours.value >= half
    assert ours.value - ours.low == pytest.approx(ours.high - ours.value)
    assert why.startswith("13 at alpha=")
    assert "over 3 seeds, each judging the cells chosen by the others" in why
    ratio, _ = compare(Evidence("toy", {}), OTHER, ADAM, ratio=True)
    assert ratio.value == pytest.approx(np.exp(np.mean(np.log([12 / 10, 1, 16 / 15]))))


def test_a_seed_judges_the_cell_that_the_others_choose() -> None:
    """Two cells that take turns at being lucky: each seed finds the cell that the others prefer average."""
    value = np.full((*SPACE.shape, 3), 30.0)
    value[4, 4], value[5, 5] = [10.0, 10.0, 16.0], [12.0, 12.0, 1.0]
    one = Surface(SPACE, (0, 1, 2), value, np.zeros(value.shape, bool), Provenance("toy", "adam", "error", "%"))
    assert judged_values(one).tolist() == [12.0, 12.0, 16.0]
    assert judged_values(one).mean() > one.mean.min()


def test_surfaces_of_one_seed_have_an_interval_only_by_the_noise_of_others() -> None:
    one, other = (surface(name, (4, 4), [value], (0,)) for name, value in (("adam", 10.0), ("avagrad", 12.0)))
    for ratio in (False, True):
        ours, why = compare(Evidence("toy", {"adam": one, "avagrad": other}), other, one, ratio=ratio)
        assert math.isnan(ours.low)
        assert why.endswith("one seed, whose noise is not known")
    rng = np.random.default_rng(0)
    noisy = Surface(SPACE, (0, 1, 2), 20 + rng.normal(size=(21, 21, 3)), np.zeros((21, 21, 3), bool), ADAM.provenance)
    ours, why = compare(Evidence("toy", {"adam": one, "avagrad": other, "sgd": noisy}), other, one)
    assert ours.low < 2.0 < ours.high
    assert "noise of 1 surfaces" in why


def test_a_best_cell_at_the_edge_tells_one_side_only() -> None:
    inner, edge = (
        surface("adam", (4, 4), [10.0, 10.1, 10.2], (0, 1, 2)),
        surface("avagrad", (20, 4), [20.0, 20.1, 20.2], (0, 1, 2)),
    )
    ours, why = compare(Evidence("toy", {}), edge, inner)
    assert (ours.low, math.isfinite(ours.high)) == (-math.inf, True)
    assert "the best α of avagrad, 5000, is at the edge of its grid" in why
    assert below(0, "x")(ours) == "cannot be told"
    ours, _ = compare(Evidence("toy", {}), inner, edge)
    assert (math.isfinite(ours.low), ours.high) == (True, math.inf)
