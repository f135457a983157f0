"""Section 4: the difference that a delay of one step makes."""

import numpy as np
import pytest
from evidence_made import SPACE, surface_of

from analysis.claims import Evidence, Finding, Verdict
from analysis.claims.delay import ROWS
from grids.space import Space
from grids.surface import Provenance, Surface

PLAIN = "avagrad:delay=false"


def found(surfaces: dict[str, Surface]) -> dict[str, Finding]:
    return {row.id: row.judge(Evidence("toy", surfaces, unit="%")) for row in ROWS}


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
def test_a_delay_is_judged_by_the_values_of_best_cells(shift: float, wobble: float, verdict: Verdict) -> None:
    value = np.full((21, 21), 30.0)
    value[8, 3] = 10.0
    late, plain = (surface_of(value + more, name, jitter=0.0) for more, name in ((shift, "avagrad"), (0.0, PLAIN)))
    late.value[8, 3] += wobble * np.array([-1.0, 0.0, 1.0])
    one = found({"avagrad": late, PLAIN: plain})["delay-changes-little"]
    assert one.ours.value == pytest.approx(shift)
    assert one.verdict == verdict


def test_adams_delay_stands_next_to_it_with_and_without_its_first_step() -> None:
    value = np.full((21, 21), 30.0)
    value[8, 3] = 10.0
    named = ("adam", 0.0), ("delayed-adam", 4.0), ("delayed-adam:first=skip", 0.0)
    some = found({name: surface_of(value + more, name) for name, more in named})
    assert some["delayed-adam-changes-little"].verdict == Verdict.fails
    assert some["delayed-adam-skipped-changes-little"].verdict == Verdict.holds
    assert (
        some["delay-changes-little"].why == "needs a surface of avagrad and avagrad:delay=false over alpha and epsilon"
    )


def test_surfaces_over_other_axes_are_not_compared() -> None:
    value = np.full((21, 21), 30.0)
    one = surface_of(value, "avagrad")
    axes = Space((SPACE.axes[0], SPACE.axes[1].__class__("epsilon", SPACE.axes[1].values[:20])))
    other = Surface(axes, (0,), value[:, :20, None], np.zeros((21, 20, 1), bool), Provenance("toy", PLAIN))
    assert "other axes" in found({"avagrad": one, PLAIN: other})["delay-changes-little"].why
