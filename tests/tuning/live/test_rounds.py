"""Live studies side by side against the same studies one at a time."""

from collections import Counter

import numpy as np
import pytest

from grids.errors import BadInput
from grids.space import PRESETS, Axis, Space
from tuning.live import play_live, specs_for_live
from tuning.searchers import Query, get_searcher, names
from tuning.streams import LIVE, generator, stream, training_seed

SPACE = PRESETS["tiny"]
WHOLE = names(fidelities=False)


def value(cell: int, seed: int) -> float:
    """What a training comes out as: of its cell and its seed alone."""
    return float(np.random.default_rng([cell, seed]).normal(cell % 4, 0.3))


def train(cells: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([value(cell, seed) for cell, seed in zip(cells.tolist(), seeds.tolist(), strict=True)])
    return values, values > 3


def alone(text: str, repeat: int, trials: int, seed: int) -> list[tuple[int, float]]:
    """One study, trial by trial: the plain form."""
    searcher = get_searcher(text).build(SPACE, generator(stream(seed, text, "toy/adam", repeat, LIVE)))
    found = []
    for trial in range(trials):
        asked = searcher.ask()
        cell = SPACE.flat(asked)
        told = value(cell, training_seed(seed, text, "toy/adam", repeat, trial))
        searcher.tell(asked, told)
        found.append((cell, told))
    return found


@pytest.mark.parametrize("text", WHOLE)
def test_side_by_side_equals_one_at_a_time(text: str) -> None:
    others = ["random", "gld:radius_max=2"]
    searchers = [text, *(other for other in others if other != text)]
    found = play_live(SPACE, "toy/adam", searchers, repeats=3, trials=12, seed=5, train=train)
    assert found.cells.shape == (len(searchers), 3, 12)
    for at, name in enumerate(searchers):
        for repeat in range(3):
            pairs = list(zip(found.cells[at, repeat].tolist(), found.told[at, repeat].tolist(), strict=True))
            assert pairs == alone(name, repeat, 12, seed=5)
    assert np.array_equal(found.diverged, found.told > 3)


def test_every_training_has_a_seed_of_its_own_also_of_a_cell_asked_for_again() -> None:
    met: Counter[int] = Counter()

    def remembering(cells: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert seeds.min() >= 0
        met.update(seeds.tolist())
        return train(cells, seeds)

    one = Space((Axis("alpha", (1.0, 2.0)),))
    found = play_live(one, "toy/adam", ["random", "random-unique"], repeats=10, trials=30, seed=0, train=remembering)
    assert len(met) == 2 * 10 * 30
    again = found.told[0, 0][found.cells[0, 0] == found.cells[0, 0, 0]]
    assert len(set(again.tolist())) == len(again) > 5


def test_studies_differ_by_seed_and_by_repeat() -> None:
    one, other = (
        play_live(SPACE, "toy/adam", ["random"], repeats=2, trials=20, seed=seed, train=train).cells for seed in (0, 1)
    )
    assert not np.array_equal(one, other)
    assert not np.array_equal(one[0, 0], one[0, 1])


class Cautious:
    """Asks for a shorter training at its second question."""

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self.asked = 0

    def ask(self) -> object:
        self.asked += 1
        return (0, 0) if self.asked == 1 else Query((0, 0), fidelity=1.0)

    def tell(self, asked: object, value: float) -> None: ...


class Outside(Cautious):
    def ask(self) -> object:
        return (0, 99)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "no searcher"),
        (["random", "random"], "given twice"),
        (["rndom"], "did you mean 'random'"),
        (["hyperband:of=tpe"], "asks for shorter trainings"),
        (["gld:radius_max=-1"], "radius_max"),
        (["optuna:NoSampler"], "NoSampler"),
        (["no_module:Mine"], "no module"),
    ],
)
def test_what_cannot_tune_live_is_refused_before_anything_is_trained(texts: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        specs_for_live(texts, SPACE)


@pytest.mark.parametrize("text", names(fidelities=True))
def test_searchers_over_fidelities_are_refused(text: str) -> None:
    with pytest.raises(
        BadInput, match=f"searcher '{text}' asks for shorter trainings, and live tuning trains each cell"
    ):
        specs_for_live(["random", text], SPACE)


@pytest.mark.parametrize(
    ("name", "said"), [("Cautious", "asked for fidelity 1.0"), ("Outside", "not a cell of a space of shape")]
)
def test_a_searcher_of_ones_own_that_leaves_the_rules(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = type(sys)("own_searchers")
    module.Cautious, module.Outside = Cautious, Outside  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_searchers", module)
    with pytest.raises(BadInput, match=said):
        play_live(SPACE, "toy/adam", [f"own_searchers:{name}"], repeats=1, trials=3, seed=0, train=train)
