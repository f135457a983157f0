"""Live studies in rounds: each round asks every study for its next cell and trains all these cells together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.searchers import Query, Searcher, SearcherSpec, get_searcher
from tuning.streams import LIVE, generator, stream, training_seed
from tuning.trials import flat_number

Train = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""`train(cells, seeds)`, both int64 `[studies]`, returns values, float64 `[studies]`, finite and lower is better, and
whether each training diverged, bool `[studies]`."""


@dataclass(frozen=True, eq=False)
class Studies:
    """The trials of live studies.

    Args:
        searchers: their texts.
        cells: flat cell numbers, int64 `[searchers, repeats, trials]`.
        told: the value of each training, float64, in the same shape; finite, lower is better.
        diverged: whether it diverged, bool, in the same shape.
    """

    searchers: tuple[str, ...]
    cells: np.ndarray
    told: np.ndarray
    diverged: np.ndarray

    @property
    def improved(self) -> np.ndarray:
        """Whether each trial's value was lower than all before in its study: bool `[searchers, repeats, trials]`."""
        before = np.minimum.accumulate(self.told, axis=-1)[..., :-1]
        found = np.ones(self.told.shape, bool)
        found[..., 1:] = self.told[..., 1:] < before
        return found

    @property
    def chosen(self) -> np.ndarray:
        """The index of the best trial so far after each trial, the first of equals: int64 in the shape of `cells`."""
        trials = np.where(self.improved, np.arange(self.told.shape[-1]), 0)
        return np.asarray(np.maximum.accumulate(trials, axis=-1))

    def at_chosen(self, numbers: np.ndarray) -> np.ndarray:
        """`numbers`, in the shape of `cells`, at the trial chosen after each trial."""
        return np.take_along_axis(numbers, self.chosen, axis=-1)


def specs_for_live(texts: Sequence[str], space: Space) -> list[SearcherSpec]:
    """The searchers that the texts name, checked before anything is trained.

    Raises:
        BadInput: none, one given twice, unknown, an option out of range, one that asks for shorter trainings, or a
            third-party one that fails at its first `ask`.
    """
    if not texts:
        raise BadInput("no searcher to tune with")
    specs = [get_searcher(text) for text in texts]
    for spec in specs:
        if texts.count(spec.text) > 1:
            raise BadInput(f"searcher '{spec.text}' is given twice")
        if spec.over_fidelities:
            raise BadInput(
                f"searcher '{spec.text}' asks for shorter trainings, and live tuning trains each cell to its end; "
                f"`tunecost replay` runs it on a surface's curves"
            )
        _ask(spec, spec.build(space, np.random.default_rng(0)), space)
    return specs


def play_live(
    space: Space, name: str, searchers: Sequence[str], *, repeats: int, trials: int, seed: int, train: Train
) -> Studies:
    """Run `repeats` live studies of each searcher in parallel, each over its whole budget.

    A study has random streams of its own, selected by seed, searcher, `name` and its number, so that it does not depend
    on the other studies. A cell that is asked for again is trained again with another seed.

    >>> from grids.space import PRESETS
    >>> def train(cells, seeds):
    ...     return cells % 5 + (seeds % 3) / 10, np.zeros(len(cells), bool)
    >>> found = play_live(PRESETS["tiny"], "toy/adam", ["random"], repeats=2, trials=4, seed=0, train=train)
    >>> found.cells.shape, bool((found.told >= found.cells % 5).all())
    ((1, 2, 4), True)

    Args:
        space: the space whose cells searchers propose.
        name: `task/optimizer`.
        searchers: texts, as `tuning.searchers.get_searcher` reads them.
        repeats: the number of studies of each searcher.
        trials: the number of trainings of each study.
        seed: 0 or more.
        train: trains the cells of a round.

    Raises:
        BadInput: as `specs_for_live`; a searcher that leaves its space or fails.
        Any exception of `train`.
    """
    specs = specs_for_live(searchers, space)
    owners = [(spec, repeat) for spec in specs for repeat in range(repeats)]
    studies = [spec.build(space, generator(stream(seed, spec.text, name, repeat, LIVE))) for spec, repeat in owners]
    cells = np.empty((trials, len(studies)), np.int64)
    told, diverged = np.empty(cells.shape), np.empty(cells.shape, bool)
    for trial in range(trials):
        asked: list[Any] = []
        for at, (spec, _) in enumerate(owners):
            query, cells[trial, at] = _ask(spec, studies[at], space)
            asked.append(query)
        seeds = [training_seed(seed, spec.text, name, repeat, trial) for spec, repeat in owners]
        told[trial], diverged[trial] = train(cells[trial], np.array(seeds, np.int64))
        for at, (spec, _) in enumerate(owners):
            with spec.naming_errors():
                studies[at].tell(asked[at], float(told[trial, at]))
    shape = len(specs), repeats, trials
    return Studies(
        tuple(spec.text for spec in specs), cells.T.reshape(shape), told.T.reshape(shape), diverged.T.reshape(shape)
    )


def _ask(spec: SearcherSpec, searcher: Searcher, space: Space) -> tuple[Any, int]:
    """The searcher's next query as it asked it, and the flat number of its cell."""
    with spec.naming_errors():
        asked = searcher.ask()
        cell = asked
        if isinstance(asked, Query):
            if asked.fidelity is not None:
                raise BadInput(f"asked for fidelity {asked.fidelity!r}; live tuning trains each cell to its end")
            cell = asked.cell
        return asked, flat_number(cell, space.shape, asked, searcher)
