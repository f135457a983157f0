"""Replays: what decides a result and what never does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids.errors import BadInput
from grids.replay_table import SCHEMA
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.replay import replay


def make(optimizer: str, seeds: int = 1, shape: tuple[int, ...] = (5, 6)) -> Surface:
    space = Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(shape)))
    rng = np.random.default_rng(len(optimizer))
    value = rng.permutation(space.size).reshape(*shape, 1) + rng.normal(size=(*shape, seeds)) * (seeds > 1) * 4.0
    return Surface(space, tuple(range(seeds)), value, np.zeros(value.shape, bool), Provenance("toy", optimizer))


ALL = ["random", "random-unique", "tpe", "cmaes", "gld", "cgld:radius_max=2", "optuna:RandomSampler"]


def test_columns_rows_and_order() -> None:
    frame = replay({"a": make("adam"), "b": make("sgd")}, ["random", "gld"], repeats=7)
    assert list(frame.columns) == [*SCHEMA.names, "spent"]
    groups = frame.groupby(["surface", "searcher", "repeat"])
    assert len(groups) == 2 * 2 * 7
    for _, rows in groups:
        assert rows["end"].tolist() == [False] * (len(rows) - 1) + [True]
        assert (rows["best"].diff().dropna()[:-1] < 0).all()
        assert (rows["trial"].diff().dropna()[:-1] > 0).all()
        assert (rows["unique"] <= rows["trial"]).all()
        assert rows["suboptimality"].iloc[-1] == 0 or rows["trial"].iloc[-1] == 30


@pytest.mark.parametrize(("jobs", "searchers"), [(2, ALL), (7, ["random", "tpe", "gld"])])
def test_jobs_change_nothing(jobs: int, searchers: list[str]) -> None:
    surfaces = {"a": make("adam"), "b": make("sgd", shape=(4,))}
    alone = replay(surfaces, searchers, repeats=9, max_trials=20, seed=5)
    pd.testing.assert_frame_equal(alone, replay(surfaces, searchers, repeats=9, max_trials=20, seed=5, jobs=jobs))


def test_halves_order_and_company_change_nothing() -> None:
    surfaces = {"a": make("adam"), "b": make("sgd")}
    whole = replay(surfaces, ["gld", "random"], repeats=10)
    halves = [replay(surfaces, ["random", "gld"], repeats=part) for part in (range(5), range(5, 10))]
    keys = ["surface", "searcher", "repeat", "trial", "end"]
    joined = pd.concat(halves).sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(whole.sort_values(keys, ignore_index=True), joined)
    alone = replay({"b": surfaces["b"]}, ["gld"], repeats=10)
    picked = whole[(whole["surface"] == "b") & (whole["searcher"] == "gld")].reset_index(drop=True)
    pd.testing.assert_frame_equal(picked, alone)


def test_seed_searcher_and_surface_each_name_other_streams() -> None:
    flat = make("adam")
    other = Surface(flat.space, flat.seeds, flat.value, flat.diverged, Provenance("toy", "sgd"))

    def ends(surface: Surface, searcher: str, seed: int) -> list[int]:
        frame = replay({"x": surface}, [searcher], repeats=30, seed=seed)
        return frame.loc[frame["end"], "trial"].tolist()

    base = ends(flat, "gld", 0)
    assert base == ends(flat, "gld", 0)
    for changed in (ends(flat, "gld", 1), ends(flat, "gld:radius_max=5", 0), ends(other, "gld", 0)):
        assert changed != base


def test_a_replay_ends_at_the_lowest_value_or_the_budget() -> None:
    frame = replay({"a": make("adam")}, ["random-unique"], repeats=50, max_trials=12)
    ends = frame[frame["end"]]
    found = ends["suboptimality"] == 0
    assert found.any()
    assert not found.all()
    assert (ends.loc[~found, "trial"] == 12).all()
    last = frame[~frame["end"]].groupby("repeat")["trial"].max()
    assert (ends.set_index("repeat")["trial"][last.index] == last)[found.to_numpy()].all()


def test_several_seeds_are_judged_on_the_statistic_asked_for() -> None:
    surface = make("adam", seeds=3)
    for name, function in {"mean": np.mean, "worst": np.max, "best": np.min}.items():
        frame = replay({"a": surface}, ["random-unique"], repeats=3, seed_statistic=name)
        lowest = function(surface.value, axis=-1).min()
        assert frame.loc[frame["end"], "best"].tolist() == [lowest] * 3


def test_values_that_are_not_finite_count_as_the_worst() -> None:
    surface = make("adam")
    value, diverged = surface.value.copy(), surface.diverged.copy()
    value[0, 0], value[1, 1] = np.nan, np.inf
    diverged[0, 0] = diverged[1, 1] = True
    frame = replay({"a": Surface(surface.space, (0,), value, diverged, surface.provenance)}, ["random"], repeats=30)
    assert np.isfinite(frame["best"]).all()
    assert frame["best"].max() <= np.nanmax(value[np.isfinite(value)])


def test_noise_tells_seeds_and_reports_the_truth() -> None:
    surface = make("adam", seeds=4)
    frame = replay({"a": surface}, ["random-unique", "gld"], repeats=40, max_trials=30, noise=True)
    ends = frame[frame["end"]]
    assert (ends["trial"] == 30).all()
    assert set(frame["best"]) <= set(surface.mean.ravel())
    # A lucky draw can displace a truly better cell: the truth about the incumbent is not monotone.
    assert (frame[~frame["end"]].groupby(["searcher", "repeat"])["best"].diff() > 0).any()
    assert (ends["suboptimality"] > 0).any()
    again = replay({"a": surface}, ["random-unique", "gld"], repeats=40, max_trials=30, noise=True, jobs=2)
    pd.testing.assert_frame_equal(frame, again)


def test_noise_of_equal_seeds_is_no_noise() -> None:
    surface = make("adam")
    doubled = Surface(
        surface.space, (0, 1), surface.value.repeat(2, -1), surface.diverged.repeat(2, -1), surface.provenance
    )
    quiet = replay({"a": surface}, ["gld"], repeats=20)
    noisy = replay({"a": doubled}, ["gld"], repeats=20, noise=True)
    pd.testing.assert_frame_equal(
        quiet[~quiet["end"]].reset_index(drop=True), noisy[~noisy["end"]].reset_index(drop=True)
    )


BAD: dict[str, Callable[[], object]] = {
    "noise between seeds": lambda: replay({"a": make("adam")}, ["random"], noise=True),
    "given twice": lambda: replay({"a": make("adam")}, ["random", "random"]),
    "did you mean 'gld'": lambda: replay({"a": make("adam")}, ["glt"]),
    "radius_min must be": lambda: replay({"a": make("adam")}, ["gld:radius_min=0"]),
    "repeats must be": lambda: replay({"a": make("adam")}, repeats=0),
    "seed must be": lambda: replay({"a": make("adam")}, seed=-1),
    "max-trials must be": lambda: replay({"a": make("adam")}, max_trials=0),
    "jobs must be": lambda: replay({"a": make("adam")}, jobs=0),
    "seed statistic": lambda: replay({"a": make("adam")}, ["random"], seed_statistic="average"),
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_named(line: str) -> None:
    with pytest.raises(BadInput, match=line):
        BAD[line]()


def test_ones_own_searcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_searchers.py").write_text(
        "class Last:\n"
        "    def __init__(self, space, rng, *, shift: int = 0):\n"
        "        self.space, self.shift = space, shift\n"
        "    def ask(self):\n"
        "        return self.space.cell(self.space.size - 1 - self.shift)\n"
        "    def tell(self, cell, value):\n"
        "        pass\n"
        "class Wrong(Last):\n"
        "    def __init__(self, space, rng, where='outside'):\n"
        "        self.where = where\n"
        "    def ask(self):\n"
        "        return {'outside': (99, 0), 'short': (1,), 'half': (0.5, 0), 'nothing': None}[self.where]\n"
    )
    monkeypatch.chdir(tmp_path)
    surface = make("adam")
    frame = replay({"a": surface}, ["own_searchers:Last:shift=2", "random"], repeats=2, max_trials=3, jobs=2)
    first = frame[frame["searcher"] == "own_searchers:Last:shift=2"]
    assert first["best"].tolist() == [surface.value.ravel()[-3]] * 4
    assert first["unique"].tolist() == [1] * 4
    for where, shown in {"outside": r"\(99, 0\)", "short": r"\(1,\)", "half": r"\(0.5, 0\)", "nothing": "None"}.items():
        with pytest.raises(BadInput, match=f"Wrong asked for {shown}"):
            replay({"a": surface}, [f"own_searchers:Wrong:where={where}"], repeats=1)
    with pytest.raises(BadInput, match="did you mean 'Last'"):
        replay({"a": surface}, ["own_searchers:Lost"], repeats=1)
    with pytest.raises(BadInput, match="no module 'not_there'"):
        replay({"a": surface}, ["not_there:Last"], repeats=1)


def test_a_searcher_that_cannot_work_is_refused_before_others_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_searchers.py").write_text(
        "class Broken:\n"
        "    def __init__(self, space, rng):\n"
        "        pass\n"
        "    def ask(self):\n"
        "        raise KeyError('gone')\n"
    )
    monkeypatch.chdir(tmp_path)
    finished: list[int] = []
    with pytest.raises(BadInput, match="searcher 'broken_searchers:Broken': KeyError: 'gone'"):
        replay({"a": make("adam")}, ["random", "broken_searchers:Broken"], repeats=2, advance=finished.append)
    assert finished == []


def test_a_users_code_cannot_end_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ending.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "ending_searchers.py").write_text(
        "class Ending:\n"
        "    def __init__(self, space, rng):\n"
        "        pass\n"
        "    def ask(self):\n"
        "        raise SystemExit(0)\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="searcher 'ending_searchers:Ending': SystemExit"):
        replay({"a": make("adam")}, ["ending_searchers:Ending"], repeats=2)
    with pytest.raises(BadInput, match=r"ending\.py, line 1: SystemExit"):
        replay({"a": make("adam")}, ["ending:Any"], repeats=1)
