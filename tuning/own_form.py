"""Try a user's own searcher in compiled form before it is compiled."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from grids.errors import BadInput
from tuning.kernels.compiling import plain
from tuning.problem import TabularProblem
from tuning.searchers.form import Form, with_room

TRIALS = 25
"""The number of trials that Python runs."""


def try_form(form: Form, tables: Any, problem: TabularProblem) -> None:
    """Run some trials of a form by Python.

    Raises:
        BadInput: one of its functions draws from a global random generator.
        Any exception of these functions.
    """
    begin, ask, tell = (_watched(name, plain(function)) for name, function in form.functions(tables).items())
    tables, rng = with_room(tables, TRIALS), np.random.default_rng(0)
    state = begin(tables, rng)
    for _ in range(TRIALS):
        asked = ask(tables, state, rng)
        if not 0 <= asked.cell < problem.space.size:
            raise BadInput(f"its function 'ask' returned {asked.cell}, not a cell from 0 to {problem.space.size - 1}")
        state = tell(tables, state, asked, float(problem.asked[asked.cell, 0, asked.point]))


def _watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*args: Any) -> Any:
        before = _global_states()
        found = function(*args)
        if _global_states() != before:
            raise BadInput(
                f"its function '{name}' draws from a global random generator: draw from its argument 'rng', "
                f"by uniform, normal or pick of tuning.searchers"
            )
        return found

    return watched


def _global_states() -> tuple[Any, Any]:
    state: Any = np.random.get_state()  # noqa: NPY002  (the state under watch)
    return (state[1].tobytes(), *state[2:]), random.getstate()
