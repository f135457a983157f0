"""An optimizer class with its options, and how it is run."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
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
        draws: the class draws random numbers; each cell then has a stream of its own, the same for all.
        numbers: how many numbers a cell's state holds.
        dtype: of the parameters in trials: float32 for a class that knows nothing else.
    """

    flat: bool
    apart: bool
    draws: bool = False
    numbers: int = 0
    dtype: torch.dtype = torch.float64


MATRICES = "use_muon"
"""The key by which classes of the Muon family tell groups of matrices from groups of other tensors."""

_SINK = open(os.devnull, "w")  # noqa: SIM115 (stays open until the program ends)


@dataclass(frozen=True, eq=False)
class Kind:
    """A class with its options.

    Args:
        cls: the class.
        arguments: what its instances are constructed with.
        split: whether it wants two groups, one of matrices (`use_muon` is true) and one of all else.
        compiles: whether its steps compile anything, as far as is known.
    """

    cls: type[Optimizer]
    arguments: Arguments
    split: bool = False
    compiles: bool = True

    def make(self, params: Sequence[nn.Parameter], hyper: Mapping[str, float]) -> Optimizer:
        """An instance, in training mode.

        Raises:
            BadInput: the class refuses.
        """
        values = self.arguments.values(hyper)
        groups: Any = list(params)
        if self.split:
            kinds = ((True, [p for p in params if p.dim() >= 2]), (False, [p for p in params if p.dim() < 2]))
            groups = [{"params": some, MATRICES: matrices} for matrices, some in kinds if some]
        try:
            with guarded():
                return switch_mode(self.cls(groups, **values), "train")
        except BadInput:
            raise
        except Exception as error:  # a user's class may raise anything
            given = self.words(hyper)
            failed = f"refuses {given}" if given else "cannot be made"
            raise BadInput(f"optimizer '{self.arguments.name}' {failed} ({explained(error)})") from error

    def words(self, hyper: Mapping[str, float]) -> str:
        """Hyperparameters that are not at their defaults, for messages."""
        defaults = self.arguments.numbers
        return ", ".join(f"{name}={value:g}" for name, value in hyper.items() if value != defaults.get(name))

    def join(self, singles: Sequence[Optimizer], hyper: Mapping[str, float]) -> Optimizer:
        """One instance whose groups are those of the given ones, each of one group."""
        groups = [dict(single.param_groups[0]) for single in singles]
        with guarded():
            return switch_mode(self.cls(groups, **self.arguments.values(hyper)), "train")


def switch_mode(optimizer: Optimizer, mode: str) -> Optimizer:
    """The optimizer switched to `train` or `eval`, where it has modes."""
    switch = getattr(optimizer, mode, None)
    if callable(switch):
        with guarded():
            switch()
    return optimizer


@contextlib.contextmanager
def guarded(compiles: bool = True) -> Iterator[None]:
    """Within the body, what a class prints is discarded (stdout is for results), and what it compiles runs as it is.

    Compiling takes minutes, again for every shape, and changes nothing but rounding.

    Args:
        compiles: whether the class may compile anything; entering takes longer then.
    """
    with contextlib.redirect_stdout(_SINK):
        if compiles:
            with torch.compiler.set_stance("force_eager"):
                yield
        else:
            yield


@contextlib.contextmanager
def compiling() -> Iterator[list[bool]]:
    """The list is filled, once at least, if a function that torch compiles is called within the body."""
    found: list[bool] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name == "compile_wrapper":
            found.append(True)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield found
    finally:
        sys.setprofile(before)


NEEDS = (
    (
        r"'list' object has no attribute '(named_)?(parameters|modules)'",
        "it is constructed with a network, not with "
        "parameters: those of many cells are stacked, and no network holds them",
    ),
    (r"grad_fn|create_graph", "it needs second derivatives, the graph of the loss; here gradients alone are given"),
    (r"process group", "it needs several processes of torch.distributed"),
    (
        r"'NoneType' object is not callable|closure",
        "its step needs a closure that evaluates the network anew; here gradients are computed once, for all cells",
    ),
    (r"not compiled with CUDA|No CUDA GPUs|NVIDIA driver|[Cc]uda", "it needs CUDA"),
)
"""What errors of classes mean, by a pattern of their texts."""


def explained(error: BaseException) -> str:
    """What an error that a class raised says, or what it means where that is known."""
    text = reason(error)
    return next((meaning for pattern, meaning in NEEDS if re.search(pattern, str(error))), text)
