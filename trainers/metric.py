"""The metric of a task: name and unit of a cell's value, its score, and the value of a failed run."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from grids.errors import BadInput
from trainers.dataset import Dataset

Score = Callable[[Tensor, Tensor], Tensor]
"""`score(outputs, targets)` of one network: one number for each example `[examples]`, lower is better."""


@dataclass(frozen=True)
class Metric:
    """A cell's value, and the differences of it that matter.

    Args:
        name: as a reader knows it: "validation error".
        unit: of the value, as "%"; empty for none.
        failure: what a diverged run is worth, in the unit: a number, or a function of the data that gives it.
        score: gives one example's value; a cell's is the mean over the validation set. None where the procedure
            evaluates the whole set together.
        targets: levels of suboptimality, in the unit, at which tuning costs are counted unless a user names others.
        resolution: the smallest difference that means anything, in the unit: a number, or a function of the data
            (one example of 500 is 0.2 points of an error in %); None where there is none.
        bounded: whether the metric has a largest value, as an error in % has 100. A bounded metric keeps every finite
            value, also one worse than `failure`; of an unbounded one, a value worse than `failure` is recorded as
            `failure`, and a run that ends there counts as diverged.

    Raises:
        BadInput: no failure value, one that is not finite, or targets that are not numbers of at least 0.
    """

    name: str
    unit: str = ""
    failure: float | Callable[[Dataset], float] | None = None
    score: Score | None = None
    targets: tuple[float, ...] = ()
    resolution: float | Callable[[Dataset], float] | None = None
    bounded: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))
        if self.failure is None:
            raise BadInput(f"metric '{self.name}' needs a failure value: what a diverged run is worth")
        for name in ("failure", "resolution"):
            number = getattr(self, name)
            if number is not None and not callable(number):
                object.__setattr__(self, name, self._number(name, number))
        for target in self.targets:
            if not (_is_number(target) and target >= 0):
                raise BadInput(f"metric '{self.name}': its targets must be numbers of at least 0, not {target!r}")

    def resolved(self, data: Dataset) -> "Metric":
        """The same with numbers where functions of the data stood.

        Raises:
            BadInput: such a function fails, or gives no finite number.
        """
        return replace(self, failure=self._of(data, "failure"), resolution=self._of(data, "resolution"))

    @property
    def failure_value(self) -> float:
        """`failure` of a metric that is resolved."""
        assert isinstance(self.failure, float)
        return self.failure

    def facts(self) -> dict[str, Any]:
        """The facts of a resolved metric for a surface's header, as JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "bounded": self.bounded,
            "failure": self.failure,
            "targets": list(self.targets),
            "resolution": self.resolution,
        }

    def _of(self, data: Dataset, name: str) -> float | None:
        given = getattr(self, name)
        if not callable(given):
            return None if given is None else float(given)
        try:
            found = given(data)
        except BadInput:
            raise
        except Exception as error:  # it may be a user's function
            raise BadInput(f"metric '{self.name}': its {name} cannot be had from the data ({error!r})") from error
        return self._number(name, found)

    def _number(self, name: str, number: Any) -> float:
        if not _is_number(number):
            raise BadInput(f"metric '{self.name}': its {name} must be a finite number, not {number!r}")
        return float(number)


def _is_number(item: Any) -> bool:
    try:
        return not isinstance(item, bool | str) and math.isfinite(float(item))
    except (TypeError, ValueError, OverflowError):
        return False
