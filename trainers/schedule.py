"""The schedule of the learning rate: its factor in every step of a training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grids.errors import BadInput, unknown

KINDS = ("step", "linear", "cosine", "constant")


@dataclass(frozen=True)
class Schedule:
    """The factors of α in the steps of a training.

    - `step`: by `factor` once for each milestone that has passed, the same over a whole epoch;
    - `linear`: 1 − t, and `cosine`: ½·(1 + cos πt), where t runs from 0 at the first step after the warm-up to 1
      at the end of the training, changing at every step (Loshchilov & Hutter 2017, equation 5, without restarts);
    - `constant`: 1.

    In the warm-up of W epochs, step s (counted from 1) of all its steps has α also multiplied by s / (W·steps of an
    epoch).

    Args:
        kind: one of `KINDS`.
        milestones: of `step`: fractions of the epochs; one at 60 of 200 epochs counts from the 61st epoch on, as in
            `torch.optim.lr_scheduler.MultiStepLR`.
        factor: of `step`.
        warmup: epochs, not necessarily whole.

    Raises:
        BadInput: an unknown kind, or a number out of range.
    """

    kind: str = "step"
    milestones: tuple[float, ...] = (0.3, 0.6, 0.8)
    factor: float = 0.2
    warmup: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "milestones", tuple(self.milestones))
        if self.kind not in KINDS:
            raise unknown("schedule", self.kind, KINDS)
        if not (math.isfinite(self.warmup) and self.warmup >= 0):
            raise BadInput(f"a warm-up takes a number of epochs of at least 0, not {self.warmup:g}")
        if not (math.isfinite(self.factor) and self.factor >= 0):
            raise BadInput(f"a schedule's factor must be a number of at least 0, not {self.factor:g}")

    def factors(self, epoch: int, epochs: int, steps: int) -> list[float]:
        """The factor in every step of an epoch (counted from 0) that has so many, of a training of so many epochs.

        >>> Schedule("linear").factors(1, 2, 2)
        [0.5, 0.25]
        >>> Schedule("constant", warmup=1).factors(0, 2, 4)
        [0.25, 0.5, 0.75, 1.0]
        """
        warm = self.warmup * steps
        decaying = epochs * steps - warm
        found = []
        for done in range(epoch * steps, (epoch + 1) * steps):
            rise = min((done + 1) / warm, 1.0) if warm else 1.0
            passed = min(max((done - warm) / decaying, 0.0), 1.0) if decaying > 0 else 0.0
            found.append(rise * self._decay(passed, epoch, epochs))
        return found

    def _decay(self, passed: float, epoch: int, epochs: int) -> float:
        match self.kind:
            case "step":
                return step_factor(epoch, epochs, self.milestones, self.factor)
            case "linear":
                return 1.0 - passed
            case "cosine":
                return 0.5 * (1.0 + math.cos(math.pi * passed))
        return 1.0

    def facts(self) -> dict[str, Any]:
        """The facts of the schedule for a surface's header, as JSON."""
        steps = {"milestones": list(self.milestones), "factor": self.factor} if self.kind == "step" else {}
        return {"schedule": self.kind, **steps, "warmup": self.warmup}


def step_factor(epoch: int, epochs: int, milestones: Sequence[float], by: float) -> float:
    """`by`, once for each milestone (a fraction of the epochs) that has passed in an epoch, counted from 0.

    >>> [step_factor(e, 10, (0.3, 0.6), 0.5) for e in (2, 3, 5, 6)]
    [1.0, 0.5, 0.5, 0.25]
    """
    passed = sum(epoch >= m * epochs - 1e-9 for m in milestones)  # 1e-9: 0.3 of 10 is 3, whatever the rounding
    return float(by**passed)
