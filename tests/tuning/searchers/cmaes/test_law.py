"""CMA-ES against pycma, whose faulty rule is corrected: in law the same trials.

Both are random, and not from the same numbers, so distributions are compared: of trials to a level, of the number of
distinct cells, and of the best value. A test of so many comparisons would be wrong now and then; each seed is fixed.
"""

import math
from collections.abc import Callable

import cma.evolution_strategy
import numpy as np
import pytest
from scipy.stats import ks_2samp

from grids.library import load_surface
from grids.space import Axis, Space
from tuning.ledger import Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher

RUNS, TRIALS = 300, 120


def made(shape: tuple[int, ...], value: np.ndarray) -> TabularProblem:
    space = Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))
    flat = value.ravel().astype(float)
    return TabularProblem("x", "a", "b", space, flat, flat[:, None, None], -math.inf)


def valley(*shape: int) -> TabularProblem:
    cells = np.array(list(np.ndindex(shape)), float) / np.array(shape)
    rough = np.random.default_rng(3).random(len(cells)) / 9
    return made(shape, (4 * (cells - 0.4) ** 2).sum(axis=1) + np.abs(cells[:, 0] - cells[:, -1]) + rough)


def plateau() -> TabularProblem:
    """Nine tenths of all cells are equal."""
    x, y = np.mgrid[0:21, 0:21]
    return made((21, 21), np.minimum((x - 13) ** 2 + (y - 4) ** 2, 45))


def shipped() -> TabularProblem:
    return made((21, 21), load_surface("digits-mlp/adam").mean)


SURFACES: dict[str, Callable[[], TabularProblem]] = {
    "a shipped surface": shipped,
    "a plateau": plateau,
    "one axis": lambda: valley(60),
    "three axes": lambda: valley(7, 9, 11),
    "four axes": lambda: valley(6, 5, 6, 5),
}


@pytest.fixture
def corrected_pycma(monkeypatch: pytest.MonkeyPatch) -> None:
    """pycma's `noeffectcoord` looks at the axes' indices, of which the first is 0: so it overlooks the first axis."""
    original = cma.evolution_strategy._CMAStopDict._update

    def update(self: dict[str, object], es: object) -> object:
        found = original(self, es)
        wide = 0.2 * es.sigma * es.sigma_vec.scaling * np.sqrt(es.dC)  # type: ignore[attr-defined]
        if np.any(es.mean == es.mean + wide):  # type: ignore[attr-defined]
            self["noeffectcoord"] = 1
        return found

    monkeypatch.setattr(cma.evolution_strategy._CMAStopDict, "_update", update)


def facts(problem: TabularProblem, cells: np.ndarray) -> dict[str, np.ndarray]:
    value = problem.value[cells]
    level = np.quantile(problem.value, 0.01)
    hit = np.where((value <= level).any(axis=1), (value <= level).argmax(axis=1), cells.shape[1])
    return {
        "trials to the lowest hundredth": hit,
        "distinct cells": np.array([len(set(row)) for row in cells.tolist()]),
        "mean told": value.mean(axis=1),
        "best": value.min(axis=1),
    }


@pytest.mark.slow
@pytest.mark.usefixtures("corrected_pycma")
@pytest.mark.parametrize("name", SURFACES)
def test_the_law_is_pycmas(name: str) -> None:
    problem = SURFACES[name]()
    ours = play(problem, get_searcher("cmaes"), 1, range(3000), Limits(TRIALS)).cells
    theirs = play(problem, get_searcher("cmaes:impl=pycma"), 1, range(RUNS), Limits(TRIALS)).cells
    one, two = facts(problem, ours), facts(problem, theirs)
    found = {what: float(ks_2samp(one[what], two[what]).pvalue) for what in one}
    print(f"\n{name}: " + ", ".join(f"{what} p = {p:.3f}" for what, p in found.items()))
    assert min(found.values()) > 0.01


def test_equal_values_all_around_end_a_start_soon() -> None:
    """On a flat surface a start ends after a few generations, and the next one begins elsewhere."""
    problem = made((21, 21), np.ones((21, 21)))
    cells = play(problem, get_searcher("cmaes"), 0, range(50), Limits(400)).cells
    assert np.mean([len(set(row)) for row in cells.tolist()]) > 100


def test_a_long_noisy_replay_goes_on_to_its_budget() -> None:
    rng = np.random.default_rng(0)
    problem = made((21, 21), rng.random((21, 21)))
    noisy = TabularProblem("x", "a", "b", problem.space, problem.value, rng.normal(size=(441, 9, 1)), -math.inf)
    found = play(noisy, get_searcher("cmaes"), 0, range(3), Limits(20_000)).cells
    assert (found >= 0).all()
