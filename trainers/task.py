"""The definition of a task: data set, network, schedule, the procedure that trains it, and the metric."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from grids.errors import BadInput
from trainers.dataset import Dataset
from trainers.metric import Metric
from trainers.procedures.classification import classification_error, cross_entropy
from trainers.schedule import Schedule

if TYPE_CHECKING:
    from trainers.rules.base import Rule

__all__ = ["Augment", "Dataset", "Metric", "Schedule", "Task"]


Augment = Callable[[Tensor, torch.Generator], Tensor]
"""Changes one batch of inputs `[batch, ...]`; every random draw comes from the generator."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""`loss(outputs, targets)` of one network: the mean over a batch, a number that a gradient can be taken of."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Dataset + network + procedure + metric + schedule. Every number is a default that an option may replace.

    Classification needs `classes`, from which loss and metric follow; other tasks give both themselves.

    Args:
        name: what users type, and the folder of its surfaces.
        summary: one line for `tunecost grid tasks`.
        network: makes a plain module, freshly initialised from torch's global generator (the engine seeds it).
        load: `load(folder, split_seed)` gives the data; `folder` is the user's `--data`, ignored where not needed.
        epochs, batch_size: the schedule's length, and examples a step (a last, smaller batch is dropped).
        classes: number of classes, for classification: targets are whole numbers below it.
        loss: the mean loss of a batch of one network, from outputs and targets.
        metric: what a cell's value is.
        procedure: how a block of cells is trained, a class as `procedures.base.Procedure` says; supervised learning
            unless given (see `procedures.procedure_of`).
        schedule: of α.
        weight_decay: default of the rules' hyperparameter of that name.
        hyperparameters: further defaults that differ from the rules' own, by name; for the rules that have them.
        clip: the largest norm of a cell's gradient; longer ones are scaled down to it. None for no limit.
        augment: per-batch augmentation, the same for all cells of a seed.
        needs_data: whether `--data` must hold files.
        space: the preset that is swept unless `--space` names another.

    Raises:
        BadInput: a name that no folder can have, no loss or metric, or a number out of range.
    """

    name: str
    summary: str = ""
    network: Callable[[], nn.Module]
    load: Callable[[Path | None, int], Dataset]
    epochs: int
    batch_size: int
    classes: int | None = None
    loss: Loss = field(default=None)  # type: ignore[assignment]
    metric: Metric = field(default=None)  # type: ignore[assignment]
    procedure: type | None = None
    schedule: Schedule = field(default_factory=Schedule)
    weight_decay: float = 5e-4
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    clip: float | None = None
    augment: Augment | None = None
    needs_data: bool = False
    space: str = "paper-cifar"
    COUNTS: ClassVar[tuple[str, ...]] = ("epochs", "batch_size")
    """The fields that are whole numbers of at least 1."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.+=-]*", self.name):
            raise BadInput(f"a task's name is its folder's: letters, digits, '-', '_' and '.', not '{self.name}'")
        self._fill_in()
        for name in self.COUNTS:
            if not (isinstance(getattr(self, name), int) and getattr(self, name) >= 1):
                raise BadInput(f"task '{self.name}': {name} must be a whole number of at least 1")
        check_clip(self.clip)

    def facts(self) -> dict[str, Any]:
        """Further facts of a kind of task that determine its values, as JSON: part of a sweep's identity."""
        return {}

    def fidelity(self, epochs: int) -> tuple[str, tuple[float, ...]] | None:
        """The fidelity of a learning curve, name and values, where it is not epochs."""
        return None

    def defaults(self, rule: "Rule") -> dict[str, float]:
        """The rule's hyperparameters with their defaults in this task."""
        own = {"weight_decay": self.weight_decay, **self.hyperparameters}
        return {name: own.get(name, value) for name, value in rule.hyperparameters.items()}

    def _fill_in(self) -> None:
        """Classification's loss and metric, where they were not given."""
        if self.classes is not None:
            if not (isinstance(self.classes, int) and self.classes >= 2):
                raise BadInput(
                    f"task '{self.name}': classes must be a whole number of at least 2, not {self.classes!r}"
                )
            for name, value in (("loss", cross_entropy), ("metric", classification_error(self.classes))):
                if getattr(self, name) is None:
                    object.__setattr__(self, name, value)
        if self.metric is None:
            raise BadInput(f"task '{self.name}' needs a metric, or classes= where it is a classification")
        if not isinstance(self.metric, Metric):
            raise BadInput(f"task '{self.name}': its metric is not a trainers.task.Metric but {self.metric!r}")


def check_clip(clip: float | None) -> None:
    """Refuse a limit on the gradient's norm that is not a positive number.

    Raises:
        BadInput: it is none.
    """
    if clip is not None and not 0 < clip < float("inf"):
        raise BadInput(f"the gradient's norm is clipped to a number above 0, not {clip:g}")
