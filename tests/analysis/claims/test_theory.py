"""Sections 3, 6 and 8: rates, regimes and the transition, on made-up measurements."""

from typing import Any

import numpy as np
import pytest
from evidence_made import ALPHA, EPSILON, SPACE, finding_on

from analysis.claims import Evidence, Mathematics, Verdict, judge_mathematics
from analysis.claims.theory import rate_slope
from grids.surface import Provenance, Surface


def theory(slopes: dict[str, float], share: float, low: float, high: float) -> dict[str, Any]:
    """Evidence whose rates, shares and ridges are what they are told to be."""
    steps = np.array([1000, 10_000, 100_000])
    epsilon = np.geomspace(1e-8, 1e8, 17)
    alpha = np.where(epsilon < 1, epsilon**low, epsilon**high)
    return {
        "rates": {name: (steps, (steps / 1000.0)[:, None] ** slope * np.ones(3)) for name, slope in slopes.items()},
        "family": {1e-8: np.full(3, 0.9), 1.0: np.full(3, share)},
        "regimes": (epsilon, alpha),
    }


RATES = ("adam", "adam-large-epsilon", "dynamic-adam", "delayed-adam")


@pytest.mark.parametrize(
    ("slopes", "share", "low", "high", "verdict"),
    [((0.0, -0.5, -0.5, -0.7), 0.8, 0.0, 1.0, Verdict.holds), ((-0.5, -0.1, -0.2, 0.0), 0.2, 1.0, 0.0, Verdict.fails)],
)
def test_the_theorems_are_judged_by_slopes(
    slopes: tuple[float, ...], share: float, low: float, high: float, verdict: Verdict
) -> None:
    more = theory(dict(zip(RATES, slopes, strict=True)), share, low, high)
    found = {finding.id: finding for finding in judge_mathematics(Mathematics(**more))}
    names = [f"rate-{name}" for name in RATES] + ["adam-fails-for-every-epsilon", "regime-adaptive"]
    for name in [*names, "regime-non-adaptive"]:
        assert found[name].verdict == verdict, found[name]
    for name, expected in zip(RATES, slopes, strict=True):
        assert found[f"rate-{name}"].ours.value == pytest.approx(expected, abs=1e-9)


def test_a_rate_is_as_uncertain_as_its_runs_differ() -> None:
    steps = np.array([1000, 10_000, 100_000])
    runs = (steps / 1000.0)[:, None] ** np.array([-0.7, -0.5, -0.4, -0.5, -0.4])  # each without any scatter of its own
    found = rate_slope(steps, runs)
    assert found.low < found.value < found.high
    assert found.low < -0.5 < found.high
    alike = rate_slope(steps, np.repeat(runs[:, :1], 5, axis=1))
    assert (alike.low, alike.high) == pytest.approx((-0.7, -0.7))


@pytest.mark.parametrize(("root", "verdict"), [(0.1, Verdict.holds), (0.02, Verdict.holds), (1e-3, Verdict.fails)])
def test_the_transition_is_compared_with_the_root_of_v(root: float, verdict: Verdict) -> None:
    """Adam's best α is 0.01 up to ε = 0.1, and ε/10 beyond."""
    ridge = np.log10(np.maximum(0.01, 0.1 * 10**EPSILON))
    value = np.minimum(5 + 20 * (ALPHA[:, None] - ridge) ** 2, 90)[..., None] + np.zeros(3)
    surface = Surface(
        SPACE,
        (0, 1, 2),
        value,
        np.zeros(value.shape, bool),
        Provenance("toy", "adam", "error", "%"),
        extra={"rms_sqrt_v": np.full(value.shape, root)},
    )
    found = finding_on(Evidence("toy", {"adam": surface}), "transition-at-root-v")
    assert found.ours.value == pytest.approx(0.1 / root, rel=0.3)
    assert found.verdict == verdict
