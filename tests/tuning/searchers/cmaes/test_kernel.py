"""CMA-ES compiled against pycma: from the same normal numbers the same trials, one by one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from grids.library import load_surface
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.kernels import compiled_trials, plain_trials
from tuning.kernels.batch import generator_at
from tuning.kernels.pcg import streams
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher
from tuning.searchers.cmaes import CMAES, kernel
from tuning.streams import generator, stream
from tuning.trials import noise_columns, trials_matrix

REPLAYS = 6


def box(shape: tuple[int, ...]) -> Space:
    return Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))


def made_up(shape: tuple[int, ...]) -> Surface:
    """A valley across all axes, rough, with a plateau where it ends, so that many values are equal."""
    cells = np.array(list(np.ndindex(shape)), float) / np.array(shape)
    rough = np.random.default_rng(3).random(len(cells)) / 9
    value = np.minimum((4 * (cells - 0.4) ** 2).sum(axis=1) + np.abs(cells[:, 0] - cells[:, -1]) + rough, 0.6)
    return Surface(box(shape), (0,), value.reshape(*shape, 1), np.zeros((*shape, 1), bool), Provenance("made", "up"))


SURFACES = {
    "one axis": lambda: load_surface("digits-mlp/sgd"),
    "one long axis": lambda: made_up((300,)),
    "two axes": lambda: load_surface("fashion-mlp/adam"),
    "two axes of whole errors": lambda: load_surface("digits-conv/avagrad"),
    "two axes of language": lambda: load_surface("kjv-lstm/sgd"),
    "three axes": lambda: made_up((7, 9, 11)),
    "three axes, one idle": lambda: made_up((12, 1, 15)),
    "five axes": lambda: made_up((3, 4, 5, 3, 4)),
}


def both(text: str, problem: TabularProblem, trials: int, repeats: range) -> tuple[np.ndarray, np.ndarray]:
    spec = get_searcher(text)
    columns = noise_columns(problem, spec, 2, repeats, trials)
    first = stream(2, text, problem.name, repeats.start)
    found = compiled_trials(spec, problem.space, problem.final, columns, -math.inf, first, repeats)
    assert found is not None
    endless = replace(problem, lowest=-math.inf)
    return found, trials_matrix(endless, spec, 2, repeats, columns).cells


@pytest.mark.parametrize("name", SURFACES)
def test_trials_are_pycmas(name: str) -> None:
    found, plain = both("cmaes", TabularProblem.of("x", SURFACES[name]()), 300, range(1, 1 + REPLAYS))
    assert found.size >= 1000
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("text", ["cmaes", "cmaes:sigma=2,popsize=9", "cmaes:sigma=0.05"])
@pytest.mark.parametrize("name", SURFACES)
def test_run_by_python_the_kernel_does_the_same(name: str, text: str) -> None:
    problem, spec, columns = (
        TabularProblem.of("x", SURFACES[name]()),
        get_searcher(text),
        np.zeros((REPLAYS, 300), np.int32),
    )
    batch = spec, problem.space, problem.final, columns, -math.inf
    generators = [generator(stream(2, text, problem.name, repeat)) for repeat in range(REPLAYS)]
    found = compiled_trials(*batch, stream(2, text, problem.name, 0), range(REPLAYS))
    assert found is not None
    np.testing.assert_array_equal(plain_trials(*batch, generators), found)


def test_run_by_python_a_replay_that_degenerates_is_pycmas_too() -> None:
    told, columns = np.random.default_rng(1).normal(size=(441, 5)), np.zeros((2, 5000), np.int32)
    columns[:] = np.random.default_rng(2).integers(0, 5, columns.shape)
    batch = get_searcher("cmaes"), box((21, 21)), told, columns, -math.inf
    found = plain_trials(*batch, [generator(stream(5, "cmaes", "a/b", row)) for row in range(2)])
    assert found is not None
    np.testing.assert_array_equal(found, compiled_trials(*batch, stream(5, "cmaes", "a/b", 0), range(2)))


def test_trials_with_noise_are_pycmas() -> None:
    found, plain = both("cmaes", TabularProblem.of("x", load_surface("fashion-mlp/avagrad"), noise=True), 400, range(4))
    np.testing.assert_array_equal(found, plain)


def test_a_long_replay_with_noise_is_pycmas_whoever_plays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over thousands of noisy trials C degenerates, and pycma comes to its rescue."""
    rng = np.random.default_rng(1)
    told, columns = rng.normal(size=(441, 5)), rng.integers(0, 5, (4, 5000)).astype(np.int32)
    by_pycma = kernel.by_pycma
    asked: list[object] = []
    monkeypatch.setattr(kernel, "by_pycma", lambda *given: (asked.append(given), by_pycma(*given))[1])
    found = compiled_trials(
        get_searcher("cmaes"), box((21, 21)), told, columns, -math.inf, stream(5, "cmaes", "a/b", 0), range(4)
    )
    assert found is not None
    assert 0 < len(asked) < 4
    for row in range(4):
        rng = generator(stream(5, "cmaes", "a/b", row))
        np.testing.assert_array_equal(by_pycma(CMAES(box((21, 21)), rng), told, columns[row], -math.inf), found[row])


def test_a_replay_for_pycma_begins_where_its_stream_does() -> None:
    states = streams(stream(3, "cmaes", "a/b", 0), range(4))
    wanted = generator(stream(3, "cmaes", "a/b", 2)).standard_normal(9)
    np.testing.assert_array_equal(generator_at(states[2]).standard_normal(9), wanted)
