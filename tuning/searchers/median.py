"""The median stopping rule (Golovin et al. 2017, section 3.2.2), as in Optuna's `MedianPruner`."""

import numpy as np

from grids.errors import BadInput
from grids.space import Cell, Space
from tuning.searchers.base import Query
from tuning.searchers.fidelities import Fidelities, check_curves
from tuning.searchers.proposer import Proposer, proposer_spec, proposes_from_list
from tuning.searchers.registry import searcher


@searcher(
    "median",
    label="median",
    phrase="the median stopping rule",
    summary="median stopping rule: a training stops if it is worse than half of those before it",
    place=10,
    kernel="tuning.kernels.median:median",
    law=None,
    variants=("startup=0", "min=3", "max=6", "of=tpe", "of=random-unique"),
    fidelities=True,
)
class Median:
    """Trains one cell after another; each reports its value at every recorded amount from `min` to `max`.

    A training is stopped if its best value so far is above the median of the values that the completed trainings
    reported at the same amount; never while fewer than `startup` are completed, nor at `max`. The proposer is told the
    last value that a training reported.

    Args:
        startup: the number of trainings that must be completed before any is stopped.
        min: the first amount at which a value is reported; the first recorded one where not given.
        max: the amount at which a training is complete; the whole training where not given.
        of: the searcher that proposes cells.
    """

    parallel = True
    from_list = staticmethod(proposes_from_list)
    stops = True

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        fidelities: Fidelities | None,
        startup: int = 5,
        min: float | None = None,
        max: float | None = None,
        of: str = "random",
    ) -> None:
        fidelities = check_curves(fidelities)
        if startup < 0:
            raise BadInput(f"startup must be 0 or more, not {startup}")
        low, high = (fidelities.at_least(amount) for amount in fidelities.span(min, max))
        self.startup = startup
        self.amounts = [amount for amount in fidelities.amounts if low <= amount <= high]
        self.least = low
        self.of = proposer_spec(of)
        self._proposer = Proposer(self.of, space, rng)
        self._trainings = 0
        self._reported: dict[int, list[float]] = {}  # values so far, by number of a running training
        self._complete: list[list[float]] = []
        self._next: list[tuple[int, Cell]] = []

    def ask(self) -> Query | None:
        if self._next:
            training, cell = self._next.pop(0)
        else:
            proposed = self._proposer.ask()
            if proposed is None:
                return None
            training, cell = self._trainings, proposed
            self._trainings += 1
            self._reported[training] = []
        return Query(cell, self.amounts[len(self._reported[training])], training)

    def tell(self, asked: Query, value: float) -> None:
        assert asked.training is not None
        reported = self._reported[asked.training]
        reported.append(value)
        complete = len(reported) == len(self.amounts)
        if not complete and not self._stopped(reported):
            self._next.append((asked.training, asked.cell))
            return
        del self._reported[asked.training]
        if complete:
            self._complete.append(reported)
        self._proposer.tell(asked.cell, value)

    def _stopped(self, reported: list[float]) -> bool:
        if len(self._complete) < (self.startup or 1):
            return False
        place = len(reported) - 1
        return min(reported) > median_of(sorted(other[place] for other in self._complete))


def median_of(ascending: list[float]) -> float:
    """The median of a list sorted in ascending order; two middle values are interpolated as `numpy.percentile` does."""
    half = len(ascending) // 2
    if len(ascending) % 2:
        return ascending[half]
    low, high = ascending[half - 1], ascending[half]
    return high - (high - low) * 0.5
