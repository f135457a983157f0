"""TPE's trials, run by Python and compiled, against the readable form: from the same random numbers the same cells."""

import math

import numpy as np
import pytest
from readable import ReadableTPE

from grids.space import Axis, Space
from tuning.ledger import Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher
from tuning.streams import generator, stream
from tuning.trials import play_one

SHAPES = [(21, 21), (5, 40), (4, 6, 5), (30,), (3, 1, 7), (1, 1), (2,)]


def space_of(shape: tuple[int, ...]) -> Space:
    return Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))


def problem_of(kind: str, shape: tuple[int, ...]) -> TabularProblem:
    cells = np.array(list(np.ndindex(shape)), float)
    values = {
        "noise": np.random.default_rng(4).random(len(cells)),
        "bowl": ((cells - np.array(shape) * 0.6) ** 2).sum(axis=1),
        "ties": cells.sum(axis=1) % 3,
    }[kind]
    return TabularProblem("x", "a", "b", space_of(shape), values, values[:, None, None], -math.inf)


def both(text: str, problem: TabularProblem, trials: int, by_python: bool, replays: int = 3, **options: int) -> None:
    found = play(problem, get_searcher(text), 5, range(replays), Limits(trials), by_python)
    for repeat in range(replays):
        reference = ReadableTPE(problem.space, generator(stream(5, text, problem.name, repeat)), **options)
        expected = play_one(reference, problem, np.zeros(trials, np.int32), Limits(trials)).cells
        np.testing.assert_array_equal(found.cells[repeat], expected)


@pytest.mark.parametrize("by_python", [False, True])
@pytest.mark.parametrize("kind", ["noise", "bowl", "ties"])
@pytest.mark.parametrize("shape", SHAPES)
def test_trials_are_those_of_the_readable_form(shape: tuple[int, ...], kind: str, by_python: bool) -> None:
    both("tpe", problem_of(kind, shape), min(math.prod(shape) + 10, 90), by_python)


def test_options_are_those_of_the_readable_form() -> None:
    text = "tpe:n_startup_trials=0,n_ei_candidates=3"
    both(text, problem_of("noise", (9, 8)), 80, False, n_startup_trials=0, n_ei_candidates=3)


def test_a_whole_replay_is_that_of_the_readable_form() -> None:
    """Far beyond the number of trials from which kernels are gathered in a histogram."""
    both("tpe", problem_of("noise", (21, 21)), 441, False, replays=2)
    both("tpe", problem_of("bowl", (30,)), 300, False, replays=2)


def test_an_axis_too_long_for_the_tables_is_left_to_optuna() -> None:
    problem = problem_of("bowl", (1001,))
    found = play(problem, get_searcher("tpe"), 0, range(1), Limits(15))
    assert not found.compiled
    assert len(np.unique(found.cells)) > 5
