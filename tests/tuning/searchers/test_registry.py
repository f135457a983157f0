"""The registry of searchers: what else names them reads it, and it keeps what it says."""

import inspect

import numpy as np
import pytest

from grids.commands.late import filled
from grids.space import PRESETS
from grids.surface import Fidelity
from tuning.exact import exact_law
from tuning.help_lists import LISTS
from tuning.ledger import Limits
from tuning.play import is_compiled
from tuning.problem import TabularProblem
from tuning.searchers import LABELS, SEARCHERS, get_searcher, names
from tuning.searchers.registry import searcher


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
    assert next(iter(inspect.signature(one.form.tables).parameters)) == "space"
    assert inspect.getdoc(one.form.tables)


@pytest.mark.parametrize("name", SEARCHERS)
def test_each_is_compiled(name: str) -> None:
    value = np.arange(9.0)
    told = np.stack([value + 1, value], axis=1)[:, None]
    fidelity = Fidelity("epoch", (1.0, 2.0))
    problem = TabularProblem("x", "a", "b", PRESETS["tiny"], value, told, 0.0, fidelity=fidelity)
    assert is_compiled(get_searcher(name), problem, Limits(9))
    assert not is_compiled(get_searcher(name), problem, Limits(9, workers=2))


@pytest.mark.parametrize("name", names(exact=True))
def test_each_has_an_exact_law_that_says_so(name: str) -> None:
    assert exact_law(np.arange(9.0).reshape(3, 3), name, 1.0).mean >= 1


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="two searchers are called 'gld'"):
        searcher("gld", SEARCHERS["cgld"].form, label="GLD", summary="another", place=9)
    assert SEARCHERS["gld"].summary != "another"


def test_help_lists_what_is_registered() -> None:
    assert filled("one of {searchers}") == f"one of {', '.join(SEARCHERS)}"
    assert all(name in filled("{spaces}") for name in PRESETS)
    assert filled("nothing to fill") == "nothing to fill"
    assert all(words() for words in LISTS.values())
