"""Section 6: one α for every ε, exactly and within noise."""

import numpy as np
from evidence_made import evidence_of

from analysis.claims import Verdict, judge
from analysis.claims.finding import Estimate


def test_one_alpha_counts_exactly_and_within_noise() -> None:
    """One α is best in 15 columns; in 4 more it is behind by less than noise, and in 2 by more."""
    value = np.full((21, 21), 10.0)
    value[8] = 5.0
    value[12, :4], value[12, 4:6] = 4.9, 3.0
    found = {f.id: f for f in judge(evidence_of(lambda name: value, "avagrad", seeds=1, jitter=0.0, validation=5000))}
    assert found["avagrad-one-alpha"].ours == Estimate(15.0, 15.0, 19.0)
    assert found["avagrad-one-alpha"].verdict == Verdict.fails
    value[12, 4:6] = 4.9
    found = {f.id: f for f in judge(evidence_of(lambda name: value, "avagrad", seeds=1, jitter=0.0, validation=5000))}
    assert found["avagrad-one-alpha"].verdict == Verdict.open
