"""Noise between cells and surfaces, against closed forms, Dunnett's table and simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from evidence_made import surface_of
from scipy import stats

from analysis.claims.uncertainty import (
    Censored,
    jackknife,
    noise_of_values,
    noise_within,
    of_seeds,
    subset_quantile,
    without_each,
)
from grids.space import Axis, Space
from grids.surface import Provenance, Surface


def test_one_seed_borrows_the_noise_of_the_tasks_other_surfaces_and_names_them() -> None:
    one = surface_of(np.full((21, 21), 2.0), "adam", seeds=1, jitter=0, validation=500)
    others = [surface_of(np.full((21, 21), 5.0), name, seeds=3, jitter=2.0) for name in ("sgd", "radam")]
    within = noise_within(one, [one, *others])
    assert within is not None
    assert within.deviation == pytest.approx(2.0, rel=0.2)
    assert within.source == "one seed; residuals of the seeds of sgd, radam"
    values = noise_of_values([one, *others])
    assert values is not None
    assert values[0] == pytest.approx(2.0, rel=0.2)
    assert values[1:] == (4.0, 2)
    assert noise_within(one, [one]) is None
    assert noise_of_values([one]) is None


def test_what_a_seed_does_to_all_cells_alike_is_no_noise_between_them() -> None:
    lucky = surface_of(np.full((21, 21), 50.0), "adam", seeds=4, jitter=0.2)
    lucky = replace(lucky, value=lucky.value + np.array([-3.0, 0.0, 1.0, 2.0]))
    found = noise_within(lucky)
    assert found is not None
    assert found.deviation == pytest.approx(0.2, rel=0.15)
    good = int((lucky.mean <= np.quantile(lucky.mean, 0.1)).sum())
    assert (found.freedom, found.source) == ((good - 1) * 3, "residuals of 4 seeds")
    values = noise_of_values([lucky])
    assert values is not None
    assert values[0] > 2


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
        assert found is not None
        assert found.rivals == cells - 1
        lost.append(one.suboptimality[0] > found.margin())
    # The median of few variances is a rougher estimate than its degrees of freedom say.
    assert 0.012 <= np.mean(lost) <= (0.05 if cells < 10 else 0.035)


def test_good_cells_that_differ_in_nothing_are_as_uncertain_as_their_seeds() -> None:
    """Equal within each seed, as with few examples: that no difference was seen does not say that there is none."""
    space = Space((Axis("alpha", tuple(range(1, 41))),))
    value = np.where(np.arange(40)[:, None] < 5, 0.0, 90.0) + np.array([1.0, 2.0, 3.0])
    one = Surface(space, (0, 1, 2), value, np.zeros(value.shape, bool), Provenance("toy", "sgd", "loss", "nats"))
    found, values = noise_within(one), noise_of_values([one])
    assert found is not None
    assert values is not None
    assert found.deviation == values[0] > 0


def test_two_cells_are_never_told_apart_by_less_than_one_example() -> None:
    """Where hardly any seed differs the spread says nothing."""
    steady = surface_of(np.full((21, 21), 5.0), "adam", seeds=3, jitter=1e-6, validation=500)
    found = noise_within(steady)
    assert found is not None
    assert found.margin() == pytest.approx(0.2 / 3)


def test_the_mean_of_seeds_has_students_interval_and_so_has_the_jackknife_of_a_mean() -> None:
    values = np.array([1.0, 2.0, 4.0])
    half = stats.t.ppf(0.975, 2) * values.std(ddof=1) / math.sqrt(3)
    for found in (of_seeds(values), jackknife([values.mean(), *(np.delete(values, k).mean() for k in range(3))])):
        expected = (values.mean(), values.mean() - half, values.mean() + half)
        assert (found.value, found.low, found.high) == pytest.approx(expected)
    ratio = of_seeds(values, log=True)
    assert ratio.value == pytest.approx(2.0)
    assert ratio.high / ratio.value == pytest.approx(ratio.value / ratio.low)


def test_more_seeds_narrow_the_futures() -> None:
    source = of_seeds([1.0, 2.0, 4.0]).source
    assert source is not None
    widths = [np.mean([one.high - one.low for one in source.futures(seeds)]) for seeds in (4, 8, 32)]
    assert widths == sorted(widths, reverse=True)
    open_ = Censored(source, low=True, high=False)
    assert open_.estimate().low == -math.inf
    assert open_.estimate().high == source.estimate().high
    assert all(one.low == -math.inf for one in open_.futures(8))


def test_a_seed_is_left_out_in_turn() -> None:
    surface = surface_of(np.full((21, 21), 5.0), "adam", seeds=3)
    found = without_each(surface)
    np.testing.assert_allclose(found[0], surface.mean)
    np.testing.assert_allclose(found[2], surface.finite[..., [0, 2]].mean(axis=-1))
    assert len(without_each(surface_of(np.full((21, 21), 5.0), "adam", seeds=1))) == 1
