"""Searchers compiled and run by Python: the same queries, charges and times, one by one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.ledger import CostModel, Limits
from tuning.play import is_compiled, play
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, get_searcher, names
from tuning.table import table_rows

SHAPES = [(21, 21), (5, 40), (4, 6, 5), (30,), (3, 1, 7), (1, 1), (2,)]
WHOLE = [text for name in names(fidelities=False) for text in SEARCHERS[name].texts]
SHORTER = [
    *(text for name in names(fidelities=True) for text in SEARCHERS[name].texts if text != "median:of=tpe"),
    "hyperband:of=cmaes:popsize=6",
    "asha:of=cmaes",
]
CASES = [
    (text, model) for text in SHORTER for model in CostModel if model is not CostModel.stop or get_searcher(text).stops
]


def space_of(shape: tuple[int, ...]) -> Space:
    return Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))


def of_values(kind: str, shape: tuple[int, ...], columns: int = 1) -> TabularProblem:
    """A problem without curves on which no replay ends before its budget does, unless `lowest` is replaced."""
    cells = np.array(list(np.ndindex(shape)), float)
    value = {
        "noise": np.random.default_rng(4).random(len(cells)),
        "bowl": ((cells - np.array(shape) * 0.6) ** 2).sum(axis=1),
        "ties": cells.sum(axis=1) % 3,
    }[kind]
    told = (
        value[:, None] if columns == 1 else np.random.default_rng(0).normal(value[:, None], 5.0, (len(value), columns))
    )
    return TabularProblem("x", "a", "b", space_of(shape), value, told[..., None], -math.inf)


def of_curves(
    seeds: int = 1, shape: tuple[int, ...] = (6, 7), epochs: int = 9, seconds: bool = False
) -> TabularProblem:
    rng = np.random.default_rng(2)
    curve = rng.integers(0, 60, (*shape, seeds, epochs)) / 7.0  # many equal values, and sums that round
    took = rng.random((*shape, seeds)) if seconds else None
    value = curve[..., -1]
    surface = Surface(space_of(shape), tuple(range(seeds)), value, value < 0, Provenance("a", "b"), curve, seconds=took)
    return TabularProblem.of("x", surface, noise=seeds > 1, curves=True)


def both(text: str, problem: TabularProblem, limits: Limits, repeats: range = range(2, 6)) -> np.ndarray:
    spec = get_searcher(text)
    fast, slow = (play(problem, spec, 5, repeats, limits, by_python) for by_python in (False, True))
    assert fast.compiled
    assert not slow.compiled
    width = slow.cells.shape[1]
    assert (fast.cells[:, width:] == -1).all()
    np.testing.assert_array_equal(fast.cells[:, :width], slow.cells)
    there = slow.cells >= 0
    for name in ("columns", "points", "spent", "clock"):
        one, two = getattr(fast, name), getattr(slow, name)
        if one is not None and two is not None:
            np.testing.assert_array_equal(one[:, :width][there], two[there], err_msg=name)
    rows, by_python = table_rows(fast, problem, 0), table_rows(slow, problem, 0)
    for name, column in by_python.items():
        if name != "spent" or spec.over_fidelities:
            np.testing.assert_array_equal(rows[name], column, err_msg=name)
    return fast.cells


@pytest.mark.parametrize("kind", ["noise", "bowl", "ties"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", WHOLE)
def test_trials_are_the_same(text: str, shape: tuple[int, ...], kind: str) -> None:
    # Trials beyond the number of cells too: random-unique begins anew.
    trials = min(math.prod(shape) + 10, 40 if text.startswith("tpe") else 90)
    both(text, of_values(kind, shape), Limits(trials), range(2, 4))


@pytest.mark.parametrize("text", WHOLE)
def test_noise_and_the_end_are_the_same(text: str) -> None:
    problem = of_values("bowl", (6, 7), columns=3)
    noisy = Limits(40, timed=True)
    both(text, problem, noisy)
    ending = replace(of_values("noise", (6, 7)), lowest=float(np.quantile(of_values("noise", (6, 7)).value, 0.03)))
    found = both(text, ending, Limits(60), range(8))
    if "radius_max=0.5" not in text:  # which never leaves its first cell
        assert (found[:, -1] == -1).any(), "no replay ended early"


@pytest.mark.parametrize("text", ["gld", "cgld"])
def test_on_a_large_space_balls_are_counted(text: str) -> None:
    both(text, of_values("noise", (50, 45)), Limits(60))
    both(text, of_values("noise", (12, 14, 15)), Limits(60))


@pytest.mark.parametrize("text", WHOLE)
def test_a_replay_is_the_same_in_any_company(text: str) -> None:
    problem, spec, limits = of_values("noise", (9, 8)), get_searcher(text), Limits(40)
    together = play(problem, spec, 0, range(12), limits).cells
    halves = [play(problem, spec, 0, part, limits).cells for part in (range(5), range(5, 12))]
    np.testing.assert_array_equal(together, np.concatenate(halves))


@pytest.mark.parametrize(("text", "model"), CASES)
def test_queries_are_the_same(text: str, model: CostModel) -> None:
    both(text, replace(of_curves(), lowest=-1.0), Limits(150, np.inf, model))
    both(text, of_curves(seconds=True), Limits(1000, 150.0, model, timed=True))


@pytest.mark.parametrize(("text", "model"), CASES)
def test_queries_with_noise_are_the_same(text: str, model: CostModel) -> None:
    both(text, of_curves(seeds=3, seconds=True), Limits(90, 200.0, model, timed=True))


@pytest.mark.parametrize("text", ["sha", "hyperband", "asha", "median", "hyperband:of=gld"])
@pytest.mark.parametrize("shape", [(1,), (2, 2), (4, 3, 5), (700,)])
def test_any_shape_and_more_trainings_than_are_made_ahead(text: str, shape: tuple[int, ...]) -> None:
    both(text, replace(of_curves(shape=shape, epochs=5), lowest=-1.0), Limits(1500, np.inf), range(2))


def test_others_are_left_to_python() -> None:
    for text in ("sha:of=cmaes:impl=pycma", "median:of=tpe", "asha:of=optuna:RandomSampler"):
        assert not is_compiled(get_searcher(text), of_curves(), Limits(9))
    for text in ("cmaes:impl=pycma", "cmaes:popsize=5", "optuna:RandomSampler"):
        assert not is_compiled(get_searcher(text), of_values("noise", (9, 9)), Limits(9))
    assert not is_compiled(get_searcher("sha"), of_curves(), Limits(9, workers=2))
