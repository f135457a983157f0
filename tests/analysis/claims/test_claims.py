"""The paper's statements on surfaces whose answer is known: as the paper has them, reversed, and missing."""

import math
from typing import Any

import numpy as np
import pytest
from evidence_made import ALPHA, EPSILON, SEARCHERS, as_in_the_paper, evidence_of, replays, valley

from analysis.claims import Evidence, Verdict, judge, statements
from grids.space import Axis, Space
from grids.surface import Provenance, Surface


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    names = ("adam", "amsgrad", "adamw", "radam", "avagrad")
    costs = {("adam", "gld"): 60.0, ("adam", "cgld"): 150.0, ("avagrad", "gld"): 20.0, ("avagrad", "cgld"): 4.0}
    return {finding.id: finding for finding in judge(evidence_of(as_in_the_paper, *names, more=replays(costs)))}


def test_every_statement_has_an_id_of_its_own_a_rule_and_a_reason(paper: dict[str, Any]) -> None:
    assert (
        len(paper)
        == len(judge(evidence_of(as_in_the_paper)))
        == len(statements(evidence_of(as_in_the_paper))) + 1
        == 28
    )
    for finding in paper.values():
        for text in (finding.statement, finding.section, finding.rule, finding.why):
            assert text
            assert "\n" not in text


@pytest.mark.parametrize(
    "name",
    [
        "best-epsilon-adam",
        "best-epsilon-amsgrad",
        "best-epsilon-avagrad",
        "best-epsilon-adamw",
        "adam-ridge-adaptive",
        "adam-ridge-non-adaptive",
        "avagrad-independent-of-epsilon",
        "avagrad-cheaper-random",
        "avagrad-cheaper-gld",
        "avagrad-cheaper-cgld",
        "avagrad-cgld-13",
        "adam-gld-over-avagrad-cgld",
        "cgld-faster-avagrad",
        "cgld-not-faster-adam",
    ],
)
def test_what_holds_is_found_to_hold(paper: dict[str, Any], name: str) -> None:
    assert paper[name].verdict == Verdict.holds, paper[name]


def test_numbers_and_intervals_of_the_papers_surfaces(paper: dict[str, Any]) -> None:
    assert paper["avagrad-one-alpha"].ours.value >= 19
    assert paper["adam-ridge-adaptive"].ours.value == 0
    assert paper["adam-ridge-non-adaptive"].ours.value == pytest.approx(1, abs=0.15)
    assert paper["best-epsilon-avagrad"].ours.value == 10
    for finding in paper.values():
        if not math.isnan(finding.ours.low):
            assert finding.ours.low <= finding.ours.value <= finding.ours.high, finding


@pytest.fixture(scope="module")
def reversed_roles() -> dict[str, Any]:
    """Adam's valley is flat, wide, and best at tiny ε; AvaGrad's is a narrow ridge that climbs everywhere."""

    def make(optimizer: str) -> np.ndarray:
        if optimizer == "avagrad":
            off = np.abs(ALPHA[:, None] - (1.5 + 0.5 * EPSILON)) / 0.3
            return np.minimum(3 + 6 * off**2 + 0.3 * np.abs(EPSILON + 6), 90)
        return valley(0.0, width=2.0, best_epsilon=-8)

    costs = {("adam", "gld"): 12.0, ("adam", "cgld"): 4.0, ("avagrad", "gld"): 20.0, ("avagrad", "cgld"): 60.0}
    return {finding.id: finding for finding in judge(evidence_of(make, "adam", "avagrad", more=replays(costs)))}


@pytest.mark.parametrize(
    "name",
    [
        "best-epsilon-adam",
        "best-epsilon-avagrad",
        "adam-ridge-non-adaptive",
        "avagrad-independent-of-epsilon",
        "avagrad-one-alpha",
        "avagrad-cheaper-random",
        "avagrad-cheaper-gld",
        "avagrad-cheaper-everywhere",
        "avagrad-cgld-13",
        "adam-gld-74",
        "adam-gld-over-avagrad-cgld",
        "cgld-faster-avagrad",
        "cgld-not-faster-adam",
    ],
)
def test_what_fails_is_found_to_fail(reversed_roles: dict[str, Any], name: str) -> None:
    assert reversed_roles[name].verdict == Verdict.fails, reversed_roles[name]


def test_what_is_missing_cannot_be_told() -> None:
    line = Space((Axis("alpha", (0.1, 1.0)),))
    flat = Surface(line, (0,), np.zeros((2, 1)), np.zeros((2, 1), bool), Provenance("toy", "adam"))
    for surfaces in ({}, {"adam": flat}):
        for finding in judge(Evidence("toy", surfaces, searchers=SEARCHERS)):
            assert finding.verdict == Verdict.open
            assert math.isnan(finding.ours.value)
            assert finding.why


def test_a_constant_surface_breaks_nothing() -> None:
    names = ("adam", "amsgrad", "adamw", "avagrad")
    for finding in judge(evidence_of(lambda name: np.full((21, 21), 90.0), *names, seeds=1, jitter=0)):
        assert isinstance(finding.verdict, Verdict)


def test_statements_speak_in_the_surfaces_unit() -> None:
    evidence = Evidence("toy", {}, searchers=SEARCHERS, target=0.02, level=0.04, unit="nats")
    said = {finding.id: finding for finding in judge(evidence)}
    assert said["avagrad-cheaper-gld"].statement.startswith(
        "AvaGrad is cheaper to tune to 0.02 nats than Adam under GLD"
    )
    assert "below 0.04 nats" in said["adam-gld-74"].statement
    assert "%" not in "".join(said[id_].statement + said[id_].rule for id_ in said if "gld" in id_ or "cheaper" in id_)


def test_without_searchers_nothing_is_said_of_them() -> None:
    assert not any(finding.id.startswith("avagrad-cheaper") for finding in judge(Evidence("toy", {})))


def test_a_task_of_one_seed_decides_nothing() -> None:
    names = ("adam", "amsgrad", "adamw", "radam", "avagrad")
    found = judge(evidence_of(as_in_the_paper, *names, seeds=1, validation=5000))
    assert {finding.verdict for finding in found} == {Verdict.open}
    assert "one seed" in {finding.id: finding for finding in found}["best-epsilon-adam"].why
