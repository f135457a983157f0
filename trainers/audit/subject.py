"""The class under experiment, and how it is made to step."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from trainers.classes.arguments import RATE
from trainers.classes.kind import Kind, guarded
from trainers.rules.base import Shapes, sizes_of

STEPS = 20
"""Of an experiment, unless it says otherwise."""

RIPPLE = 0.1
"""Share by which successive made-up gradients differ, so that none of their variances vanish."""

EPSILONS = ("eps", "epsilon", "eps.0", "eps.1", "eps1", "eps2", "adamw_eps")
"""What classes call ε, the first of these that is a number being meant."""

Gradient = Callable[[int, Tensor], Tensor]
"""`gradient(step, params)`: the gradients `[n]` of a step, counted from 0, at the parameters `[n]`."""


class NotTold(Exception):
    """An experiment that the class does not take part in: it raises, or gives NaN."""


class Still(NotTold):
    """Nothing moves."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A class and the made-up tensors that it steps.

    Args:
        kind: the class with its options.
        shapes: of the tensors.
        dtype: of the parameters.
        scale: size of the parameters before the first step.
    """

    kind: Kind
    shapes: Shapes
    dtype: torch.dtype
    scale: float = 1.0

    @property
    def numbers(self) -> Mapping[str, float]:
        """Its hyperparameters and their defaults."""
        return self.kind.arguments.numbers

    @property
    def epsilon(self) -> str | None:
        """The hyperparameter that is ε; None where there is none."""
        return next((name for name in EPSILONS if name in self.numbers), None)

    @property
    def plain(self) -> dict[str, float]:
        """Hyperparameters for experiments that weight decay would disturb."""
        return {"weight_decay": 0.0} if self.numbers.get("weight_decay") else {}

    def start(self) -> Tensor:
        """The parameters before the first step, `[n]`: of both signs."""
        generator = torch.Generator().manual_seed(1)
        size = torch.rand(self.size, generator=generator, dtype=torch.float64) + 0.5
        return (self.scale * size * signs(self.size, 2)).to(self.dtype)

    @property
    def size(self) -> int:
        return sum(sizes_of(self.shapes))

    def make(self, hyper: Mapping[str, float], start: Tensor | None = None) -> tuple[list[nn.Parameter], Optimizer]:
        """An instance and its parameters.

        Raises:
            NotTold: the class refuses the hyperparameters.
        """
        pieces = (self.start() if start is None else start).split(sizes_of(self.shapes))
        params = [nn.Parameter(piece.clone().view(shape)) for piece, shape in zip(pieces, self.shapes, strict=True)]
        try:
            return params, self.kind.make(params, {**self.plain, **hyper})
        except Exception as error:  # a class may raise anything
            raise NotTold(str(error)) from error

    def step(self, optimizer: Optimizer, params: Sequence[nn.Parameter], gradient: Tensor) -> None:
        """One step at these gradients, `[n]`.

        Raises:
            NotTold: it raises.
        """
        for p, piece in zip(params, gradient.split([p.numel() for p in params]), strict=True):
            p.grad = piece.to(p.dtype).view_as(p).clone()
        try:
            with guarded(self.kind.compiles):
                optimizer.step()
        except Exception as error:
            raise NotTold(str(error)) from error

    def path(
        self,
        hyper: Mapping[str, float] | None = None,
        gradient: Gradient | None = None,
        steps: int = STEPS,
        between: Callable[[int, Optimizer], Any] = lambda step, optimizer: None,
    ) -> Tensor:
        """The parameters before the first and after each step, `[steps + 1, n]`; the generator's seed is 0.

        Args:
            hyper: hyperparameters that are not at their defaults; weight decay is 0 unless given.
            gradient: ripples of size 1 unless given.
            steps: how many.
            between: called with the step's number and the optimizer before each step.

        Raises:
            NotTold: the class raises, or a parameter is not finite.
        """
        torch.manual_seed(0)
        params, optimizer = self.make(hyper or {})
        gradient = gradient or self.ripples(1.0)
        path = [flat(params)]
        for at in range(steps):
            between(at, optimizer)
            self.step(optimizer, params, gradient(at, path[-1]))
            path.append(flat(params))
        found = torch.stack(path)
        if not found.isfinite().all():
            raise NotTold("parameters that are not finite")
        return found

    def ripples(self, size: float) -> Gradient:
        """Gradients of one size and constant sign in each element, a tenth larger and smaller in turns."""
        sign, phase = signs(self.size, 3), signs(self.size, 4)
        return lambda step, params: size * sign * (1 + RIPPLE * phase * (-1) ** step)

    def constant(self, size: float) -> Gradient:
        """Gradients of one size, the same at every step."""
        return lambda step, params: size * signs(self.size, 3)


def signs(count: int, seed: int) -> Tensor:
    """Random signs, `[count]` float64."""
    drawn = torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.where(drawn < 0.5, -1.0, 1.0).double()


def flat(params: Sequence[nn.Parameter]) -> Tensor:
    """A copy of all parameters in one row."""
    return torch.cat([p.detach().flatten() for p in params])


def moved(path: Tensor, first: int = 0, last: int = -1) -> float:
    """The median distance that an element moves between two points of a path.

    Raises:
        Still: none.
    """
    found = float((path[last] - path[first]).abs().double().median())
    if not found > 0:
        raise Still("nothing moves")
    return found


def power(small: float, large: float, decades: float) -> float:
    """The exponent of a growth from `small` to `large` over so many decades of its cause, to two digits."""
    return round(math.log10(large / small) / decades, 2) + 0.0


__all__ = ["RATE", "STEPS", "Gradient", "NotTold", "Still", "Subject", "flat", "moved", "power", "signs"]
