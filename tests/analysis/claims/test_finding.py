"""Verdicts on intervals, and the seeds that would settle an open one."""

import math

import numpy as np
import pytest
from evidence_made import SPACE

from analysis.claims import Evidence, Verdict, judge
from analysis.claims.finding import MOST_REPLAYS, MOST_SEEDS, Estimate, Statement
from analysis.claims.precision import noise_within
from grids.surface import Provenance, Surface


@pytest.mark.parametrize(
    ("estimate", "below", "at_least"),
    [
        (Estimate(0.5), "holds", "does not hold"),
        (Estimate(1.0), "does not hold", "holds"),
        (Estimate(0.5, 0.2, 0.9), "holds", "does not hold"),
        (Estimate(0.5, 0.2, 1.0), "cannot be told", "cannot be told"),
        (Estimate(1.5, 0.9, 2.0), "cannot be told", "cannot be told"),
        (Estimate(1.5, 1.0, math.inf), "does not hold", "holds"),
        (Estimate(math.nan), "cannot be told", "cannot be told"),
    ],
)
def test_bounds(estimate: Estimate, below: str, at_least: str) -> None:
    assert (estimate.below(1), estimate.at_least(1)) == (below, at_least)


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (Estimate(1.1, 0.9, 1.3), "holds"),
        (Estimate(1.0, 0.1, 1.9), "cannot be told"),
        (Estimate(0.6, 0.4, 0.9), "cannot be told"),
        (Estimate(0.6, 0.4, 0.7), "does not hold"),
        (Estimate(2.0), "does not hold"),
        (Estimate(math.nan), "cannot be told"),
    ],
)
def test_nearness(estimate: Estimate, verdict: str) -> None:
    assert estimate.near(1.0, 0.25) == verdict


def test_the_seeds_that_would_settle_it_are_the_fewest() -> None:
    """ε of 1e-2 against one of 1e-6 that is 0.3 behind, with 0.6 between seeds: 1.96·0.6·√(2/n) < 0.3 from n = 31.

    Seeds differ cell by cell: odd cells rise with the seed as even ones fall.
    """
    value = np.full((21, 21), 30.0)
    columns = SPACE.axis("epsilon").values
    value[5, columns.index(1e-2)], value[5, columns.index(1e-6)] = 10.0, 10.3
    surface = Surface(
        SPACE,
        (0, 1, 2),
        value[..., None] + 0.6 * np.multiply.outer((-1.0) ** np.indices((21, 21)).sum(axis=0), [-1.0, 0.0, 1.0]),
        np.zeros((21, 21, 3), bool),
        Provenance("toy", "adam", "error", "%"),
    )
    found = {f.id: f for f in judge(Evidence("toy", {"adam": surface}))}["best-epsilon-adam"]
    assert found.verdict == Verdict.open
    several = noise_within(surface)
    assert found.seeds_to_settle is not None
    assert several.with_seeds(found.seeds_to_settle) < 0.3 <= several.with_seeds(found.seeds_to_settle - 1)
    assert found.why.endswith(f"{found.seeds_to_settle} seeds would settle it")
    assert found.row()["seeds_to_settle"] == found.seeds_to_settle


@pytest.mark.parametrize(("value", "needed"), [(0.99, None), (0.9, 101)])
def test_what_no_number_would_settle_says_so(value: float, needed: int | None) -> None:
    about = Statement("one", "One is below the other", "1", None, "ratio: below 1")

    def with_seeds(seeds: int) -> Estimate:
        return Estimate(value, value - 1 / math.sqrt(seeds), value + 1 / math.sqrt(seeds))

    def with_replays(replays: int) -> Estimate:
        return Estimate(value, value - 10 / math.sqrt(replays), value + 10 / math.sqrt(replays))

    of_seeds = about.judged(Estimate(value, 0, 2, 1, with_seeds), lambda one: one.below(1), "why")
    of_replays = about.judged(
        Estimate(value, 0, 2, replays=200, with_replays=with_replays), lambda one: one.below(1), "why"
    )
    assert (of_seeds.verdict, of_seeds.seeds_to_settle) == (Verdict.open, needed)
    if needed is None:
        assert of_seeds.why == f"why; not even {MOST_SEEDS} seeds would settle it"
        assert of_replays.why == f"why; not even --repeats {MOST_REPLAYS} would settle it"
    else:
        assert of_seeds.why == f"why; {needed} seeds would settle it"
        assert of_replays.why == "why; --repeats 10100 would settle it"
