"""Section 8: the difference that a delay of one step makes."""

import math

import numpy as np
import pytest
from evidence_made import SPACE, surface_of

from analysis.claims import Evidence, Verdict, judge
from analysis.claims.finding import Estimate
from grids.surface import Provenance, Surface


@pytest.mark.parametrize(
    ("shift", "wobble", "verdict"),
    [
        (0.1, 0.1, Verdict.holds),
        (-0.1, 0.1, Verdict.holds),
        (2.0, 0.1, Verdict.fails),
        (-2.0, 0.1, Verdict.fails),
        (0.6, 0.1, Verdict.open),
        (0.1, 3.0, Verdict.open),
    ],
)
def test_a_delay_is_judged_by_the_difference_of_the_seeds_they_share(
    shift: float, wobble: float, verdict: Verdict
) -> None:
    value = np.full((21, 21), 30.0)
    value[8, 3], value[8, 4] = 10.0, 10.2
    later = np.full((21, 21), 30.0)
    later[9, 12] = 10.0 + shift
    adam, delayed = (surface_of(table, name, jitter=0.0) for table, name in ((value, "adam"), (later, "delayed-adam")))
    delayed.value[9, 12] += wobble * np.array([-1.0, 0.0, 1.0])
    found = {f.id: f for f in judge(Evidence("toy", {"adam": adam, "delayed-adam": delayed}, unit="%"))}[
        "delay-changes-little"
    ]
    half = 4.302652729749462 * wobble / math.sqrt(3)  # Student's t of 2 degrees of freedom, and the deviation
    for end, expected in zip(("value", "low", "high"), (shift, shift - half, shift + half), strict=True):
        assert getattr(found.ours, end) == pytest.approx(expected)
    assert found.verdict == verdict
    assert "of Adam's 2 cells within 1% of its lowest value 0 stay there with the delay" in found.why


def test_a_delay_of_one_seed_is_judged_by_the_binomial_law() -> None:
    value = np.full((21, 21), 30.0)
    value[8, 3] = 10.0
    some = {name: surface_of(value, name, seeds=1, jitter=0.0, validation=10_000) for name in ("adam", "delayed-adam")}
    found = {f.id: f for f in judge(Evidence("toy", some))}["delay-changes-little"]
    half = 1.959963984540054 * 100 * math.sqrt(0.1 * 0.9 / 10_000) * math.sqrt(2)
    assert found.ours == Estimate(0.0, pytest.approx(-half), pytest.approx(half))
    other = Surface(
        SPACE.__class__(SPACE.axes[::-1]),
        (0,),
        value.T[..., None],
        np.zeros((21, 21, 1), bool),
        Provenance("toy", "adam"),
    )
    assert {f.id: f for f in judge(Evidence("toy", some | {"adam": other}))}["delay-changes-little"].why.startswith(
        "needs"
    )
