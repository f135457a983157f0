"""Section 8: what counts as converging on the counterexample."""

import pytest
from evidence_made import runs

from analysis.claims import Mathematics, Verdict, judge_mathematics
from analysis.claims.finding import Estimate


def test_between_converging_and_failing_nothing_is_told() -> None:
    made = Mathematics(counterexample=runs(0.3, 0.3, 0.095, 0.499))
    found = {finding.id: finding for finding in judge_mathematics(made) if finding.id.startswith("figure3")}
    assert [finding.verdict for finding in found.values()] == [Verdict.open, Verdict.open, Verdict.holds, Verdict.open]
    assert found["figure3-adam"].ours == Estimate(pytest.approx(0.3015), 0.3, pytest.approx(0.303))
    assert found["figure3-adam"].why.endswith("at the best of 2 α, 0.1: 0.3")


@pytest.mark.parametrize(
    ("shares", "verdict"), [((0.9, 0.05, 0.07, 0.09), Verdict.holds), ((0.05, 0.9, 0.7, 0.6), Verdict.fails)]
)
def test_the_papers_figure_and_its_opposite(shares: tuple[float, ...], verdict: Verdict) -> None:
    found = judge_mathematics(Mathematics(counterexample=runs(*shares)))
    assert {one.verdict for one in found if one.id.startswith("figure3")} == {verdict}
