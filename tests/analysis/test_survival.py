"""Kaplan–Meier means and quantiles, against the product-limit formula by hand and numpy where nothing is censored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from analysis import survival
from analysis.replays import Runtimes

quick = settings(max_examples=50, deadline=None)
LEVELS = (0.25, 0.5, 0.75)


def runtimes(times: list[int], hits: list[bool] | None = None) -> Runtimes:
    return Runtimes(np.array(times), np.array(hits if hits is not None else [True] * len(times)))


censored_samples = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=25).map(
    lambda pairs: runtimes([time for time, _ in pairs], [hit for _, hit in pairs])
)
whole_samples = st.lists(st.integers(1, 50), min_size=1, max_size=30)


def product_limit(sample: Runtimes) -> list[float]:
    """S(0), S(1), … up to the longest replay: Π (1 − hits/at risk)."""
    alive = [1.0]
    for moment in range(1, int(sample.time.max()) + 1):
        at_risk = sum(time >= moment for time in sample.time)
        hits = sum(time == moment and hit for time, hit in zip(sample.time, sample.hit, strict=True))
        alive.append(alive[-1] * (1 - hits / at_risk))
    return alive


@quick
@given(censored_samples)
def test_mean_and_quantiles_follow_the_product_limit(sample: Runtimes) -> None:
    alive = product_limit(sample)
    area = sum(alive[:-1])
    assert survival.restricted_mean(sample) == pytest.approx(area)
    mean = survival.mean(sample)
    assert np.isnan(mean) if alive[-1] > 1e-12 else mean == pytest.approx(area)
    for level, found in zip(LEVELS, survival.quantiles(sample, LEVELS), strict=True):
        reached = [moment for moment, share in enumerate(alive) if 1 - share >= level - 1e-12]
        if not reached:
            assert np.isnan(found)
        else:
            # In the middle of a stretch where 1 - S stands at the level, otherwise at its first moment.
            exactly = abs(1 - alive[reached[0]] - level) < 1e-12
            later = [moment for moment in reached if alive[moment] < alive[reached[0]] - 1e-12]
            assert found == ((reached[0] + later[0]) / 2 if exactly and later else reached[0])


@quick
@given(whole_samples)
def test_without_censoring_they_are_the_ordinary_ones(times: list[int]) -> None:
    sample = runtimes(times)
    assert survival.mean(sample) == pytest.approx(np.mean(times))
    expected = np.quantile(times, LEVELS, method="averaged_inverted_cdf")
    assert survival.quantiles(sample, LEVELS) == pytest.approx(expected)
    assert survival.quantiles(sample, [0.5]) == pytest.approx([np.median(times)])


@quick
@given(whole_samples, st.integers(1, 50))
def test_a_common_budget_hides_only_what_lies_beyond_it(times: list[int], budget: int) -> None:
    whole = runtimes(times)
    cut = runtimes([min(time, budget) for time in times], [time <= budget for time in times])
    for level, known, seen in zip(
        LEVELS, survival.quantiles(whole, LEVELS), survival.quantiles(cut, LEVELS), strict=True
    ):
        # The quantile lies between this replay and the next; where the budget hides the next, it is the first.
        upper = np.quantile(times, level + 1e-9, method="inverted_cdf")
        assert seen == known if upper <= budget else np.isnan(seen) or seen <= known
    assert survival.restricted_mean(cut) <= survival.restricted_mean(whole) + 1e-9


def test_a_mean_is_missing_where_the_longest_replay_is_censored() -> None:
    assert np.isnan(survival.mean(runtimes([2, 5, 9], [True, True, False])))
    # The censored replay left before the last hit: S falls to zero all the same. S: 1 to 2, 2/3 to 9, then 0.
    assert survival.mean(runtimes([2, 5, 9], [True, False, True])) == pytest.approx(2 + 7 * 2 / 3)


def test_nothing_hit() -> None:
    sample = runtimes([7, 7], [False, False])
    assert np.isnan(survival.quantiles(sample, LEVELS)).all()
    assert survival.restricted_mean(sample) == 7


@quick
@given(censored_samples)
def test_survival_is_scipys_to_the_last_bit(sample: Runtimes) -> None:
    theirs = ecdf(CensoredData(uncensored=sample.time[sample.hit], right=sample.time[~sample.hit])).sf
    times, alive = survival.survival(sample)
    np.testing.assert_array_equal(times, theirs.quantiles)
    np.testing.assert_array_equal(alive, theirs.probabilities)
