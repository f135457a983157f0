"""Section 7: what tuning costs, on surfaces without noise."""

import math

import numpy as np
import pytest
from evidence_made import as_in_the_paper, evidence_of, finding_on, replays

from analysis.claims import Verdict, judge
from analysis.claims.finding import Estimate
from analysis.seed_costs import log_costs, of_draws


@pytest.mark.parametrize(("shift", "verdict"), [(3.0, Verdict.fails), (-3.0, Verdict.holds)])
def test_both_readings_of_cheaper_to_tune(shift: float, verdict: Verdict) -> None:
    """A surface that is 3 points worse everywhere is as cheap to tune to its own best, and never as good."""
    adam = as_in_the_paper("adam")
    evidence = evidence_of(lambda name: adam + shift * (name == "avagrad"), "adam", "avagrad", jitter=0.1)
    assert finding_on(evidence, "same-value-avagrad").verdict == verdict
    assert finding_on(evidence, "avagrad-cheaper-random").verdict == Verdict.open


def test_random_search_takes_n_over_k_trials_on_each_surface() -> None:
    evidence = evidence_of(as_in_the_paper, "adam", "avagrad")
    goods = {name: [(one <= one.min() + 0.5).sum() for one in some] for name, some in evidence.draws.items()}
    found = finding_on(evidence, "avagrad-cheaper-random")
    expected = np.exp(np.mean(np.log(goods["adam"])) - np.mean(np.log(goods["avagrad"])))
    assert found.ours.value == pytest.approx(expected)


def test_replays_give_the_costs_of_other_searchers() -> None:
    groups = replays({("adam", "tpe"): 60.0, ("avagrad", "tpe"): 20.0})
    found = {one.id: one for one in judge(evidence_of(as_in_the_paper, "adam", "avagrad", more=groups))}
    assert found["avagrad-cheaper-tpe"].verdict == Verdict.holds
    assert found["avagrad-cheaper-tpe"].ours.value == pytest.approx(1 / 3, rel=0.2)
    assert found["avagrad-cheaper-cmaes"].verdict == Verdict.open
    assert found["avagrad-cheaper-cmaes"].why == "no replays under cmaes and cmaes"
    everywhere = found["avagrad-cheaper-everywhere"]
    assert (everywhere.verdict, everywhere.ours) == (Verdict.open, Estimate(2.0, 2.0, 5.0))


def test_the_spread_over_surfaces_is_told_from_that_of_replays() -> None:
    rng = np.random.default_rng(1)
    truth = 0.5 * rng.standard_normal(4000)
    values = truth + 0.8 * rng.standard_normal(4000)
    mean, seeds, fixed = of_draws(values, np.full(4000, 0.64))
    assert (mean, seeds) == pytest.approx((0.0, 0.5), abs=0.03)
    assert fixed == pytest.approx(math.sqrt(0.89 / 4000), rel=0.05)


def test_log_costs_are_those_of_ert() -> None:
    group = replays({("adam", "tpe"): 30.0}, draws=400, repeats=50)["replays"]["adam", "tpe"]
    values, variances = log_costs([one.runtimes(0.5) for one in group])
    assert np.exp(values.mean()) == pytest.approx(31, rel=0.03)
    assert values.var() == pytest.approx(variances.mean(), rel=0.15)
