"""What every searcher must keep to, whoever wrote it: one suite over all that are registered, and some of Optuna's."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from grids.space import Axis, Cell, Space
from tuning.searchers import SEARCHERS, Fidelities, Query, get_searcher

EVERY = [
    *SEARCHERS,
    "optuna:RandomSampler",
    "optuna:CmaEsSampler",
    "optuna:TPESampler",
    "optuna:GridSampler",
    "optuna:BruteForceSampler",
]
VARIANTS = [
    "cmaes:sigma=2,popsize=3",
    *(text for one in SEARCHERS.values() for text in one.texts[1:]),
    "optuna:TPESampler:multivariate=false",
    "optuna:NSGAIISampler:population_size=5",
    "optuna:QMCSampler,scramble=true",
]


def space(*lengths: int) -> Space:
    return Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(lengths)))


SPACES = {
    "square": space(7, 7),
    "line": space(9),
    "cube": space(3, 4, 5),
    "one cell": space(1),
    "one cell of two axes": space(1, 1),
    "a thin axis": space(1, 8),
    "long and short": space(2, 25),
}


def bowl(cell: Cell) -> float:
    return float(sum((index - 1.3) ** 2 for index in cell))


VALUES = {
    "bowl": bowl,
    "constant": lambda cell: 1.0,
    "ties": lambda cell: float(sum(cell) // 3),
    "huge": lambda cell: 1e300 if sum(cell) % 2 else -1e300,
    "tiny": lambda cell: -1e-300 * sum(cell),
}


FIDELITIES = Fidelities(tuple(float(epoch) for epoch in range(1, 10)))


def trials(text: str, where: Space, value=bowl, seed: int = 0, count: int = 30) -> list[Cell]:  # type: ignore[no-untyped-def]
    """The cells asked for; a searcher over fidelities is told the same value of a cell at each of them."""
    searcher = get_searcher(text).build(where, np.random.default_rng(seed), FIDELITIES)
    cells = []
    for _ in range(count):
        asked = searcher.ask()
        cell = asked
        if isinstance(asked, Query):
            assert asked.fidelity in FIDELITIES.amounts
            cell = asked.cell
        searcher.tell(asked, value(cell))
        cells.append(cell)
    return cells


@pytest.mark.parametrize("where", SPACES)
@pytest.mark.parametrize("text", EVERY + VARIANTS)
def test_stays_in_the_space(text: str, where: str) -> None:
    shape = SPACES[where].shape
    for cell in trials(text, SPACES[where], count=25):
        assert isinstance(cell, tuple)
        assert len(cell) == len(shape)
        assert all(isinstance(index, int) and 0 <= index < length for index, length in zip(cell, shape, strict=True))


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("text", EVERY + VARIANTS)
def test_any_finite_values(text: str, kind: str) -> None:
    cells = trials(text, SPACES["square"], VALUES[kind])
    assert len(cells) == 30
    assert all(0 <= index < 7 for cell in cells for index in cell)


@pytest.mark.parametrize("text", EVERY + VARIANTS)
def test_same_seed_same_trials(text: str) -> None:
    where = SPACES["square"]
    assert trials(text, where, seed=4) == trials(text, where, seed=4)


@pytest.mark.parametrize("text", EVERY + VARIANTS)
def test_another_seed_other_trials(text: str) -> None:
    """In so many trials also of a searcher that starts at a fixed cell, and draws only when it begins again."""
    where = SPACES["square"]
    assert trials(text, where, seed=4, count=200) != trials(text, where, seed=5, count=200)


def test_same_trials_in_another_process() -> None:
    texts = EVERY + VARIANTS
    script = textwrap.dedent(
        f"""
        import importlib.util
        file = importlib.util.spec_from_file_location("suite", {__file__!r})
        suite = importlib.util.module_from_spec(file)
        file.loader.exec_module(suite)
        print([suite.trials(text, suite.SPACES["cube"], seed=9, count=25) for text in {texts!r}])
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([trials(text, SPACES["cube"], seed=9, count=25) for text in texts])


@pytest.mark.parametrize("text", EVERY + VARIANTS)
def test_leaves_the_global_random_state_alone(text: str) -> None:
    np.random.seed(1)  # noqa: NPY002  (the state under test)
    before = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]  # noqa: NPY002
    first = trials(text, SPACES["square"])
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index,union-attr]  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert trials(text, SPACES["square"]) == first


@pytest.mark.parametrize("text", ["random-unique", "optuna:GridSampler", "optuna:BruteForceSampler"])
def test_exhaustive_searchers_see_every_cell_once_and_begin_again(text: str) -> None:
    where = SPACES["cube"]
    cells = trials(text, where, count=2 * where.size)
    assert len(set(cells[: where.size])) == where.size
    assert len(set(cells[where.size :])) == where.size
    assert cells[: where.size] != cells[where.size :]


def test_nothing_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    for text in ("tpe", "cmaes", "optuna:GridSampler", "optuna:BruteForceSampler"):
        for where in ("line", "square"):
            trials(text, SPACES[where])
    assert capfd.readouterr() == ("", "")
