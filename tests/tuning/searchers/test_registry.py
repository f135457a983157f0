"""The registry of searchers: what else names them reads it, and it keeps what it says."""

import inspect

import numpy as np
import pytest

from grids.space import PRESETS
from tuning.exact import exact_law
from tuning.kernels import compiled_trials
from tuning.late_help import LISTS, filled
from tuning.searchers import LABELS, SEARCHERS, get_searcher, names
from tuning.searchers.registry import searcher
from tuning.streams import stream


def test_the_papers_five_stand_in_its_order() -> None:
    assert names(paper=True) == ("random", "tpe", "cmaes", "gld", "cgld")
    assert names(fidelities=False) == ("random", "random-unique", "tpe", "cmaes", "gld", "cgld", "line")
    assert names(fidelities=True) == ("sha", "hyperband", "asha", "median")


@pytest.mark.parametrize("name", SEARCHERS)
def test_each_says_what_it_is(name: str) -> None:
    one = SEARCHERS[name]
    assert one.name == name
    assert one.label == LABELS[name]
    assert one.summary
    assert not one.summary.endswith(".")
    assert [*inspect.signature(one.factory).parameters][:2] == ["space", "rng"]


@pytest.mark.parametrize("name", names(fidelities=False))
def test_each_is_compiled_just_if_it_says_so(name: str) -> None:
    told, columns = np.arange(9.0)[:, None], np.zeros((2, 4), np.int32)
    found = compiled_trials(
        get_searcher(name), PRESETS["tiny"], told, columns, -1.0, stream(0, name, "a/b", 0), range(2)
    )
    assert (found is not None) == SEARCHERS[name].compiled


@pytest.mark.parametrize("name", names(exact=True))
def test_each_has_an_exact_law_that_says_so(name: str) -> None:
    assert exact_law(np.arange(9.0).reshape(3, 3), name, 1.0).mean >= 1


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="two searchers are called 'gld'"):
        searcher("gld", label="GLD", summary="another", place=9, kernel=None, law=None, variants=())(object)
    assert SEARCHERS["gld"].summary != "another"


def test_help_lists_what_is_registered() -> None:
    assert filled("one of {searchers}") == f"one of {', '.join(SEARCHERS)}"
    assert all(name in filled("{spaces}") for name in PRESETS)
    assert filled("nothing to fill") == "nothing to fill"
    assert all(words() for words in LISTS.values())
