"""Verdicts on intervals, and the seeds that would settle an open one."""

import math

import numpy as np
import pytest

from analysis.claims import Finding, Verdict, by_holm, chance
from analysis.claims.finding import MOST_SEEDS, POWER, Estimate, at_least, below, between, enough_seeds, level_of
from analysis.claims.uncertainty import of_seeds

BELOW, LEAST, BETWEEN = below(1, "x"), at_least(1, "x"), between(0.75, 1.25, "x")


@pytest.mark.parametrize(
    ("estimate", "under", "least"),
    [
        (Estimate(0.5), "cannot be told", "cannot be told"),
        (Estimate(0.5, 0.2, 0.9), "holds", "does not hold"),
        (Estimate(0.5, 0.2, 1.0), "cannot be told", "cannot be told"),
        (Estimate(1.5, 0.9, 2.0), "cannot be told", "cannot be told"),
        (Estimate(1.5, 1.0, math.inf), "does not hold", "holds"),
        (Estimate(math.nan), "cannot be told", "cannot be told"),
    ],
)
def test_bounds(estimate: Estimate, under: str, least: str) -> None:
    assert (BELOW(estimate), LEAST(estimate)) == (under, least)


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (Estimate(1.1, 0.9, 1.2), "holds"),
        (Estimate(1.1, 0.9, 1.3), "cannot be told"),
        (Estimate(0.6, 0.4, 0.9), "cannot be told"),
        (Estimate(0.6, 0.4, 0.7), "does not hold"),
        (Estimate(2.0), "cannot be told"),
    ],
)
def test_between(estimate: Estimate, verdict: str) -> None:
    assert BETWEEN(estimate) == verdict


def test_rules_say_when_they_hold_fail_and_cannot_tell() -> None:
    for rule in (BELOW, LEAST, BETWEEN):
        assert all(word in rule.words for word in ("holds where", "fails where", "cannot be told otherwise"))


def test_the_level_is_students_p() -> None:
    from scipy import stats

    values = np.array([0.2, 0.5, 0.9, 0.3])
    source = of_seeds(values).source
    assert source is not None
    assert level_of(source, below(0, "x")) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=2e-3)


@pytest.mark.parametrize(("seeds", "effect"), [(3, 1.0), (5, 1.0)])
def test_as_many_seeds_as_are_asked_for_settle_it(seeds: int, effect: float) -> None:
    rng, settled, asked = np.random.default_rng(0), 0, 0
    rule = below(0, "x")
    for _ in range(120):
        values = rng.standard_normal(MOST_SEEDS) - effect
        now = of_seeds(values[:seeds])
        if rule(now) == Verdict.open and now.source is not None:
            needed = enough_seeds(now.source, rule)
            asked += needed is not None
            settled += needed is not None and rule(of_seeds(values[:needed])) != Verdict.open
    assert asked > 20
    assert settled >= 0.75 * asked


def test_a_number_on_the_bound_promises_nothing() -> None:
    source = of_seeds([-1.0, 0.0, 1.0]).source
    assert source is not None
    assert enough_seeds(source, below(0, "x")) is None
    assert 0.5 < POWER < 1


def test_holm_and_what_chance_would_decide() -> None:
    def finding(name: str, p: float | None) -> Finding:
        verdict = Verdict.open if p is None or p > 0.05 else Verdict.holds
        return Finding(name, "x", "1", None, Estimate(0.5), "rule", verdict, "why", p=p)

    some = [finding(name, p) for name, p in (("a", 0.001), ("b", 0.04), ("c", 0.3), ("d", None))]
    assert chance(some) == (3, 2, pytest.approx(0.15))
    assert [one.verdict for one in by_holm(some)] == [Verdict.holds, Verdict.open, Verdict.open, Verdict.open]
    assert "not among all (Holm: 0.08)" in by_holm(some)[1].why
