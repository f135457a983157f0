"""The update rules that ship with the program: each registers itself where it is defined."""

import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

from torch import Tensor

from trainers.rules.base import Rule

Factory = Callable[..., Rule]
"""Makes a rule; its keyword arguments are the rule's options, each with a default of type str or bool."""

Trajectory = Generator[Tensor, Tensor, None]
"""Yields a network's parameters `[n]`, is sent their gradient `[n]`, and yields them after the step, without end."""

Equation = Callable[..., Trajectory]
"""A rule as its source prints it, for one cell in plain torch: the oracle of the rule's fast form, with none of its
tricks. `equation(w, shapes, h, **options)` begins at the parameters `w`, of tensors of these shapes; `h` holds the
hyperparameters, α already multiplied by the schedule's factor, and that factor as `schedule`."""

Values = SimpleNamespace
"""Hyperparameters by name, each a number."""

_Factory = TypeVar("_Factory", bound=Factory)


@dataclass(frozen=True)
class Shipped:
    """A registered rule.

    Args:
        name: what users type.
        label: the name in figures.
        make: the factory.
        study: its place in the paper's list of ten; None where it is not one of them.
        equation: the rule as its source prints it; None for a user's own rule.
    """

    name: str
    label: str
    make: Factory
    study: int | None = None
    equation: Equation | None = None

    @property
    def switches(self) -> dict[str, Any]:
        """The factory's options with their defaults."""
        parameters = inspect.signature(self.make).parameters.values()
        return {each.name: each.default for each in parameters if isinstance(each.default, str | bool)}


SHIPPED: dict[str, Shipped] = {}
"""Every shipped rule by name. Complete once `trainers.rules` is imported."""


def register(name: str, *, label: str, equation: Equation, study: int | None = None) -> Callable[[_Factory], _Factory]:
    """A decorator: the factory's rule ships with the program under that name.

    Args:
        name: what users type.
        label: the name in figures.
        equation: the rule as its source prints it, against which the conformance suite tests the factory's rules.
        study: its place in the paper's list, from 1.

    Raises:
        ValueError: there is one of that name already.
    """

    def add(make: _Factory) -> _Factory:
        if name in SHIPPED:
            raise ValueError(f"two rules are called '{name}'")
        SHIPPED[name] = Shipped(name, label, make, study, equation)
        return make

    return add
