"""A few replays are played without numba: the rows are those of compiled searchers, to the last byte."""

from dataclasses import replace

import numpy as np
import pytest

from grids.library import load_surface
from tuning.chunk import FEW, Chunk, is_few, run_chunk
from tuning.ledger import Limits
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, get_searcher, names

TEXTS = [text for name in names(fidelities=False) for text in SEARCHERS[name].texts]
SURFACES = ["digits-mlp/sgd", "digits-mlp/adam", "kjv-lstm/sgd"]


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_without_numba_the_rows_are_the_same(text: str, name: str) -> None:
    problem = TabularProblem.of(name, load_surface(name), noise=name == "digits-mlp/sgd")
    chunk = Chunk(problem, text, 3, range(2, 8), Limits(150), plain=True)
    plain, compiled = run_chunk(chunk), run_chunk(replace(chunk, plain=False))
    assert plain.keys() == compiled.keys()
    for column, values in compiled.items():
        assert plain[column].dtype == values.dtype
        assert plain[column].tobytes() == values.tobytes(), column


def test_few_are_those_that_rarely_spend_their_budget() -> None:
    surface = load_surface("digits-mlp/sgd")
    problem, noisy = TabularProblem.of("a", surface), TabularProblem.of("a", surface, noise=True)
    gld, sha, third_party = (get_searcher(text) for text in ("gld", "sha", "optuna:RandomSampler"))
    assert is_few(problem, gld, 10, Limits(FEW // 10))
    assert not is_few(problem, gld, 11, Limits(FEW // 10))
    assert not is_few(noisy, gld, 1, Limits(9))
    assert not is_few(problem, sha, 1, Limits(9))
    assert not is_few(problem, third_party, 1, Limits(9))
    assert not is_few(problem, gld, 1, Limits(9, workers=2))


def test_all_rows_of_a_few_replays_come_in_order() -> None:
    problem = TabularProblem.of("digits-mlp/adam", load_surface("digits-mlp/adam"))
    rows = run_chunk(Chunk(problem, "cmaes", 0, range(5, 9), Limits(100), plain=True))
    np.testing.assert_array_equal(np.unique(rows["repeat"]), range(5, 9))
    assert (np.diff(rows["repeat"]) >= 0).all()
