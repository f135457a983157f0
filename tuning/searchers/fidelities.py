"""The recorded amounts of training, and the rungs and brackets of successive halving made of them."""

import math
from dataclasses import dataclass

from grids.errors import BadInput

_ROUNDING = 1e-9
"""Relative tolerance: a quotient this close to a power of η counts as that power."""


@dataclass(frozen=True)
class Fidelities:
    """The amounts of training at which a value is recorded.

    Args:
        amounts: ascending; the last is the whole training.
        name: the unit of the amounts, as "epoch".
        pauses: whether a training may be paused and continued later; otherwise it is stopped for good.
    """

    amounts: tuple[float, ...]
    name: str = "epoch"
    pauses: bool = True

    @property
    def last(self) -> float:
        """The whole training."""
        return self.amounts[-1]

    def at_least(self, amount: float) -> float:
        """The first recorded amount that is not below `amount`, up to rounding."""
        return next((one for one in self.amounts if one >= amount * (1 - _ROUNDING)), self.last)

    def span(self, low: float | None, high: float | None) -> tuple[float, float]:
        """The smallest and the largest amount to be used.

        Args:
            low: the smallest amount; the first recorded amount above 0 if None.
            high: the largest amount; the last recorded one if None.

        Raises:
            BadInput: low not above 0, or above high; high above the last.
        """
        unit = f"{self.name}s"
        if low is not None and not (math.isfinite(low) and low > 0):
            raise BadInput(f"min must be a number of {unit} above 0, not {low:g}")
        if high is not None and not (math.isfinite(high) and 0 < high <= self.last * (1 + _ROUNDING)):
            raise BadInput(f"max must be a number of {unit} from 0 to {self.last:g}, the whole training, not {high:g}")
        first = next((amount for amount in self.amounts if amount > 0), None)
        if first is None:
            raise BadInput(f"the curves have no {self.name} above 0")
        least = first if low is None else low
        most = self.last if high is None else high
        if least > most * (1 + _ROUNDING):
            raise BadInput(f"min must not be above max: {least:g} is above {most:g}")
        return least, most


def check_curves(fidelities: Fidelities | None) -> Fidelities:
    """Return `fidelities` if there are any.

    Raises:
        BadInput: the surface has no curves.
    """
    if fidelities is None:
        raise BadInput("needs a surface with curves")
    return fidelities


def check_eta(eta: float) -> float:
    """Return `eta` if it is a valid reduction factor.

    Raises:
        BadInput: it is below 2 or not finite.
    """
    if not (math.isfinite(eta) and eta >= 2):
        raise BadInput(f"eta must be a number of at least 2, not {eta:g}")
    return eta


def halvings(low: float, high: float, eta: float) -> int:
    """⌊log_η(high/low)⌋: how often a bracket that starts at `low` can multiply the amount of training by η.

    >>> halvings(1, 27, 3), halvings(1, 26, 3), halvings(1, 243, 3)
    (3, 2, 5)
    """
    found = 0
    while low * eta ** (found + 1) <= high * (1 + _ROUNDING):
        found += 1
    return found


@dataclass(frozen=True)
class Bracket:
    """One bracket of successive halving: the number of cells that are trained up to each amount.

    Args:
        rungs: amounts of training, ascending.
        sizes: the number of cells trained up to each rung, descending.
    """

    rungs: tuple[float, ...]
    sizes: tuple[int, ...]


def bracket(fidelities: Fidelities, low: float, high: float, eta: float, start: int) -> Bracket:
    """The bracket that starts `start` cells at `low`: rungs low·η^i and last `high`, sizes ⌊start/η^i⌋, at least 1.

    Rungs are rounded up to recorded amounts. Where several become the same amount, only the first is kept: its cells
    are then reduced by as much as at all of these rungs together.

    Args:
        fidelities: the recorded amounts.
        low, high: the smallest and the largest amount.
        eta: the reduction factor.
        start: the number of cells at the first rung, at least 1.
    """
    steps = halvings(low, high, eta)
    amounts = [fidelities.at_least(low * eta**step) for step in range(steps)] + [fidelities.at_least(high)]
    sizes = [max(1, math.floor(start / eta**step * (1 + _ROUNDING))) for step in range(steps + 1)]
    kept = [step for step in range(steps + 1) if step == 0 or amounts[step] > amounts[step - 1]]
    return Bracket(tuple(amounts[step] for step in kept), tuple(sizes[step] for step in kept))


def brackets(fidelities: Fidelities, low: float, high: float, eta: float, cells: int) -> tuple[Bracket, ...]:
    """Hyperband's brackets (Li et al. 2018, Algorithm 1), the one that starts the most cells first.

    Bracket b = s … 0, s = ⌊log_η(high/low)⌋, starts ⌈(s+1)/(b+1)·η^b⌉ cells, at most `cells`, at low·η^(s−b).
    """
    most = halvings(low, high, eta)
    found = []
    for b in range(most, -1, -1):
        start = math.ceil((most + 1) / (b + 1) * eta**b * (1 - _ROUNDING))
        first = low * eta ** (most - b) if b else high
        found.append(bracket(fidelities, first, high, eta, min(start, cells)))
    return tuple(found)


def rungs(fidelities: Fidelities, low: float, high: float, eta: float) -> tuple[float, ...]:
    """The amounts low·η^k below `high`, rounded up to recorded ones, and `high`: each once, ascending."""
    found, amount = [], low
    while amount < high * (1 - _ROUNDING):
        found.append(fidelities.at_least(amount))
        amount *= eta
    return tuple(dict.fromkeys([*found, fidelities.at_least(high)]))
