"""Searchers over cells and fidelities: closed forms, what the ledger charges, and what users' own may do."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Fidelity, Provenance, Surface
from tuning.chunk import Chunk, run_chunk
from tuning.ledger import CostModel, Ledger, Limits
from tuning.problem import TabularProblem
from tuning.replay import replay
from tuning.searchers import Fidelities, get_searcher
from tuning.searchers.fidelities import bracket, brackets, halvings, rungs
from tuning.trials import trials_matrix

EPOCHS = 27


def ranked(shape: tuple[int, ...] = (9, 12), epochs: int = EPOCHS, seeds: int = 1) -> Surface:
    """A surface whose epochs rank alike: every curve falls by the same steps."""
    space = Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(shape)))
    rng = np.random.default_rng(3)
    final = rng.permutation(space.size).astype(float).reshape(*shape, 1) + rng.random((*shape, seeds)) * (seeds > 1)
    curve = final[..., None] + np.arange(epochs - 1, -1.0, -1.0)
    return Surface(space, tuple(range(seeds)), final, np.zeros(final.shape, bool), Provenance("toy", "opt"), curve)


def rough(seeds: int = 1, epochs: int = 9, shape: tuple[int, ...] = (6, 7)) -> Surface:
    """A surface whose epochs rank differently, with many equal values."""
    space = Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(shape)))
    curve = np.random.default_rng(5).integers(0, 40, (*shape, seeds, epochs)).astype(float)
    final = curve[..., -1]
    return Surface(space, tuple(range(seeds)), final, np.zeros(final.shape, bool), Provenance("toy", "opt"), curve)


def ends(surface: Surface, searcher: str, **options: object) -> pd.DataFrame:
    frame = replay({"toy/opt": surface}, [searcher], **options)  # type: ignore[arg-type]
    return frame[frame["end"]].reset_index(drop=True)


def test_hyperbands_brackets_are_those_of_the_paper() -> None:
    found = brackets(Fidelities(tuple(map(float, range(1, 82)))), 1, 81, 3, 10_000)
    assert [one.sizes for one in found] == [(81, 27, 9, 3, 1), (34, 11, 3, 1), (15, 5, 1), (8, 2), (5,)]
    assert [one.rungs[0] for one in found] == [1, 3, 9, 27, 81]


def test_rungs_are_recorded_amounts() -> None:
    known = Fidelities((2.0, 4.0, 6.0, 10.0))
    assert (halvings(1, 27, 3), halvings(1, 26.9, 3), halvings(2, 10, 2)) == (3, 2, 2)
    assert bracket(known, 2, 10, 2, 4).rungs == (2, 4, 10)
    # 1, 2 and 4 epochs of which 1 and 2 both fall on 2: eight cells there, and a quarter of them goes on.
    assert bracket(known, 1, 10, 2, 8) == bracket(known, 1, 10, 2, 8)
    assert (bracket(known, 1, 10, 2, 8).rungs, bracket(known, 1, 10, 2, 8).sizes) == ((2, 4, 10), (8, 2, 1))
    assert rungs(known, 2, 10, 3) == (2, 6, 10)


@pytest.mark.parametrize(("model", "spent"), [("resume", 81), ("restart", 108)])
def test_a_bracket_of_successive_halving_in_closed_form(model: str, spent: int) -> None:
    """n = 27, η = 3, 1 … 27 epochs: its best is that of 27 cells without repetition."""
    surface, replays = ranked(), 4000
    last = ends(surface, "sha", repeats=replays, max_trials=40, cost_model=model)
    assert set(last.loc[last["trial"] == 40, "spent"]) == {spent}
    # The lowest of 27 of n ranks 0 … n−1 drawn without repetition: (n+1)/28 − 1 on average.
    cells = surface.space.size
    error = last["best"].std() / np.sqrt(replays)
    assert abs(last["best"].mean() - ((cells + 1) / 28 - 1)) < 3 * error


@pytest.mark.parametrize(("model", "spent"), [("resume", 357), ("restart", 423)])
def test_one_pass_of_hyperband(model: str, spent: int) -> None:
    trials = 27 + 9 + 3 + 1 + 12 + 4 + 1 + 6 + 2 + 4
    last = ends(ranked(), "hyperband", repeats=50, max_trials=trials, cost_model=model, noise=False)
    assert set(last.loc[last["trial"] == trials, "spent"]) == {spent}
    assert (last["trial"] == trials).any()


@pytest.mark.parametrize("searcher", ["sha", "hyperband", "asha", "median", "random"])
def test_no_query_exceeds_the_epochs_allowed(searcher: str) -> None:
    last = ends(rough(), searcher, repeats=60, max_epochs=50.0)
    assert (last["spent"] <= 50).all()
    assert (last.loc[last["suboptimality"] > 0, "spent"] > 50 - 9).all()


def test_nothing_counts_before_a_cell_is_trained_to_the_end() -> None:
    frame = replay({"toy/opt": ranked()}, ["sha"], repeats=20, max_trials=39)
    assert (frame["best"] == np.inf).all()
    assert (frame["suboptimality"] == np.inf).all()
    assert frame["end"].all()
    frame = replay({"toy/opt": ranked()}, ["sha"], repeats=20, max_trials=41)
    assert frame.loc[~frame["end"], "trial"].eq(40).all()


def test_a_bracket_draws_no_cell_twice_and_the_next_begins_anew() -> None:
    problem = TabularProblem.of("toy/opt", ranked(), curves=True)
    columns = np.zeros((30, 200), np.int32)
    played = trials_matrix(problem, get_searcher("sha"), 0, range(30), columns, Limits(80))
    twice = 0
    for cells in played.cells:
        if cells[79] < 0:
            continue
        first, second = cells[:27].tolist(), cells[40:67].tolist()
        assert len(set(first)) == len(set(second)) == 27
        assert set(cells[27:36].tolist()) < set(first)
        twice += len(set(first) & set(second))
    assert twice > 0


def test_a_cell_drawn_anew_is_charged_from_zero() -> None:
    frame = replay({"toy/opt": ranked()}, ["sha"], repeats=30, max_trials=80, seed=1)
    last = frame[frame["end"] & (frame["trial"] == 80)]
    assert set(last["spent"]) == {162}


def test_the_ledger_by_hand() -> None:
    ledger = Ledger((1.0, 3.0, 9.0), CostModel.resume)
    moves = [(0, 1.0, 7, 1.0), (0, 3.0, 7, 2.0), (0, 1.0, 8, 1.0), (0, None, 7, 6.0), (1, None, None, 9.0)]
    moves += [(1, None, None, 9.0), (2, 1.0, None, 1.0), (2, 3.0, None, 2.0), (2, 3.0, None, 3.0)]
    for cell, fidelity, training, amount in moves:
        charge = ledger.charge(cell, (cell,), fidelity, training)
        assert charge.amount == amount
        ledger.enter(charge, training)
    restart = Ledger((1.0, 3.0, 9.0), CostModel.restart)
    for fidelity in (1.0, 3.0, 9.0):
        charge = restart.charge(0, (0,), fidelity, 0)
        assert charge.amount == fidelity
        restart.enter(charge, 0)
    with pytest.raises(BadInput, match="a training of another cell"):
        ledger.charge(5, (5,), 3.0, 7)
    with pytest.raises(BadInput, match="not recorded; these are: 1, 3, 9"):
        ledger.charge(5, (5,), 2.0, None)


@pytest.mark.parametrize("model", ["resume", "restart", "stop"])
def test_whole_trainings_cost_the_same_by_every_model(model: str) -> None:
    frame = replay({"toy/opt": rough()}, ["random", "gld"], repeats=10, max_trials=20, cost_model=model)
    assert (frame["spent"] == 9 * frame["trial"]).all()


def test_a_seed_stays_with_its_training() -> None:
    """Under noise, what a training shows at later rungs is what the same seed showed there."""
    surface = rough(seeds=4)
    problem = TabularProblem.of("toy/opt", surface, noise=True, curves=True)
    columns = np.random.default_rng(0).integers(0, 4, (10, 400)).astype(np.int32)
    for text in ("sha", "asha", "median"):
        played = trials_matrix(problem, get_searcher(text), 0, range(10), columns, Limits(60))
        assert played.points is not None
        for row in range(10):
            steps: dict[tuple[int, int], Counter[int]] = {}
            for cell, column, point in zip(played.cells[row], played.columns[row], played.points[row], strict=True):
                steps.setdefault((cell, column), Counter())[point] += 1
            # A training never skips to a later rung on another seed: no later point is seen more often than an earlier.
            for seen in steps.values():
                counts = [seen[point] for point in sorted(seen)]
                assert counts == sorted(counts, reverse=True)


def test_curves_are_told_as_decimals_and_end_at_the_value() -> None:
    surface = rough()
    curve = (surface.curve / 10).astype(np.float32)  # type: ignore[operator]
    value = np.round(curve[..., -1].astype(float), 1)
    one = Surface(surface.space, (0,), value, surface.diverged, surface.provenance, curve)
    problem = TabularProblem.of("x", one, curves=True)
    assert (problem.told * 10 == np.round(problem.told * 10)).all()
    assert (problem.told[:, 0, -1] == value.ravel()).all()
    best = TabularProblem.of("x", one.judged_by("best"), curves=True)
    assert (np.diff(best.told[:, 0], axis=1) <= 0).all()


def test_a_curve_that_is_not_finite_is_worth_failure() -> None:
    surface = rough()
    curve = surface.curve.copy()  # type: ignore[union-attr]
    curve[0, 0, 0, 2:5] = np.nan
    about = Provenance("toy", "opt", failure=77.0)
    problem = TabularProblem.of(
        "x", Surface(surface.space, (0,), surface.value, surface.diverged, about, curve), curves=True
    )
    assert problem.told[0, 0, 2:5].tolist() == [77.0] * 3


OWN = """
from tuning.searchers import Query

