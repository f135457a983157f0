"""Section 7: what tuning costs, by exact laws and by replays."""

import math

import numpy as np
import pandas as pd
import pytest
from evidence_made import SEARCHERS, as_in_the_paper, evidence_of, surface_of

from analysis.claims import Evidence, Verdict, judge
from analysis.claims.costs import cheaper_to_the_same_value, expected_runtime
from analysis.claims.finding import Estimate
from grids.replay_table import SCHEMA


def test_both_readings_of_cheaper_to_tune() -> None:
    """A surface that is 3 points worse everywhere is as cheap to tune to its own best, and never as good."""
    adam = as_in_the_paper("adam")
    for shift, value, verdict in ((3.0, math.inf, Verdict.fails), (-3.0, 0.0, Verdict.holds), (0.0, 1.0, None)):
        made = {"adam": adam, "avagrad": adam + shift}
        seeds = {name: surface_of(table, name, jitter=0.0) for name, table in made.items()}
        finding = cheaper_to_the_same_value(Evidence("toy", seeds, searchers=SEARCHERS))
        assert finding.ours.value == value
        assert verdict in (None, finding.verdict)
        assert ("never gets there" in finding.why) == (shift != 0)


def test_trials_to_the_same_value_are_those_of_random_search() -> None:
    made = {
        "adam": surface_of(as_in_the_paper("adam"), "adam"),
        "avagrad": surface_of(as_in_the_paper("avagrad"), "avagrad"),
    }
    origin = min(one.mean.min() for one in made.values())
    goods = {name: (one.mean - origin <= 0.5).sum() for name, one in made.items()}
    finding = cheaper_to_the_same_value(Evidence("toy", made, searchers=SEARCHERS))
    assert finding.ours.value == pytest.approx(goods["adam"] / goods["avagrad"])


def test_replays_stand_in_where_there_is_no_exact_law() -> None:
    from analysis.replays import split

    rng = np.random.default_rng(0)
    rows = [
        ("s", optimizer, "toy", "tpe", repeat, int(rng.geometric(1 / cost)), 1, 4.0, 0.0, end)
        for optimizer, cost in (("adam", 60), ("avagrad", 20))
        for repeat in range(200)
        for end in (False, True)
    ]
    frame = pd.DataFrame(rows, columns=SCHEMA.names)
    frame["trial"] = frame.groupby(["optimizer", "repeat"])["trial"].transform("max")
    groups = {(group.optimizer, group.searcher): [group] for group in split(frame)}
    evidence = evidence_of(as_in_the_paper, "adam", "avagrad", more={"replays": groups})
    found = {finding.id: finding for finding in judge(evidence)}
    assert found["avagrad-cheaper-tpe"].verdict == Verdict.holds
    assert found["avagrad-cheaper-tpe"].ours.value == pytest.approx(1 / 3, rel=0.2)
    assert found["avagrad-cheaper-cmaes"].verdict == Verdict.open
    assert found["avagrad-cheaper-everywhere"].verdict == Verdict.open
    assert found["avagrad-cheaper-everywhere"].ours == Estimate(1.0, 1.0, 5.0)
    # Seeds without which the searchers are as cheap as each other leave it open.
    adam, avagrad = groups["adam", "tpe"], groups["avagrad", "tpe"]
    groups |= {("adam", "tpe"): adam + avagrad + adam + adam, ("avagrad", "tpe"): avagrad + avagrad + avagrad + avagrad}
    found = {finding.id: finding for finding in judge(evidence)}
    assert found["avagrad-cheaper-tpe"].verdict == Verdict.open
    assert found["avagrad-cheaper-tpe"].ours.high > 1
    settled = found["avagrad-cheaper-tpe"].seeds_to_settle
    assert settled is not None
    assert found["avagrad-cheaper-tpe"].why.endswith(
        f"interval: over replays and 3 seeds; {settled} seeds would settle it"
    )


def test_more_replays_are_asked_for_where_they_alone_make_the_interval() -> None:
    from analysis.replays import split

    rng = np.random.default_rng(0)
    rows = [
        ("s", optimizer, "toy", "tpe", repeat, int(rng.geometric(1 / cost)), 1, 4.0, 0.0, True)
        for optimizer, cost in (("adam", 33), ("avagrad", 30))
        for repeat in range(200)
    ]
    groups = {(group.optimizer, group.searcher): [group] for group in split(pd.DataFrame(rows, columns=SCHEMA.names))}
    evidence = evidence_of(as_in_the_paper, "adam", "avagrad", seeds=1, more={"replays": groups})
    found = {finding.id: finding for finding in judge(evidence)}["avagrad-cheaper-tpe"]
    assert found.verdict == Verdict.open
    repeats = int(found.why.rpartition("--repeats ")[2].split()[0])
    width = math.log(found.ours.high / found.ours.value)
    assert repeats == pytest.approx(200 * (width / math.log(found.ours.value)) ** 2, abs=100)


def test_expected_runtime_is_that_of_restarts() -> None:
    """Random search restarted after 7 trials is random search: n / k, whatever the budget."""
    miss = 1 - 3 / 441
    survival = miss ** np.arange(8)[None]
    assert expected_runtime(survival)[0] == pytest.approx(147)
    assert expected_runtime(np.ones((1, 8)))[0] == math.inf
