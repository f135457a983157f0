"""The ledger of a replay: what each query costs, by one of three cost models.

A training that is paused may be continued. `resume` charges the new epochs only; `restart` charges every query from
zero, as if no checkpoint could be kept; `stop` charges as `resume` does, and allows only searchers that never continue
a paused training (Optuna's pruners). A cell asked for again is a new training, charged from zero by all three.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from grids.errors import BadInput

if TYPE_CHECKING:  # the command line's help needs `CostModel`, and must not wait for numpy
    from grids.space import Cell

SLACK = 1e-12
"""Relative tolerance: a sum of fractions of a training may exceed a budget by rounding errors."""


class CostModel(StrEnum):
    """How a continued training is charged."""

    resume = "resume"
    restart = "restart"
    stop = "stop"


@dataclass(frozen=True)
class Limits:
    """What one replay may spend, and how it is counted.

    Args:
        max_trials: the largest number of queries.
        max_spent: epochs, or the unit of the surface's fidelity.
        cost_model: how a continued training is charged.
        workers: the number of simulated workers that evaluate in parallel.
        timed: whether elapsed time is recorded.
    """

    max_trials: int
    max_spent: float = math.inf
    cost_model: CostModel = CostModel.resume
    workers: int = 1
    timed: bool = False

    @property
    def pauses(self) -> bool:
        """Whether a paused training may be continued."""
        return self.cost_model is not CostModel.stop

    def allows(self, spent: float) -> bool:
        """Whether a replay may spend this amount in total."""
        return spent <= self.max_spent * (1 + SLACK)


@dataclass
class Training:
    """One training of a cell: its number in the order in which trainings began, and the amount of training so far."""

    number: int
    cell: int
    reached: float = 0.0


@dataclass(frozen=True)
class Charge:
    """The cost of a query: `amount` of the fidelity, to continue `training` to the recorded `point`."""

    training: Training
    point: int
    amount: float


class Ledger:
    """The trainings that one replay has begun so far, and how far each has been trained.

    Args:
        amounts: of the surface's fidelity at each recorded point, ascending; None where it has no curves. Without
            curves the cost of a training is not known, and 0 is charged.
        model: how a continued training is charged.
    """

    def __init__(self, amounts: tuple[float, ...] | None, model: CostModel = CostModel.resume) -> None:
        self.amounts = amounts
        self.model = model
        self._points = {} if amounts is None else {amount: point for point, amount in enumerate(amounts)}
        self._named: dict[int, Training] = {}
        self._latest: dict[int, Training] = {}
        self._begun = 0

    @property
    def last(self) -> int:
        """The point of a whole training."""
        return 0 if self.amounts is None else len(self.amounts) - 1

    def charge(self, flat: int, cell: "Cell", fidelity: float | None, training: int | None) -> Charge:
        """The cost of a query; the ledger is not changed yet.

        Args:
            flat: the cell's number.
            cell: the same cell as its searcher gave it, for error messages.
            fidelity, training: as in `tuning.searchers.Query`.

        Raises:
            BadInput: a fidelity that is not recorded, or a training that belongs to another cell.
        """
        point = self.last if fidelity is None else self._point(fidelity)
        amount = 0.0 if self.amounts is None else self.amounts[point]
        known = self._latest.get(flat) if training is None else self._named.get(training)
        if known is not None and training is None and known.reached >= amount:
            known = None
        if known is not None and known.cell != flat:
            raise BadInput(f"asked to continue training {training} at {cell}, but it is a training of another cell")
        if known is None:
            return Charge(Training(self._begun, flat), point, amount)
        new = max(amount - known.reached, 0.0)
        return Charge(known, point, amount if self.model is CostModel.restart else new)

    def enter(self, charge: Charge, training: int | None) -> None:
        """Record a query that is started; `training` is the searcher's own number for it."""
        entry = charge.training
        if entry.number == self._begun:
            self._begun += 1
            self._latest[entry.cell] = entry
        if training is not None:
            self._named[training] = entry
        amount = 0.0 if self.amounts is None else self.amounts[charge.point]
        entry.reached = max(entry.reached, amount)

    def _point(self, fidelity: float) -> int:
        if self.amounts is None:
            raise BadInput(f"asked for fidelity {fidelity!r} of a surface without curves")
        point = self._points.get(fidelity)
        if point is None:
            known = ", ".join(f"{amount:g}" for amount in self.amounts[:12])
            dots = ", …" if len(self.amounts) > 12 else ""
            raise BadInput(f"asked for fidelity {fidelity!r}, which is not recorded; these are: {known}{dots}")
        return point
