"""A user's own searcher in compiled form: the README's makes the trials of its class, and faults get one line."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grids.errors import BadInput
from grids.library import load_surface
from tuning.ledger import Limits
from tuning.play import is_compiled, play
from tuning.problem import TabularProblem
from tuning.replay import replay
from tuning.searchers import get_searcher

README = Path(__file__).parents[2] / "README.md"
Write = Callable[[str, str], str]


def block(file: str) -> str:
    found = re.search(rf"```python file={file}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module of this name into the current folder; its name carries the test's, since modules are kept."""

    def write(name: str, text: str) -> str:
        name = f"{name}_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        return name

    return write


def test_the_readmes_form_makes_the_trials_of_its_class(module: Write) -> None:
    problem = TabularProblem.of("digits-mlp/adam", load_surface("digits-mlp/adam"))
    as_class = get_searcher(f"{module('classes', block('my_searchers.py'))}:Climber")
    as_form = replace(get_searcher(f"{module('forms', block('my_forms.py'))}:climber"), text=as_class.text)
    limits = Limits(441)
    assert is_compiled(as_form, problem, limits)
    assert not is_compiled(as_class, problem, limits)
    one, two = (play(problem, spec, 3, range(30), limits).cells for spec in (as_class, as_form))
    np.testing.assert_array_equal(one, two[:, : one.shape[1]])
    by_python = play(problem, as_form, 3, range(5), limits, by_python=True).cells
    np.testing.assert_array_equal(by_python, one[:5, : by_python.shape[1]])


FAULTS = {
    "leaves": ("return whole(cell, 0)", "return whole(cell + 441, 0)", "'ask' returned"),
    "global_draws": (
        "int(uniform(rng) * 3)",
        "int(np.random.random() * 3)",
        "'ask' draws from a global random generator",
    ),
    "objects": ("np.full(1, np.inf))", "[object()])", "'begin' cannot be compiled: "),
    "raises": ("    cell, stride", "    state.cell[7]\n    cell, stride", "IndexError"),
    "points": ("return whole(cell, 0)", "return whole(cell, 0)._replace(point=2)", "searcher 'points"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_gets_one_line(module: Write, fault: str) -> None:
    before, after, said = FAULTS[fault]
    text = block("my_forms.py").replace(before, after)
    if fault == "objects":
        text = text.replace("value < state.value[0]", "value < 5.0").replace(
            "state.value[0] = asked.cell, value", "_ = asked.cell, 0"
        )
    name = module(fault, text)
    with pytest.raises(BadInput) as caught:
        replay(load_surface("digits-mlp/adam"), [f"{name}:climber"], repeats=20)
    assert said in str(caught.value)
    assert f"searcher '{name}:climber'" in str(caught.value)
    assert "\n" not in str(caught.value)
