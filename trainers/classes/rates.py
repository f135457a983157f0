"""The learning rate of an instance's groups: what the class itself made of it, times the schedule."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from trainers.classes.arguments import RATE


class Rates:
    """The rates of one cell's groups.

    A class may set `lr` itself: in its constructor (a third of what it was given), or in mid-training. The schedule
    multiplies what the class has set, as a scheduler of torch does.

    Args:
        groups: parameter groups, as constructed or restored.
        kept: what `save` gave; None for fresh groups.
    """

    def __init__(self, groups: Sequence[dict[str, Any]], kept: Sequence[tuple[float, float]] | None = None) -> None:
        self._groups = groups
        if kept is None:
            kept = [(rate, rate) for rate in (_number(group[RATE]) for group in groups)]
        self._before, self._written = ([pair[at] for pair in kept] for at in (0, 1))

    def follow(self, rate: float, given: float, factor: float) -> None:
        """Set the groups' rates.

        Args:
            rate: the cell's rate under the schedule.
            given: its rate before the schedule, which the class was made with.
            factor: the schedule's.
        """
        for at, group in enumerate(self._groups):
            found, written = _number(group[RATE]), self._written[at]
            if found != written and written != 0:  # the class has changed it since
                self._before[at] *= found / written
            before = self._before[at]
            self._written[at] = rate if before == given else before * factor
            group[RATE] = self._written[at]

    def save(self) -> list[tuple[float, float]]:
        """For each group the rate before the schedule, and the rate that was last set."""
        return list(zip(self._before, self._written, strict=True))


def _number(rate: float | Tensor) -> float:
    return float(rate)
