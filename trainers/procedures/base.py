"""The interface between the engine and a procedure, which trains a block of cells by one kind of learning.

A procedure knows the task's data, networks and losses. The engine knows cells, epochs, divergence and resuming, and
asks the procedure for everything else. A new kind of learning is one more file in this folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor

from trainers.dataset import Dataset
from trainers.rules.base import Rule

if TYPE_CHECKING:
    from trainers.task import Task

Hyper = Mapping[str, Tensor]
"""Every hyperparameter of the rule, `[cells, 1]`; the learning rate as given, before the schedule."""


class Outcome(NamedTuple):
    """One number for each cell `[cells]`, and whether all that led to it was finite."""

    value: Tensor
    finite: Tensor


@dataclass(frozen=True)
class Size:
    """The work of an epoch.

    Args:
        batch: examples a step.
        steps: of an epoch.
        evaluation: the work of evaluating, in batches.
    """

    batch: int
    steps: int
    evaluation: float


class Procedure(Protocol):
    """Trains a block of cells.

    The state is a pytree of tensors, and the whole of what an epoch depends on besides its number, the cells' seeds
    and hyperparameters. Recurrent state, or several optimizers in turn, are parts of it. No cell's numbers may touch
    another's, and a cell's may depend on nothing but its own seed and hyperparameters: a cell alone, among many, and
    among cells of other seeds is the same.
    """

    def __init__(
        self,
        task: "Task",
        data: Dataset,
        rule: Rule,
        device: torch.device,
        dtype: torch.dtype,
        epochs: int,
        backend: str | None = None,
    ) -> None: ...

    def start(self, seeds: Tensor) -> Any:
        """The state before the first epoch: each cell initialised from its own seed, int64 `[cells]` on the CPU."""

    def train(self, state: Any, hyper: Hyper, seeds: Tensor, epoch: int) -> tuple[Any, Outcome]:
        """One epoch: the next state, and the mean training loss. May reuse the memory of the state it is given.

        Data order, augmentation and the network's own draws follow from each cell's seed and the epoch.
        """

    def evaluate(self, state: Any) -> Outcome:
        """The metric's value on the validation set."""

    def numbers(self, state: Any, hyper: Hyper) -> dict[str, Tensor]:
        """Further numbers of each cell at the end of a training, `[cells]` by name; columns of the surface."""

    def keep(self, state: Any, which: Tensor) -> Any:
        """The state of some of its cells: `which` is int64 `[kept]`, on the state's device."""

    @classmethod
    def backends_on_gpu(cls, task: "Task", data: Dataset) -> tuple[str | None, ...]:
        """The backends worth timing on a GPU; None is the default there."""

    @classmethod
    def check_backend(cls, task: "Task", data: Dataset, device: torch.device, backend: str) -> None:
        """Refuse a backend that cannot run the task's networks.

        Raises:
            BadInput: it cannot, or there is none of that name.
        """

    @classmethod
    def bytes_of_cell(cls, task: "Task", data: Dataset, rule: Rule, precision: torch.dtype) -> int:
        """About the memory that one cell needs, counted from shapes alone: the same on every machine."""

    @classmethod
    def size(cls, task: "Task", data: Dataset) -> Size:
        """The work of an epoch of the whole task."""

    @classmethod
    def part(cls, task: "Task", data: Dataset, size: Size) -> "tuple[Task, Dataset]":
        """The same task with no more work than `size` says, for measuring."""
