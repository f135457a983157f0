"""Compiled searchers against the readable ones: the same trials, one by one."""

import math

import numpy as np
import pytest

from grids.space import Axis, Space
from tuning.kernels import compiled_trials
from tuning.searchers import SEARCHERS, get_searcher, names
from tuning.streams import generator, stream

SHAPES = [(21, 21), (5, 40), (4, 6, 5), (30,), (3, 1, 7), (1, 1), (2,)]
TEXTS = [text for name in names(compiled=True, fidelities=False) for text in SEARCHERS[name].texts]


def space_of(shape: tuple[int, ...]) -> Space:
    return Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))


def values(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    cells = np.array(list(np.ndindex(shape)), float)
    if kind == "noise":
        return np.random.default_rng(4).random(len(cells))
    if kind == "bowl":
        return np.asarray(((cells - np.array(shape) * 0.6) ** 2).sum(axis=1))
    return np.asarray(cells.sum(axis=1) % 3)  # many equal values


def plainly(text: str, space: Space, told: np.ndarray, columns: np.ndarray, stop: float, repeats: range) -> np.ndarray:
    """Ask and tell, one trial at a time."""
    matrix = np.full(columns.shape, -1, np.int32)
    for row, repeat in enumerate(repeats):
        searcher = get_searcher(text).build(space, generator(stream(5, text, "a/b", repeat)))
        for trial, column in enumerate(columns[row]):
            cell = searcher.ask()
            matrix[row, trial] = space.flat(cell)
            value = float(told[matrix[row, trial], column])
            searcher.tell(cell, value)
            if value <= stop:
                break
    return matrix


def compiled(text: str, space: Space, told: np.ndarray, columns: np.ndarray, stop: float, repeats: range) -> np.ndarray:
    spec = get_searcher(text)
    matrix = compiled_trials(spec, space, told, columns, stop, stream(5, text, "a/b", 0), repeats)
    assert matrix is not None
    return matrix


@pytest.mark.parametrize("kind", ["noise", "bowl", "ties"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", TEXTS)
def test_trials_are_those_of_the_readable_form(text: str, shape: tuple[int, ...], kind: str) -> None:
    told = values(kind, shape)[:, None]
    # Trials beyond the number of cells too: random-unique begins anew.
    columns = np.zeros((3, min(math.prod(shape) + 10, 90)), np.int32)
    batch = space_of(shape), told, columns, -math.inf, range(2, 5)
    np.testing.assert_array_equal(compiled(text, *batch), plainly(text, *batch))


@pytest.mark.parametrize("text", ["tpe", "cmaes"])
def test_a_whole_replay_is_the_readable_forms(text: str) -> None:
    told = values("noise", (21, 21))[:, None]
    batch = space_of((21, 21)), told, np.zeros((2, 441), np.int32), -math.inf, range(2)
    np.testing.assert_array_equal(compiled(text, *batch), plainly(text, *batch))


@pytest.mark.parametrize("text", TEXTS)
def test_noise_and_the_end_are_those_of_the_readable_form(text: str) -> None:
    shape = (6, 7)
    told = np.random.default_rng(0).normal(values("bowl", shape)[:, None], 5.0, (42, 3))
    columns = np.random.default_rng(1).integers(0, 3, (20, 60)).astype(np.int32)
    batch = space_of(shape), told, columns, float(np.quantile(told, 0.03)), range(20)
    found = compiled(text, *batch)
    assert (found[:, -1] == -1).any(), "no replay ended early"
    np.testing.assert_array_equal(found, plainly(text, *batch))


@pytest.mark.parametrize("text", TEXTS)
def test_a_replay_is_the_same_in_any_company(text: str) -> None:
    space, told = space_of((9, 8)), values("noise", (9, 8))[:, None]
    columns = np.zeros((12, 40), np.int32)
    together = compiled(text, space, told, columns, 0.01, range(12))
    halves = [compiled(text, space, told, columns[:5], 0.01, part) for part in (range(5), range(5, 10))]
    np.testing.assert_array_equal(together[:10], np.concatenate(halves))


@pytest.mark.parametrize("text", ["cmaes:impl=pycma", "cmaes:popsize=5", "optuna:RandomSampler"])
def test_other_searchers_are_left_to_the_plain_loop(text: str) -> None:
    space = space_of((3, 3))
    columns = np.zeros((1, 4), np.int32)
    sequence = stream(0, text, "a/b", 0)
    assert compiled_trials(get_searcher(text), space, np.zeros((9, 1)), columns, 0.0, sequence, range(1)) is None


def test_tpe_on_a_very_long_axis_is_left_to_the_plain_loop() -> None:
    space = space_of((1001,))
    batch = space, np.zeros((1001, 1)), np.zeros((1, 4), np.int32), 0.0, stream(0, "tpe", "a/b", 0), range(1)
    assert compiled_trials(get_searcher("tpe"), *batch) is None
