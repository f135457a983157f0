"""The noise of a surface's values and the jackknife over seeds, against closed forms and simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from evidence_made import surface_of

from analysis.claims.finding import Estimate
from analysis.claims.precision import jackknife, noise, noise_within, subset_quantile, tables
from grids.space import Axis, Space
from grids.surface import Provenance, Surface


def test_noise_is_known_from_seeds_or_from_the_number_of_examples() -> None:
    several = surface_of(np.full((21, 21), 5.0), "adam", seeds=3, jitter=0.2)
    found = noise(several)
    assert found.margin == pytest.approx(1.96 * 0.2 * math.sqrt(2 / 3), rel=0.1)
    assert found.with_seeds(12) == pytest.approx(found.margin / 2)
    assert found.source == "spread of 3 seeds"
    one = surface_of(np.full((21, 21), 2.0), "adam", seeds=1, jitter=0, validation=500)
    assert noise(one).margin == pytest.approx(100 * 1.96 * math.sqrt(2 * 0.02 * 0.98 / 500), rel=1e-3)
    assert noise(surface_of(np.full((21, 21), 2.0), "adam", seeds=1, jitter=0)).margin == 0


def test_one_seed_borrows_the_spread_of_the_tasks_other_surfaces() -> None:
    one = surface_of(np.full((21, 21), 2.0), "adam", seeds=1, jitter=0, validation=500)
    others = [surface_of(np.full((21, 21), 5.0), name, seeds=3, jitter=2.0) for name in ("sgd", "radam")]
    found = noise(one, [one, *others])
    assert found.deviation == pytest.approx(2.0, rel=0.2)
    assert found.source == "one seed; the spread of seeds of 2 optimizers"
    calm = surface_of(np.full((21, 21), 5.0), "sgd", seeds=3, jitter=0.01)
    assert noise(one, [one, calm]) == noise(one)  # examples alone are worth more than that


def test_what_a_seed_does_to_all_cells_alike_is_no_noise_between_them() -> None:
    lucky = surface_of(np.full((21, 21), 50.0), "adam", seeds=4, jitter=0.2)
    lucky = replace(lucky, value=lucky.value + np.array([-3.0, 0.0, 1.0, 2.0]))
    found = noise_within(lucky)
    assert found.deviation == pytest.approx(0.2, rel=0.15)
    good = int((lucky.mean <= np.quantile(lucky.mean, 0.1)).sum())
    assert (found.freedom, found.source) == ((good - 1) * 3, "paired spread of 4 seeds")
    assert noise(lucky).deviation > 2
    one = surface_of(np.full((21, 21), 50.0), "sgd", seeds=1, jitter=0)
    borrowed = noise_within(one, [one, lucky])
    assert borrowed.deviation == pytest.approx(found.deviation)
    assert borrowed.source == "one seed; the paired spread of seeds of 1 optimizer"


@pytest.mark.parametrize(
    ("freedom", "table"),
    [(math.inf, (1.64, 1.92, 2.06, 2.16, 2.23, 2.29, 2.34, 2.38, 2.42)), (20, (1.72, 2.03, 2.19, 2.30, 2.39))],
)
def test_the_subset_quantile_is_that_of_dunnetts_table(freedom: float, table: tuple[float, ...]) -> None:
    """Dunnett (1955), table 1a: one-sided, 95 %."""
    assert [subset_quantile(rivals, freedom) for rivals in range(1, len(table) + 1)] == pytest.approx(table, abs=0.006)


@pytest.mark.parametrize(("cells", "seeds"), [(5, 3), (40, 3)])
def test_the_truly_lowest_of_many_equal_cells_is_kept_as_often_as_it_says(cells: int, seeds: int) -> None:
    """The hardest case: a tenth of the cells are equally good, seeds shift them all, and one is named beforehand."""
    rng, lost = np.random.default_rng(7), []
    space = Space((Axis("alpha", tuple(range(1, 10 * cells + 1))),))
    facts = Provenance("toy", "adam", "loss", "nats")
    for _ in range(2000):
        value = 5 + 3 * rng.normal(size=seeds) + rng.normal(size=(10 * cells, seeds))
        value[cells:] += 100
        one = Surface(space, tuple(range(seeds)), value, np.zeros(value.shape, bool), facts)
        found = noise_within(one)
        assert found.rivals == cells - 1
        lost.append(one.suboptimality[0] > found.margin)
    # The median of few variances is a rougher estimate than its degrees of freedom say.
    assert 0.035 <= np.mean(lost) <= (0.08 if cells < 10 else 0.065)


def test_good_cells_that_differ_in_nothing_are_as_uncertain_as_their_seeds() -> None:
    """Equal within each seed, as with few examples: that no difference was seen does not say that there is none."""
    space = Space((Axis("alpha", tuple(range(1, 41))),))
    value = np.where(np.arange(40)[:, None] < 5, 0.0, 90.0) + np.array([1.0, 2.0, 3.0])
    one = Surface(space, (0, 1, 2), value, np.zeros(value.shape, bool), Provenance("toy", "sgd", "loss", "nats"))
    assert noise_within(one).deviation == noise(one).deviation > 0
    assert noise_within(one).source == "spread of 3 seeds"


def test_a_single_good_cell_has_nothing_to_be_paired_with() -> None:
    space = Space((Axis("alpha", (0.1, 1.0, 10.0)),))
    value = np.array([[1.0, 2.0], [7.0, 8.0], [9.0, 10.0]])
    one = Surface(space, (0, 1), value, np.zeros((3, 2), bool), Provenance("toy", "sgd", "loss", "nats"))
    assert noise_within(one).deviation == noise(one).deviation


def test_two_cells_are_never_told_apart_by_less_than_one_example() -> None:
    """Where hardly any seed differs the spread says nothing."""
    steady = surface_of(np.full((21, 21), 5.0), "adam", seeds=3, jitter=1e-6, validation=500)
    assert noise(steady).margin == pytest.approx(0.2 / 3)


def test_the_jackknife_of_a_mean_is_students_interval() -> None:
    values = np.array([1.0, 2.0, 4.0])
    mean, deviation = values.mean(), values.std(ddof=1)
    left_out = [(values.sum() - value) / 2 for value in values]
    found = jackknife([mean, *left_out], 3)
    half = 4.302652729749462 * deviation / math.sqrt(3)
    assert (found.value, found.low, found.high) == pytest.approx((mean, mean - half, mean + half))
    later = found.with_seeds
    assert later is not None
    assert later(27).high - mean == pytest.approx(2.7764451051977934 * deviation / math.sqrt(27))
    scaled = jackknife(np.exp([mean, *left_out]), 3, ratio=True)
    assert (scaled.value, scaled.low, scaled.high) == pytest.approx(tuple(np.exp([mean, mean - half, mean + half])))


def test_the_jackknife_covers_as_often_as_it_says() -> None:
    """A ratio of two means over 4 seeds, not linear in them: the interval holds the truth in about 95 of 100 cases."""
    rng, hits = np.random.default_rng(4), 0
    for _ in range(1000):
        ours, theirs = 3 + 0.3 * rng.normal(size=(2, 4))
        ratios = [ours.mean() / theirs.mean()]
        ratios += [np.delete(ours, k).mean() / np.delete(theirs, k).mean() for k in range(4)]
        found = jackknife(ratios, 4, ratio=True)
        hits += found.low <= 1 <= found.high
    assert 930 <= hits <= 970


def test_what_replays_add_to_the_jackknife_is_taken_off_again() -> None:
    """Seeds that do not differ, each without-one estimate with an error of its own: the interval is that of replays."""
    rng, halves = np.random.default_rng(1), []
    for _ in range(200):
        values = np.concatenate([[0.0], 0.1 * rng.normal(size=5)])
        found = jackknife(values, 5, other=0.05, of_others=0.1)
        halves.append(found.high - found.value)
    assert np.quantile(halves, 0.1) == pytest.approx(1.96 * 0.05, rel=1e-3)


def test_what_is_infinite_without_a_seed_has_the_range_for_an_interval() -> None:
    assert jackknife([2.0, 1.0, math.inf], 2, ratio=True) == Estimate(2.0, 1.0, math.inf)
    assert math.isnan(jackknife([2.0], 1).low)


def test_tables_leave_out_each_seed_or_a_fifth_of_many() -> None:
    three, ten = (surface_of(np.full((21, 21), 5.0), "adam", seeds=seeds) for seeds in (3, 10))
    first, *others = tables(three)
    np.testing.assert_array_equal(first, three.mean)
    np.testing.assert_allclose(others[1], three.finite[..., [0, 2]].mean(axis=-1))
    assert len(tables(ten)) == 6
    np.testing.assert_allclose(tables(ten)[1], ten.finite[..., 2:].mean(axis=-1))
    assert len(tables(surface_of(np.full((21, 21), 5.0), "adam", seeds=1))) == 1


@pytest.mark.parametrize("unit", ["%", "share"])
def test_one_seeds_noise_is_the_binomial_law_of_whatever_is_counted(unit: str) -> None:
    """The same errors of 500 examples, as an error in % and as a share, differ by the unit alone."""
    whole = 100.0 if unit == "%" else 1.0
    facts = Provenance("toy", "adam", "error", unit, True, whole, (), whole / 500, data={"validation": 500})
    value = whole * np.array([[[0.04], [0.1]], [[0.3], [0.9]]])
    space = Space((Axis("alpha", (0.1, 1.0)), Axis("epsilon", (0.1, 1.0))))
    found = noise(Surface(space, (0,), value, value > 2 * whole, facts))
    assert found.margin / whole == pytest.approx(1.96 * math.sqrt(2 * 0.04 * 0.96 / 500), rel=1e-4)
    assert found.source == "one seed, 500 validation examples"
    unbounded = Provenance("toy", "adam", "loss", unit, False, whole, (), whole / 500, data={"validation": 500})
    unknown = noise(Surface(space, (0,), value, value > 2 * whole, unbounded))
    assert (unknown.margin, unknown.source) == (0.0, "one seed, noise unknown")
