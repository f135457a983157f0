"""Hyperband (Li et al. 2018) over cells and fidelities."""

import numpy as np

from grids.space import Space
from tuning.searchers.fidelities import Fidelities, brackets, check_curves, check_eta
from tuning.searchers.halving import Halving
from tuning.searchers.registry import searcher


@searcher(
    "hyperband",
    label="Hyperband",
    summary="brackets of successive halving, from many cells to few; with of=tpe similar to BOHB",
    place=8,
    kernel="tuning.kernels.halving:halving",
    law=None,
    variants=("eta=2", "eta=4,min=2", "of=tpe", "of=cgld", "of=random-unique"),
    fidelities=True,
)
class Hyperband(Halving):
    """Brackets b = s … 0, s = ⌊log_η(max/min)⌋, in turn: ⌈(s+1)/(b+1)·η^b⌉ cells at `min`·η^(s−b), halved b times.

    Li et al. 2018, Algorithm 1. One pass with η = 3 over 27 epochs spends 357 of them where trainings are resumed, 423
    where each starts from zero.

    Args:
        eta: η, the reduction factor, at least 2.
        min: the smallest amount; the first recorded one where not given.
        max: the amount at the last rungs; the whole training where not given.
        of: the searcher that proposes cells, one instance for each bracket.
    """

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        fidelities: Fidelities | None,
        eta: float = 3.0,
        min: float | None = None,
        max: float | None = None,
        of: str = "random",
    ) -> None:
        fidelities = check_curves(fidelities)
        low, high = fidelities.span(min, max)
        super().__init__(space, rng, brackets(fidelities, low, high, check_eta(eta), space.size), of)
