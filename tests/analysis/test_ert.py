"""ERT and its bootstrap interval, against closed forms and resampling replay by replay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.ert import ert, ert_interval, interval, note, resampled_ert, resampled_mean, stream
from analysis.replays import Runtimes


def searched(rng: np.random.Generator, hit_rate: float, budget: int, repeats: int) -> Runtimes:
    """Random search with replacement: geometric runtimes, cut at a budget."""
    times = rng.geometric(hit_rate, repeats)
    return Runtimes(np.minimum(times, budget), times <= budget)


@pytest.mark.parametrize("budget", [3, 20, 10_000])
def test_random_search_costs_n_over_k_whatever_the_budget(budget: int) -> None:
    """With replacement a restart is no loss, so ERT estimates n/k under any censoring."""
    sample = searched(np.random.default_rng(budget), 7 / 91, budget, 20_000)
    error = (91 / 7) * np.sqrt(1 / sample.hits)
    assert abs(ert(sample) - 91 / 7) < 3 * error


@given(st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_it_is_all_that_was_spent_over_the_hits(pairs: list[tuple[int, bool]]) -> None:
    times, hits = (np.array(column) for column in zip(*pairs, strict=True))
    sample = Runtimes(times, hits)
    if not hits.any():
        assert np.isnan(ert(sample))
        assert np.isnan(ert_interval(sample, stream(0))).all()
        return
    assert ert(sample) == pytest.approx(times.sum() / hits.sum())
    assert ert(sample) >= times[hits].mean() - 1e-9
    low, high = ert_interval(sample, stream(0), resamples=200)
    assert low <= high
    assert ert(Runtimes(times, np.ones(len(times), bool))) == pytest.approx(times.mean())


def test_resamples_have_the_law_of_drawing_replays_one_by_one() -> None:
    sample = searched(np.random.default_rng(5), 0.1, 12, 60)
    ours = resampled_ert(sample, np.random.default_rng(1), 20_000)
    drawn = np.random.default_rng(2).integers(0, 60, (20_000, 60))
    slow = sample.time[drawn].sum(axis=1) / sample.hit[drawn].sum(axis=1)
    levels = (0.025, 0.25, 0.5, 0.75, 0.975)
    # A quantile of 20,000 draws wanders by some hundredths of the spread.
    assert np.abs(np.quantile(ours, levels) - np.quantile(slow, levels)).max() < 0.08 * slow.std()


def test_drawing_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = searched(np.random.default_rng(5), 0.1, 12, 60)
    at_once = resampled_ert(sample, np.random.default_rng(1), 100)
    monkeypatch.setattr("analysis.ert.BLOCK", 50)
    assert (resampled_ert(sample, np.random.default_rng(1), 100) == at_once).all()
    values = np.random.default_rng(7).normal(size=17)
    drawn = np.random.default_rng(1).integers(0, 17, (100, 17))
    assert (resampled_mean(values, np.random.default_rng(1), 100) == values[drawn].mean(axis=1)).all()


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(200):
        low, high = ert_interval(searched(rng, 0.05, 40, 200), stream(trial), resamples=400)
        held += low <= 20 <= high
    assert 178 <= held <= 199


def test_the_interval_leaves_a_fortieth_out_on_each_side() -> None:
    shuffled = np.random.default_rng(0).permutation(np.arange(1.0, 1002.0))
    assert interval(shuffled) == (26, 976)
    assert interval(np.array([5.0])) == (5, 5)


def test_too_few_hits_have_no_upper_bound() -> None:
    one = Runtimes(np.full(50, 10), np.arange(50) == 0)
    low, high = ert_interval(one, stream(0))
    assert low < ert(one)
    assert np.isinf(high)


def test_streams_depend_on_seed_and_names_alone() -> None:
    def first(seed: int, *names: str) -> float:
        return float(stream(seed, *names).random())

    assert first(0, "a", "b") == first(0, "a", "b")
    assert len({first(0, "a", "b"), first(1, "a", "b"), first(0, "b", "a"), first(0, "a")}) == 4


def test_few_hits_are_said() -> None:
    def sample(hits: int) -> Runtimes:
        return Runtimes(np.full(9, 30), np.arange(9) < hits)

    assert note([sample(0)]) == "no hit within 30"
    assert note([sample(1)]) == "only 1 hit: not to be relied on"
    assert note([sample(4)]) == "only 4 hits: not to be relied on"
    assert note([sample(5), sample(9)]) is None
