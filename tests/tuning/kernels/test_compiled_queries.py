"""Compiled searchers over fidelities against the readable ones: the same queries, charges and times, one by one."""

from dataclasses import replace

import numpy as np
import pytest

from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.kernels import compiled_played, compiled_rows
from tuning.ledger import CostModel, Limits
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, get_searcher, names
from tuning.streams import stream
from tuning.table import table_rows
from tuning.trials import noise_columns, trials_matrix

TEXTS = [
    *(text for name in names(compiled=True, fidelities=True) for text in SEARCHERS[name].texts),
    "hyperband:of=cmaes:popsize=6",
    "asha:of=cmaes",
]
MODELS = ["resume", "restart", "stop"]


def problem(seeds: int = 1, shape: tuple[int, ...] = (6, 7), epochs: int = 9, seconds: bool = False) -> TabularProblem:
    space = Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))
    rng = np.random.default_rng(2)
    curve = rng.integers(0, 60, (*shape, seeds, epochs)) / 7.0  # many equal values, and sums that round
    took = rng.random((*shape, seeds)) if seconds else None
    value = curve[..., -1]
    surface = Surface(space, tuple(range(seeds)), value, value < 0, Provenance("a", "b"), curve, seconds=took)
    return TabularProblem.of("x", surface, noise=seeds > 1, curves=True)


def both(text: str, on: TabularProblem, limits: Limits, repeats: range = range(2, 8)) -> None:
    spec = get_searcher(text)
    columns = noise_columns(on, spec, 5, repeats, limits.max_trials)
    found = compiled_played(spec, on, columns, limits, stream(5, text, on.name, 0), repeats)
    plain = trials_matrix(on, spec, 5, repeats, columns, limits)
    assert found is not None
    for name in ("cells", "columns", "points"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name), err_msg=name)
    there = found.cells >= 0
    np.testing.assert_array_equal(found.spent[there], plain.spent[there])  # type: ignore[index]
    if limits.timed:
        np.testing.assert_array_equal(found.clock[there], plain.clock[there])  # type: ignore[index]
    fast, slow = compiled_rows(found, on, 0), table_rows(plain, on, 0)
    for name, column in slow.items():
        np.testing.assert_array_equal(fast[name], column, err_msg=name)


def plays(text: str, model: str) -> bool:
    """Whether a searcher goes with a cost model, and is compiled with these options."""
    if text.startswith("median:of=tpe"):
        return False
    return model != "stop" or get_searcher(text).stops


CASES = [(text, model) for text in TEXTS for model in MODELS if plays(text, model)]


@pytest.mark.parametrize(("text", "model"), CASES)
def test_queries_are_those_of_the_readable_form(text: str, model: str) -> None:
    limits = Limits(150, np.inf, CostModel(model))
    both(text, replace(problem(), lowest=-1.0), limits)
    both(text, problem(seconds=True), Limits(1000, 150.0, CostModel(model), timed=True))


@pytest.mark.parametrize(("text", "model"), CASES)
def test_noise_is_that_of_the_readable_form(text: str, model: str) -> None:
    both(text, problem(seeds=3, seconds=True), Limits(90, 200.0, CostModel(model), timed=True))


@pytest.mark.parametrize("text", ["sha", "hyperband", "asha", "median", "hyperband:of=gld", "sha:of=cmaes"])
@pytest.mark.parametrize("shape", [(1,), (2, 2), (4, 3, 5), (700,)])
def test_any_shape_and_more_trainings_than_are_made_ahead(text: str, shape: tuple[int, ...]) -> None:
    both(text, replace(problem(shape=shape, epochs=5), lowest=-1.0), Limits(1500, np.inf), range(3))


def test_other_proposers_are_left_to_the_plain_loop() -> None:
    for text in ("sha:of=cmaes:impl=pycma", "median:of=tpe", "asha:of=optuna:RandomSampler"):
        on, columns = problem(), np.zeros((1, 9), np.int32)
        assert compiled_played(get_searcher(text), on, columns, Limits(9), stream(0, text, "a/b", 0), range(1)) is None
    on, columns = problem(), np.zeros((1, 9), np.int32)
    limits = Limits(9, workers=2)
    assert compiled_played(get_searcher("sha"), on, columns, limits, stream(0, "sha", "a/b", 0), range(1)) is None
