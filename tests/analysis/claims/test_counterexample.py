"""Section 8: what counts as converging on the counterexample."""

import pytest
from evidence_made import SEARCHERS, runs

from analysis.claims import Evidence, Verdict, judge
from analysis.claims.finding import Estimate


def test_between_converging_and_failing_nothing_is_told() -> None:
    evidence = Evidence("toy", {}, searchers=SEARCHERS, counterexample=runs(0.3, 0.3, 0.095, 0.499))
    found = {finding.id: finding for finding in judge(evidence) if finding.id.startswith("figure3")}
    assert [finding.verdict for finding in found.values()] == [Verdict.open, Verdict.open, Verdict.holds, Verdict.open]
    assert found["figure3-adam"].ours == Estimate(pytest.approx(0.3015), 0.3, pytest.approx(0.303))
    assert found["figure3-adam"].why.endswith("at the best of 2 α, 0.1: 0.3")
