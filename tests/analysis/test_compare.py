"""Comparison of runtimes: tests against SciPy's, intervals against the truth, corrections by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, logrank, mannwhitneyu

from analysis.compare import compare, compare_rows, holm, log_rank, mann_whitney, pairs
from analysis.ert import stream
from analysis.replays import Runtimes, split
from grids.errors import BadInput
from grids.surface_facts import SurfaceFacts

COLUMNS = """
a b surface_a surface_b task searcher_a searcher_b target count
repeats_a repeats_b hits_a hits_b ert_a ert_b difference difference_low difference_high
ratio ratio_low ratio_high p_seeds p_seeds_holm p_logrank p_logrank_holm p_mannwhitney p_mannwhitney_holm
cost_model note unit seed_statistic value_of noise
"""


def geometric(seed: int, hit_rate: float, repeats: int, budget: int = 10**6) -> Runtimes:
    times = np.random.default_rng(seed).geometric(hit_rate, repeats)
    return Runtimes(np.minimum(times, budget), times <= budget)


def censored(runtimes: Runtimes) -> CensoredData:
    return CensoredData(uncensored=runtimes.time[runtimes.hit], right=runtimes.time[~runtimes.hit])


@pytest.mark.parametrize("seed", range(8))
def test_log_rank_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = Runtimes(rng.geometric(0.1, 5 + 20 * seed), rng.random(5 + 20 * seed) < 0.7)
    b = Runtimes(rng.geometric(0.15, 40), rng.random(40) < 0.9)
    assert log_rank(a, b) == pytest.approx(logrank(censored(a), censored(b)).pvalue, rel=1e-9)


def test_log_rank_of_many_replays_does_not_overflow() -> None:
    """Equal laws, 300,000 replays each, where products of counts pass 2^63."""
    values = [log_rank(geometric(seed, 0.05, 300_000), geometric(seed + 50, 0.05, 300_000)) for seed in range(3)]
    assert min(values) > 0.001


def test_mann_whitney_is_scipys_where_nothing_is_censored() -> None:
    a, b = geometric(0, 0.1, 50), geometric(1, 0.2, 70)
    assert mann_whitney(a, b) == pytest.approx(mannwhitneyu(a.time, b.time, method="asymptotic").pvalue)


def test_mann_whitney_looks_no_further_than_both_were_watched() -> None:
    """B found the rest after A's budget had ended; A might have too, so this tells them apart in nothing."""
    early = np.arange(1, 11)
    a = Runtimes(np.concatenate([early, np.full(10, 20)]), np.arange(20) < 10)
    b = Runtimes(np.concatenate([early, np.arange(30, 40)]), np.ones(20, bool))
    assert mann_whitney(a, b) == pytest.approx(1.0)


def test_nothing_hit_gives_no_p_value() -> None:
    none = Runtimes(np.full(6, 9), np.zeros(6, bool))
    found = compare(none, none, stream(0))
    assert np.isnan([found.p_logrank, found.p_mannwhitney, found.difference, found.ratio]).all()
    one_sided = compare(none, geometric(0, 0.5, 30), stream(0))
    assert np.isnan([one_sided.ratio, *one_sided.ratio_interval, *one_sided.difference_interval]).all()
    assert one_sided.p_logrank < 0.01


def test_equal_constants_are_no_different() -> None:
    same = Runtimes(np.full(9, 4), np.ones(9, bool))
    found = compare(same, same, stream(0))
    assert (found.difference, found.ratio) == (0, 1)
    assert found.difference_interval == (0, 0)


def test_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(60):
        found = compare(geometric(seed, 0.1, 150, 30), geometric(seed + 1000, 0.05, 150, 30), stream(seed))
        low, high = found.ratio_interval
        held += low <= 2 <= high
        assert low < found.ratio < high
        assert found.difference_interval[0] < found.difference < found.difference_interval[1]
    assert 50 <= held <= 60


def test_p_values_are_uniform_where_there_is_no_difference() -> None:
    for test in (log_rank, mann_whitney):
        values = [test(geometric(seed, 0.1, 80, 25), geometric(seed + 500, 0.1, 60, 25)) for seed in range(200)]
        assert 2 <= np.sum(np.array(values) < 0.05) <= 22


def test_holm_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([np.nan, 0.02])) == pytest.approx([np.nan, 0.02], nan_ok=True)
    assert holm(np.array([])).size == 0


def test_optimizers_are_paired_by_searcher_and_searchers_by_surface(table: pd.DataFrame) -> None:
    groups = split(table)
    optimizers = pairs(groups, "adam", "avagrad")
    assert [(a.optimizer, b.optimizer) for a, b in optimizers] == [("adam", "avagrad")] * 3
    assert all(a.searcher == b.searcher for a, b in optimizers)
    searchers = pairs(groups, "gld", "random")
    assert [(a.searcher, b.searcher, a.surface == b.surface) for a, b in searchers] == [("gld", "random", True)] * 2
    assert [a.searcher for a, _ in pairs(groups, "task/adam", "task/avagrad")] == ["random", "gld", "cgld"]


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("adam", "avagard", "did you mean 'avagrad'"),
        ("adam", "gld", "not two of a kind"),
        ("gld", "gld", "with itself"),
    ],
)
def test_what_cannot_be_compared_is_said(table: pd.DataFrame, a: str, b: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        pairs(split(table), a, b)
    one_each = table[(table["optimizer"] == "adam") == (table["searcher"] == "gld")]
    with pytest.raises(BadInput, match="in common"):
        pairs(split(one_each), "gld", "random")


def test_rows_are_corrected_over_all_of_them(table: pd.DataFrame) -> None:
    rows = compare_rows(split(table), "adam", "avagrad", [0.5, 1.0])
    assert len(rows) == 6
    assert all(list(row) == COLUMNS.split() for row in rows)
    raw = np.array([row["p_logrank"] for row in rows])
    assert [row["p_logrank_holm"] for row in rows] == pytest.approx(holm(raw))
    assert all(row["ratio"] == pytest.approx(row["ert_b"] / row["ert_a"]) for row in rows)


def test_default_targets_are_the_larger_of_the_pairs(table: pd.DataFrame) -> None:
    facts = {"adam": SurfaceFacts(targets=(0.5, 4.0)), "avagrad": SurfaceFacts(targets=(1.0, 3.0, 9.0))}
    groups = [replace(group, about=facts[group.optimizer]) for group in split(table)]
    rows = compare_rows(groups, "adam", "avagrad")
    assert [row["target"] for row in rows] == [1.0, 4.0] * 3
    assert {row["target"] for row in compare_rows(groups, "adam", "avagrad", [2.0])} == {2.0}


def test_different_units_are_not_compared(table: pd.DataFrame) -> None:
    facts = {"adam": SurfaceFacts(unit="nats"), "avagrad": SurfaceFacts(unit="%")}
    groups = [replace(group, about=facts[group.optimizer]) for group in split(table)]
    with pytest.raises(BadInput, match="a comparison needs values of one unit, not task/adam in nats"):
        compare_rows(groups, "adam", "avagrad", [1.0])
    assert len(compare_rows(groups, "gld", "cgld", [1.0])) == 2
