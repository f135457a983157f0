"""Section 5.2 on made-up surfaces of bits per character: as the paper has it, and the other way round."""

import math
from typing import Any

import numpy as np
import pytest

from analysis.claims import Evidence, Verdict, judge
from grids.space import PRESETS
from grids.surface import Provenance, Surface

SPACE = PRESETS["paper-ptb"]
ALPHA, EPSILON = (np.log10(axis.values) for axis in SPACE.axes)
SEARCHERS = {"random": "random search"}
LOWEST = {"adam": 2.2, "amsgrad": 2.21, "avagrad": 2.195, "avagradw": 2.2, "radam": 2.3, "adabound": 2.8}


def bits(lowest: float, best_epsilon: float) -> np.ndarray:
    """Bits that rise with the distance from α = 0.01, and by 0.05 for each decade of ε away from the best."""
    return lowest + 0.3 * np.abs(ALPHA[:, None] + 2) + 0.05 * np.abs(EPSILON - best_epsilon)


def surface(optimizer: str, value: np.ndarray, seeds: int, metric: str = "bits per character") -> Surface:
    noisy = value[..., None] + 0.002 * np.random.default_rng(len(optimizer)).normal(size=(*value.shape, seeds))
    provenance = Provenance("kjv-lstm", optimizer, metric, "bits", failure=6.0, targets=(0.02, 0.05))
    return Surface(SPACE, tuple(range(seeds)), noisy, np.zeros(noisy.shape, bool), provenance)


def findings(lowest: dict[str, float], epsilon: float = -8, seeds: int = 3, **more: Any) -> dict[str, Any]:
    surfaces = {name: surface(name, bits(low, epsilon), seeds, **more) for name, low in lowest.items()}
    evidence = Evidence("kjv-lstm", surfaces, searchers=SEARCHERS, target=0.02, level=0.05, unit="bits")
    return {finding.id: finding for finding in judge(evidence)}


def test_a_character_model_has_section_52_in_place_of_what_is_said_of_vision() -> None:
    found = findings(LOWEST)
    assert not [name for name in found if name.startswith("best-epsilon") or name == "best-alpha-adam"]
    vision = findings(LOWEST, metric="validation error")
    assert "best-epsilon-adam" in vision
    assert not [name for name in vision if name.startswith("language")]
    both = found.keys() & vision.keys()
    assert {"epsilon-over-method", "avagrad-cheaper-random", "avagrad-one-alpha"} <= both


def test_the_papers_findings_hold_where_surfaces_are_as_the_papers() -> None:
    found = findings(LOWEST)
    for optimizer in ("adam", "amsgrad", "avagrad"):
        finding = found[f"language-best-epsilon-{optimizer}"]
        assert (finding.verdict, finding.ours.value, finding.paper) == (Verdict.holds, 1e-8, 1e-8)
    for name, paper in (("radam", 0.167), ("adabound", 1.709)):
        finding = found[f"language-{name}-behind-adam"]
        assert (finding.verdict, finding.paper) == (Verdict.holds, paper)
        assert finding.ours.value == pytest.approx(LOWEST[name] - LOWEST["adam"], abs=0.01)
    for name in ("avagrad", "avagradw"):
        assert found[f"language-{name}-not-behind-adam"].verdict == Verdict.holds
    assert found["language-adabelief-behind-adam"].verdict == Verdict.open
    assert "needs a surface of adabelief" in found["language-adabelief-behind-adam"].why


def test_they_fail_where_surfaces_are_the_other_way_round() -> None:
    found = findings({"adam": 2.3, "avagrad": 2.5, "radam": 2.2, "adabound": 2.1}, epsilon=0)
    for name in (
        "language-best-epsilon-adam",
        "language-best-epsilon-avagrad",
        "language-radam-behind-adam",
        "language-adabound-behind-adam",
        "language-avagrad-not-behind-adam",
    ):
        assert found[name].verdict == Verdict.fails, found[name]
        assert math.isfinite(found[name].ours.value)


def test_what_noise_hides_cannot_be_told() -> None:
    found = findings({"adam": 2.2, "radam": 2.2, "avagrad": 2.2})
    assert found["language-radam-behind-adam"].verdict == Verdict.open
    # ε from 1e-8 to 1 within noise of each other: the best of them is nobody's.
    flat = surface("adam", 2.2 + 0.3 * np.abs(ALPHA[:, None] + 2) + 0.5 * (EPSILON > 0), 3)
    evidence = Evidence("kjv-lstm", {"adam": flat}, searchers=SEARCHERS, target=0.02, level=0.05, unit="bits")
    (finding,) = (one for one in judge(evidence) if one.id == "language-best-epsilon-adam")
    assert finding.verdict == Verdict.open


def test_an_epsilon_just_above_the_smallest_that_is_no_worse_does_not_refute() -> None:
    found = findings({"adam": 2.2}, epsilon=-7.99)
    assert found["language-best-epsilon-adam"].verdict == Verdict.holds
