"""Successive halving (Jamieson and Talwalkar 2016) over cells and fidelities."""

import math

import numpy as np

from grids.space import Space
from tuning.searchers.fidelities import Fidelities, bracket, check_curves, check_eta, halvings
from tuning.searchers.halving import Halving
from tuning.searchers.registry import searcher


@searcher(
    "sha",
    label="SHA",
    phrase="successive halving",
    summary="successive halving: many cells are trained for a short time, the best of them longer and longer",
    place=7,
    kernel="tuning.kernels.halving:halving",
    law=None,
    variants=("eta=2", "eta=3,min=2", "of=tpe", "of=gld:ball=clip", "min=2,max=6,of=random-unique"),
    fidelities=True,
)
class SHA(Halving):
    """One bracket again and again: η^s cells at `min`, s = ⌊log_η(max/min)⌋, the best ⌊1/η⌋ of them at η·`min`, …

    No more cells than the space has. Rungs are `min`·η^i, i < s, and last `max`, each rounded up to a recorded amount;
    see `Halving` for which cells are continued.

    Args:
        eta: η, the reduction factor, at least 2.
        min: the amount at the first rung; the first recorded one where not given.
        max: the amount at the last rung; the whole training where not given.
        of: the searcher that proposes cells.
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
        start = math.floor(check_eta(eta) ** halvings(low, high, eta) * (1 + 1e-9))
        start = start if start < space.size else space.size  # `min` is the option here
        super().__init__(space, rng, (bracket(fidelities, low, high, eta, start),), of)
