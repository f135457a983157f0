"""Live tuning beside its replay, on studies whose laws are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.compare import compare, holm
from analysis.ert import ert
from analysis.live import COLUMNS, KINDS, LiveTable, live_rows
from analysis.replays import Group, split
from grids.errors import BadInput
from grids.replay_header import ReplayHeader
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_facts import SurfaceFacts

FACTS = SurfaceFacts(unit="%", targets=(0.5, 1.0), span=5.0)
TRIALS = 30


def group(searcher: str, share: float, seed: int, repeats: int = 400) -> Group:
    """Studies that hit 0 at a geometric trial of chance `share`; before, they are 2 away."""
    rng = np.random.default_rng(seed)
    rows = []
    for repeat, hit in enumerate(rng.geometric(share, repeats).tolist()):
        steps = [(1, 2.0)] if hit > 1 else []
        steps += [(hit, 0.0)] if hit <= TRIALS else []
        last = steps[-1][1]
        for trial, above in steps:
            rows.append((repeat, trial, trial, 2 + above, above, False))
        rows.append((repeat, TRIALS, TRIALS, 2 + last, last, True))
    frame = pd.DataFrame(rows, columns=["repeat", "trial", "unique", "best", "suboptimality", "end"])
    frame = frame.assign(surface="toy/adam", optimizer="adam", task="toy", searcher=searcher)
    return replace(split(frame)[0], about=FACTS)


def groups(replayed: float, noise: float | None, live: float) -> dict[str, list[Group]]:
    chances = {"replayed": replayed, "noise": noise, "live": live}
    return {
        kind: [] if share is None else [group(name, share, seed=10 * at + n) for n, name in enumerate(("a", "b"))]
        for at, (kind, share) in enumerate(chances.items())
    }


def test_a_searcher_that_costs_three_times_its_replay_is_found_out() -> None:
    found = live_rows(groups(0.3, 0.1, 0.1), FACTS, TRIALS, (0.5, 2.0))
    assert [(row["searcher"], row["target"]) for row in found] == [("a", 0.5), ("a", 2.0), ("b", 0.5), ("b", 2.0)]
    for row in found:
        assert tuple(row) == COLUMNS or set(row) == set(COLUMNS)
        assert all(row[f"repeats_{kind}"] == 400 for kind in KINDS)
        if row["target"] == 2.0:  # all hit at once, all alike: nothing to test
            assert [row[f"ert_{kind}"] for kind in KINDS] == [1, 1, 1]
            assert (row["ratio_replayed"], row["verdict_replayed"]) == (1.0, None)
            continue
        # Restarted until it hits, a geometric law costs 1/p whatever the budget.
        assert row["ert_replayed"] == pytest.approx(1 / 0.3, rel=0.15)
        assert row["ert_live"] == pytest.approx(10, rel=0.15)
        assert row["ratio_replayed_low"] < 3 < row["ratio_replayed_high"]
        assert row["ratio_noise_low"] < 1 < row["ratio_noise_high"]
        assert row["p_logrank_replayed_holm"] < 1e-9
        assert row["p_mannwhitney_replayed_holm"] < 1e-9
        assert (row["verdict_replayed"], row["verdict_noise"]) == ("live costs more", "not told apart")
        # 2 away with chance 0.9³⁰ when all is spent.
        assert row["end_live_low"] < 2 * 0.9**30 < row["end_live_high"]


def test_a_row_has_what_compare_says_of_the_two() -> None:
    both = groups(0.2, None, 0.15)
    rows = live_rows(both, FACTS, TRIALS, (0.5,))
    for row, replayed, live in zip(rows, both["replayed"], both["live"], strict=True):
        one, other = replayed.runtimes(0.5), live.runtimes(0.5)
        found = compare(one, other, np.random.default_rng(0))
        assert (row["ert_replayed"], row["ert_live"]) == (ert(one), ert(other))
        assert row["ratio_replayed"] == found.ratio
        assert row["p_logrank_replayed"] == found.p_logrank
        assert row["p_mannwhitney_replayed"] == found.p_mannwhitney
        assert row["ratio_replayed_low"] == pytest.approx(found.ratio_interval[0], rel=0.05)
        assert row["ert_noise"] is None
        assert np.isnan(row["ratio_noise"])
        assert row["verdict_noise"] is None
    corrected = holm(np.array([row["p_logrank_replayed"] for row in rows]))
    assert [row["p_logrank_replayed_holm"] for row in rows] == corrected.tolist()


def test_live_tuning_may_also_cost_less_and_few_hits_are_noted() -> None:
    (row, _) = live_rows(groups(0.02, 0.3, 0.3), FACTS, TRIALS, (0.5,))
    assert row["verdict_replayed"] == "live costs less"
    rare = {kind: [group("a", 0.3 if kind != "live" else 1e-9, seed=1, repeats=40)] for kind in KINDS}
    (row,) = live_rows(rare, FACTS, TRIALS, (0.5,))
    assert row["hits_live"] == 0
    assert np.isnan(row["ert_live"])
    assert row["verdict_replayed"] == "live costs more"
    assert row["note"] == "no hit within 30"


def test_the_order_of_searchers_and_targets_changes_no_interval() -> None:
    both = groups(0.3, 0.2, 0.1)
    forwards = live_rows(both, FACTS, TRIALS, (0.5, 1.0), seed=3)
    backwards = live_rows({kind: found[::-1] for kind, found in both.items()}, FACTS, TRIALS, (1.0, 0.5), seed=3)
    assert forwards == backwards[::-1]
    assert forwards != live_rows(both, FACTS, TRIALS, (0.5, 1.0), seed=4)


def surface(values: list[float], optimizer: str = "adam") -> Surface:
    value = np.array(values).reshape(3, 3, 1)
    return Surface(PRESETS["tiny"], (0,), value, np.zeros(value.shape, bool), Provenance("toy", optimizer))


LIVE = pd.DataFrame(
    {"optimizer": "adam", "task": "toy", "searcher": "random", "cell": [4.0, 0.0], "best": 9.0, "suboptimality": 9.0}
)
HEADER = ReplayHeader(live={"axes": PRESETS["tiny"].to_json(), "trials": 7})


def test_studies_are_judged_on_the_surface_that_is_given() -> None:
    table = LiveTable.of(LIVE, HEADER, "live.parquet")
    found = table.judged_on(surface([5, 8, 8, 8, 3, 8, 8, 8, 2]), "mine")
    assert found["best"].tolist() == [3, 5]
    assert found["suboptimality"].tolist() == [1, 3]
    assert found["surface"].tolist() == ["mine", "mine"]
    assert (table.trials, table.searchers) == (7, ["random"])


@pytest.mark.parametrize(
    ("header", "on", "said"),
    [
        (ReplayHeader(), surface([1.0] * 9), "live.parquet: is no table of live tuning"),
        (ReplayHeader(live={"trials": 7}), surface([1.0] * 9), "is no table of live tuning"),
        (HEADER, surface([1.0] * 9, "sgd"), "tunes the optimizer adam, and mine is of sgd"),
        (ReplayHeader(live={"axes": [], "trials": 7}), surface([1.0] * 9), "tunes over other axes than mine has"),
    ],
    ids=["replays", "no axes", "optimizer", "axes"],
)
def test_what_does_not_belong_together_is_refused(header: ReplayHeader, on: Surface, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        LiveTable.of(LIVE, header, "live.parquet").judged_on(on, "mine")
