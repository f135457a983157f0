"""Simulated workers: one is none, several in closed form, time in seconds or epochs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.replay import replay
from tuning.searchers import SEARCHERS, get_searcher

TEXTS = [*SEARCHERS, "gld:ball=clip", "sha:of=gld", "hyperband:of=cmaes", "optuna:RandomSampler", "optuna:GridSampler"]


def surface(seconds: bool = False, seeds: int = 1, epochs: int = 9, shape: tuple[int, ...] = (6, 7)) -> Surface:
    space = Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(shape)))
    rng = np.random.default_rng(5)
    curve = rng.permutation(space.size * seeds * epochs).reshape(*shape, seeds, epochs).astype(float)
    took = rng.random((*shape, seeds)) if seconds else None
    value = curve[..., -1]
    about = Provenance("toy", "opt")
    return Surface(space, tuple(range(seeds)), value, np.zeros(value.shape, bool), about, curve, seconds=took)


def played(one: Surface, text: str, **options: object) -> pd.DataFrame:
    return replay({"toy/opt": one}, [text], **{"repeats": 6, "max_trials": 60, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SEARCHERS)
def test_every_searcher_works_with_several(name: str) -> None:
    assert get_searcher(name).parallel


@pytest.mark.parametrize("seconds", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_one_worker_is_none(text: str, seconds: bool) -> None:
    noise = {"noise": True} if seconds else {}
    one = surface(seconds, seeds=1 + 2 * seconds)
    none, single = played(one, text, **noise), played(one, text, workers=1, **noise)
    if not seconds:
        assert "clock" not in none
        # Without seconds the clock counts epochs, and one worker's is what was spent.
        assert (single["clock"] == single["spent"]).all()
        single = single.drop(columns="clock")
    pd.testing.assert_frame_equal(none, single)


@pytest.mark.parametrize("text", TEXTS)
def test_several_workers(text: str) -> None:
    one = surface(seconds=True, seeds=3)
    frame = played(one, text, workers=4, noise=True)
    pd.testing.assert_frame_equal(frame, played(one, text, workers=4, noise=True, jobs=2))
    ends = frame[frame["end"]]
    assert (ends["trial"] == 60).all()
    for _, rows in frame.groupby("repeat"):
        assert (rows["clock"].diff().dropna() >= 0).all()
        assert (rows["spent"].diff().dropna() >= 0).all()
    alone = played(one, text, noise=True)
    assert ends["clock"].mean() < 0.9 * alone.loc[alone["end"], "clock"].mean()


def test_random_search_with_equal_durations_in_closed_form() -> None:
    """k good cells of n, N workers: rounds to the first hit are geometric with 1 − (1 − k/n)^N."""
    one, workers, replays = surface(), 5, 4000
    frame = played(one, "random", workers=workers, repeats=replays, max_trials=100_000)
    ends = frame[frame["end"]]
    rounds = ends["clock"] / 9
    share = 1 - (1 - 1 / one.space.size) ** workers
    assert abs(rounds.mean() - 1 / share) < 3 * rounds.std() / np.sqrt(replays)
    assert abs(ends["trial"].mean() - one.space.size) < 3 * ends["trial"].std() / np.sqrt(replays)


def test_a_steps_candidates_run_side_by_side() -> None:
    """Five candidates on five workers with equal durations: a step takes as long as one training."""
    one = surface(epochs=2, shape=(21, 21))
    frame = played(one, "gld", workers=5, repeats=1, max_trials=51, noise=False)
    end = frame[frame["end"]].iloc[0]
    assert end["clock"] == 2 * (1 + (end["trial"] - 1 + 4) // 5)
    alone = played(one, "gld", repeats=1, max_trials=51)
    merged = frame.merge(alone, on=["trial", "end"], suffixes=("", "_alone"))
    assert (merged["best"] == merged["best_alone"]).all()
    assert len(merged) == len(frame) == len(alone)


def test_what_runs_when_the_budget_ends_is_still_told() -> None:
    frame = played(surface(seconds=True, seeds=2), "random", workers=4, max_trials=None, max_epochs=90.0, noise=True)
    ends = frame[frame["end"]]
    assert (ends["trial"] == 10).all()
    assert (ends["spent"] == 90).all()


def test_seconds_of_a_shorter_training_are_its_share() -> None:
    one = surface(seconds=True)
    frame = played(one, "sha", repeats=20, max_trials=13)
    ends = frame[frame["end"] & (frame["trial"] == 13)]
    assert one.seconds is not None
    most = ends["spent"] / 9 * one.seconds.max()
    assert (ends["clock"] <= most).all()
    assert (ends["clock"] >= ends["spent"] / 9 * one.seconds.min()).all()


def test_a_surface_without_curves_or_seconds_counts_trainings() -> None:
    one = surface()
    bare = Surface(one.space, (0,), one.value, one.diverged, one.provenance)
    frame = played(bare, "random", workers=3, max_trials=9)
    ends = frame[frame["end"] & (frame["trial"] == 9)]
    assert (ends["clock"] == 3).all()
    assert ends["spent"].isna().all()


def test_ones_own_searcher_must_say_that_it_works_with_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_workers.py").write_text(
        "class Own:\n"
        "    def __init__(self, space, rng):\n"
        "        self.space, self.rng = space, rng\n"
        "    def ask(self):\n"
        "        return self.space.cell(int(self.rng.integers(self.space.size)))\n"
        "    def tell(self, cell, value):\n"
        "        pass\n"
        "class Parallel(Own):\n"
        "    parallel = True\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="is not declared to work with several workers"):
        played(surface(), "own_workers:Own", workers=2)
    assert len(played(surface(), "own_workers:Parallel", workers=2))