class Steps:
    def __init__(self, space, rng, *, fidelities):
        self.space, self.amounts, self.asked = space, fidelities.amounts, 0
    def ask(self):
        self.asked += 1
        cell = self.space.cell((self.asked - 1) // 2)
        return Query(cell, self.amounts[0] if self.asked % 2 else None)
    def tell(self, query, value):
        assert isinstance(query, Query)

class Wrong(Steps):
    def ask(self):
        return Query(self.space.cell(0), 2.5)

class Asleep(Steps):
    def ask(self):
        return None
"""


def test_ones_own_searcher_over_fidelities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_fidelities.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    last = ends(ranked(), "own_fidelities:Steps", repeats=1, max_trials=6)
    assert last["spent"].tolist() == [3 * EPOCHS]
    last = ends(ranked(), "own_fidelities:Steps", repeats=1, max_trials=6, cost_model="restart")
    assert last["spent"].tolist() == [3 * (EPOCHS + 1)]
    for name, line in (("Wrong", "fidelity 2.5, which is not recorded"), ("Asleep", "asked for None")):
        with pytest.raises(BadInput, match=line):
            replay({"toy/opt": ranked()}, [f"own_fidelities:{name}"], repeats=1)
    with pytest.raises(BadInput, match="cost-model stop does not allow"):
        replay({"toy/opt": ranked()}, ["own_fidelities:Steps"], repeats=1, cost_model="stop")


def without_curves() -> Surface:
    one = rough()
    return Surface(one.space, (0,), one.value, one.diverged, one.provenance)


BAD = {
    "searcher 'sha' compares shorter trainings, and x has no curves": ("sha", {}, without_curves),
    "--max-epochs: x has no curves": ("random", {"max_epochs": 10.0}, without_curves),
    "min must not be above max: 5 is above 3": ("sha:min=5,max=3", {}, rough),
    "min must not be above max": ("median:min=8,max=3", {}, rough),
    "max must be a number of epochs from 0 to 9": ("asha:max=10", {}, rough),
    "eta must be a number of at least 2, not 1.5": ("hyperband:eta=1.5", {}, rough),
    "min must be a number of epochs above 0": ("sha:min=0", {}, rough),
    "'asha' compares shorter trainings itself": ("sha:of=asha", {}, rough),
    "unknown searcher 'rondom'": ("asha:of=rondom", {}, rough),
    "radius_min must be": ("sha:of=gld:radius_min=0", {}, rough),
    "startup must be 0 or more": ("median:startup=-1", {}, rough),
    "unknown option 'fidelities'": ("sha:fidelities=3", {}, rough),
    "asha and median support it": ("hyperband", {"cost_model": "stop"}, rough),
    "unknown cost model 'pause'": ("random", {"cost_model": "pause"}, rough),
    "workers must be 1 or more, not 0": ("random", {"workers": 0}, rough),
    "max-epochs must be a number above 0": ("random", {"max_epochs": 0.0}, rough),
    "--max-epochs 5 is less than one training of x: 9 epochs": ("random", {"max_epochs": 5.0}, rough),
    "--max-epochs 2 is less than the first query of searcher 'sha:min=3': 3": (
        "sha:min=3",
        {"max_epochs": 2.0},
        rough,
    ),
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_named(line: str) -> None:
    searcher, options, make = BAD[line]
    with pytest.raises(BadInput, match=line):
        replay({"x": make()}, [searcher], repeats=1, **options)  # type: ignore[arg-type]


def test_another_fidelity_than_epochs() -> None:
    one = rough(epochs=3)
    surface = Surface(
        one.space, (0,), one.value, one.diverged, one.provenance, one.curve, fidelity=Fidelity("share", (0.1, 0.3, 1.0))
    )
    last = ends(surface, "sha", repeats=5, max_trials=13)
    # 9 cells at 0.1, 3 at 0.3, one at 1.
    whole = last["trial"] == 13
    assert last.loc[whole, "spent"].to_numpy() == pytest.approx(9 * 0.1 + 3 * 0.2 + 0.7)


def test_on_a_pool_it_is_the_proposer_that_needs_an_order() -> None:
    members = np.array([[0, 0], [1, 2], [2, 1], [3, 3], [0, 3], [2, 2], [1, 1], [3, 0], [0, 1], [2, 3]])
    axes = tuple(Axis(name, (1.0, 2.0, 3.0, 4.0), "linear") for name in "ab")
    curve = np.random.default_rng(0).permutation(90).reshape(10, 1, 9).astype(float)
    value = curve[..., -1]
    pool = Surface(Pool(axes, members), (0,), value, value < 0, Provenance("toy", "pool"), curve)
    for text in ("sha", "hyperband", "asha:of=random-unique", "median"):
        last = ends(pool, text, repeats=5)
        assert (last["spent"] <= 90).all()
    with pytest.raises(BadInput, match="--nearest answers any proposal"):
        ends(pool, "sha:of=gld", repeats=1)
    last = ends(pool, "sha:of=gld", repeats=5, nearest=True)
    assert (last["unique"] <= 10).all()


def test_chunks_change_nothing() -> None:
    problem = TabularProblem.of("toy/opt", rough(seeds=3), noise=True, curves=True)
    for text in ("sha:of=gld", "hyperband", "asha", "median"):
        limits = Limits(200, 150.0)
        whole = run_chunk(Chunk(problem, text, 0, range(6), limits))
        parts = [run_chunk(Chunk(problem, text, 0, part, limits)) for part in (range(2), range(2, 6))]
        for name, column in whole.items():
            np.testing.assert_array_equal(column, np.concatenate([part[name] for part in parts]))
