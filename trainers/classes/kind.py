"""An optimizer class with its options, and how it is run."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from grids.errors import BadInput
from grids.plugins import reason
from trainers.classes.arguments import Arguments


@dataclass(frozen=True)
class Plan:
    """How a class is run on tensors of some shapes (see `trainers.classes.plan`).

    Args:
        flat: all parameters of a cell are one tensor of one dimension: the class treats all elements alike.
        apart: every cell has an instance of its own.
        singly: hyperparameters in which only cells with instances of their own can differ.
        draws: the class draws random numbers; each cell then has a stream of its own, the same for all.
        numbers: how many numbers a cell's state holds.
    """

    flat: bool
    apart: bool
    singly: frozenset[str] = frozenset()
    draws: bool = False
    numbers: int = 0


@dataclass(frozen=True, eq=False)
class Kind:
    """A class with its options."""

    cls: type[Optimizer]
    arguments: Arguments

    def make(self, params: Sequence[nn.Parameter], hyper: Mapping[str, float]) -> Optimizer:
        """An instance, in training mode.

        Raises:
            BadInput: the class refuses.
        """
        values = self.arguments.values(hyper)
        try:
            return switch_mode(self.cls(list(params), **values), "train")
        except BadInput:
            raise
        except Exception as error:  # a user's class may raise anything
            given = self.words(hyper)
            failed = f"refuses {given}" if given else "cannot be made"
            raise BadInput(f"optimizer '{self.arguments.name}' {failed} ({reason(error)})") from error

    def words(self, hyper: Mapping[str, float]) -> str:
        """Hyperparameters that are not at their defaults, for messages."""
        defaults = self.arguments.numbers
        return ", ".join(f"{name}={value:g}" for name, value in hyper.items() if value != defaults.get(name))

    def join(self, singles: Sequence[Optimizer], hyper: Mapping[str, float]) -> Optimizer:
        """One instance whose groups are those of the given ones, each of one group."""
        groups = [dict(single.param_groups[0]) for single in singles]
        return switch_mode(self.cls(groups, **self.arguments.values(hyper)), "train")


def switch_mode(optimizer: Optimizer, mode: str) -> Optimizer:
    """The optimizer switched to `train` or `eval`, where it has modes; what it prints is discarded."""
    switch = getattr(optimizer, mode, None)
    if callable(switch):
        with contextlib.redirect_stdout(None):
            switch()
    return optimizer
