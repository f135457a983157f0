"""Section 6: one α for every ε, ridges and their slopes, and columns whose best α is at the edge."""

import numpy as np
import pytest
from evidence_made import ALPHA, EPSILON, SPACE, finding_on

from analysis.claims import Evidence, Finding, Verdict
from grids.space import Axis, Space
from grids.surface import Provenance, Surface


def judged(name: str, optimizer: str, table: np.ndarray, noise: float = 0.1, rows: int = 21, seed: int = 0) -> Finding:
    """The finding on three seeds of a table, of which the first rows are kept."""
    rng = np.random.default_rng(seed)
    value = (table[..., None] + noise * rng.normal(size=(*table.shape, 3)))[:rows]
    space = Space((Axis("alpha", SPACE.axes[0].values[:rows], "log"), SPACE.axes[1]))
    extra = {"rms_sqrt_v": np.full(value.shape, 1e-3)}
    about = Provenance("toy", optimizer, "error", "%")
    surface = Surface(space, (0, 1, 2), value, np.zeros(value.shape, bool), about, extra=extra)
    return finding_on(Evidence("toy", {optimizer: surface}), name)


def ridge(slope: float) -> np.ndarray:
    """Errors whose best log α is −1 up to ε = 1e-3, and rises with `slope` beyond."""
    return np.minimum(5 + 8 * (ALPHA[:, None] + 1 - slope * np.maximum(EPSILON + 3, 0)) ** 2, 90)


def test_one_alpha_holds_fails_or_is_within_each_columns_noise() -> None:
    value = np.full((21, 21), 10.0)
    value[8] = 5.0
    assert judged("avagrad-one-alpha", "avagrad", value).verdict == Verdict.holds
    value[12, 4:6] = 4.98
    assert judged("avagrad-one-alpha", "avagrad", value).verdict != Verdict.fails
    value[12, 4:6] = 3.0
    one = judged("avagrad-one-alpha", "avagrad", value)
    assert (one.ours.value, one.verdict) == (19.0, Verdict.fails)


def test_columns_are_as_noisy_as_they_are() -> None:
    """One α is best throughout; a column with ten times the noise of the others does not refute it."""
    value = np.full((21, 21), 10.0) + 3 * np.abs(np.arange(21)[:, None] - 8)
    value[8] = 5.0
    refuted = 0
    for seed in range(20):
        loud = value + np.where(np.arange(21) > 15, 3.0, 0.0) * np.random.default_rng(seed).normal(size=(21, 21)) / 9
        refuted += judged("avagrad-one-alpha", "avagrad", loud, noise=0.4, seed=seed).verdict == Verdict.fails
    assert refuted == 0


@pytest.mark.parametrize(("slope", "verdict"), [(1.0, Verdict.holds), (0.0, Verdict.fails)])
def test_a_ridge_is_judged_by_its_slope(slope: float, verdict: Verdict) -> None:
    assert judged("adam-ridge-non-adaptive", "adam", ridge(slope)).verdict == verdict
    assert judged("adam-ridge-adaptive", "adam", ridge(slope)).verdict == Verdict.holds


@pytest.mark.parametrize("name", ["adam-ridge-non-adaptive", "transition-at-root-v"])
@pytest.mark.parametrize("rows", [13, 15])
def test_a_best_alpha_at_the_edge_is_no_optimum(name: str, rows: int) -> None:
    """A grid that ends below the ridge: its columns are stuck at the last α, which says nothing of the slope."""
    assert judged(name, "adam", ridge(1.0)).verdict == Verdict.holds
    found = [judged(name, "adam", ridge(1.0), rows=rows, seed=seed) for seed in range(5)]
    assert {one.verdict for one in found} == {Verdict.open}
    assert all("at the edge" in one.why for one in found)


def test_one_alpha_at_the_edge_is_not_told() -> None:
    value = np.full((21, 21), 10.0)
    value[20] = 5.0
    one = judged("avagrad-one-alpha", "avagrad", value)
    assert one.verdict == Verdict.open
    assert one.why == "the best α is at the edge for 21 of 21 ε"
