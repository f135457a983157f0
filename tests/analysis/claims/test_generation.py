"""Section 5.3 on made-up surfaces: as the paper has it, the other way round, with something missing."""

from typing import Any

import pytest
from domains_made import evidence

from analysis.claims import Verdict, judge
from analysis.claims.generation import PAPER


def findings(lowest: dict[str, float], **more: Any) -> dict[str, Any]:
    return {finding.id: finding for finding in judge(evidence("gan", lowest, **more))}


def test_a_gan_has_section_53_in_place_of_what_is_said_of_vision() -> None:
    found = findings(PAPER)
    assert "best-epsilon-adam" not in found
    vision = {finding.id for finding in judge(evidence("vision", PAPER))}
    assert "best-epsilon-adam" in vision
    assert not [name for name in vision if name.startswith("gan-")]


def test_the_papers_numbers_hold() -> None:
    found = findings(PAPER)
    for name in (
        "gan-sgd-far-behind",
        "gan-adabound-far-behind",
        "gan-avagrad-ahead-of-adam",
        "gan-avagrad-lowest",
        "gan-best-alpha-adam",
        "gan-best-epsilon-adam",
    ):
        assert found[name].verdict == Verdict.holds, found[name]
    assert found["gan-sgd-far-behind"].paper == pytest.approx(133 / 43)
    assert found["gan-sgd-far-behind"].ours.value == pytest.approx(133 / 43, rel=0.05)
    assert found["gan-avagrad-lowest"].paper == pytest.approx(-6.0)
    assert found["gan-avagrad-ahead-of-adam"].ours.value == pytest.approx(-7.7, abs=1)


def test_they_fail_where_surfaces_are_the_other_way_round() -> None:
    found = findings({**PAPER, "sgd": 44.0, "adabound": 30.0, "avagrad": 60.0}, alpha=0.02, epsilon=1e-8)
    assert {finding.verdict for name, finding in found.items() if name.startswith("gan-")} == {Verdict.fails}


def test_what_noise_hides_and_what_is_missing_cannot_be_told() -> None:
    noisy = findings(PAPER, noise=30.0)
    assert noisy["gan-avagrad-ahead-of-adam"].verdict == Verdict.open
    few = findings({"adam": 43.0, "avagrad": 35.0})
    assert few["gan-avagrad-ahead-of-adam"].verdict == Verdict.holds
    assert few["gan-avagrad-lowest"].verdict == Verdict.open
    assert "no surface of sgd, amsgrad" in few["gan-avagrad-lowest"].why
    assert "needs a surface of sgd" in few["gan-sgd-far-behind"].why
    alone = findings({"adam": 43.0, "sgd": 133.0}, seeds=1)
    assert "one seed" in alone["gan-sgd-far-behind"].why
