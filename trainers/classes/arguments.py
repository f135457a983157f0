"""Read the constructor arguments of an optimizer class: hyperparameters, and options as users type them."""

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from grids.errors import BadInput, unknown

RATE = "lr"
WRAPPED = ("optimizer", "base_optimizer", "inner_optimizer", "optimizer_class")
"""What classes that wrap another optimizer call it."""

RATE_DEFAULT = 1e-3
"""Of a class whose `lr` has no number for a default."""


@dataclass(frozen=True)
class Arguments:
    """The arguments that a class is constructed with, besides the parameters.

    Args:
        name: the class as users typed it, for messages.
        numbers: default of each hyperparameter, `lr` first: a number, or one of a tuple of numbers as `betas.0`.
        defaults: of every argument, in the class's own types, with the user's options in their places.
        whole: arguments that are whole numbers.
    """

    name: str
    numbers: Mapping[str, float]
    defaults: Mapping[str, Any]
    whole: frozenset[str] = field(default_factory=frozenset)

    def values(self, hyper: Mapping[str, float]) -> dict[str, Any]:
        """What to construct the class with where hyperparameters have these values.

        Raises:
            BadInput: a whole number is needed and another one given.
        """
        values = dict(self.defaults)
        for name, number in hyper.items():
            argument, dot, place = name.partition(".")
            if not dot:
                values[name] = self._typed(name, number)
                continue
            parts = list(values[argument])
            parts[int(place)] = self._typed(name, number)
            values[argument] = tuple(parts)
        return values

    def group(self, hyper: Mapping[str, float]) -> dict[str, Any]:
        """The same for a parameter group: only the arguments that these hyperparameters are of."""
        values = self.values(hyper)
        return {name: values[name] for name in dict.fromkeys(name.partition(".")[0] for name in hyper)}

    def _typed(self, name: str, number: float) -> float | int:
        if number.is_integer() and isinstance(self._default(name), int):
            return int(number)
        if name in self.whole:
            raise BadInput(f"optimizer '{self.name}': {name}={number:g} is not a whole number")
        return number

    def _default(self, name: str) -> Any:
        argument, dot, place = name.partition(".")
        return self.defaults[argument][int(place)] if dot else self.defaults[argument]


def read_arguments(name: str, cls: type[Optimizer], options: Mapping[str, str]) -> Arguments:
    """The constructor's arguments, with the options that the user typed.

    Args:
        name: the class as users typed it.
        cls: the class.
        options: argument (or `betas.0`, an element of a tuple) and its value as text.

    Raises:
        BadInput: the class has no `lr`, or needs an argument that was not given; an option that it lacks, or of the
            wrong type.
    """
    trained, *parameters = inspect.signature(cls).parameters.values()  # the parameters to be trained come first
    named = {each.name: each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
    wrapped = next((each for each in (trained.name, *named) if each in WRAPPED), None)
    if wrapped is not None:
        raise BadInput(
            f"optimizer '{name}' is constructed with another optimizer (its argument '{wrapped}'), which cannot be "
            "typed: make both in the constructor of a class of your own, and name that as module:Class"
        )
    if RATE not in named:
        raise BadInput(f"optimizer '{name}' has no argument 'lr', the learning rate of a torch.optim class")
    known: list[str] = []
    defaults: dict[str, Any] = {}
    for key, parameter in named.items():
        default = parameter.default
        if isinstance(default, Tensor) and default.numel() == 1:
            default = float(default)
        if key == RATE and not _is_number(default):
            default = RATE_DEFAULT
        if default is not parameter.empty:
            defaults[key] = tuple(default) if isinstance(default, list) else default
        known += [f"{key}.{at}" for at in range(len(default))] if isinstance(default, tuple | list) else [key]
    for key, text in options.items():
        if key not in known:
            several = [one for one in known if one.startswith(f"{key}.")]
            if several:
                raise BadInput(f"optimizer '{name}': give {key} element by element, as {several[0]}={text}")
            raise unknown(f"option of {name}", key, known)
        argument, dot, place = key.partition(".")
        if dot:
            parts = list(defaults[argument])
            parts[int(place)] = _value(name, key, text, parts[int(place)], "")
            defaults[argument] = tuple(parts)
        else:
            defaults[key] = _value(name, key, text, defaults.get(key), _annotation(named[key]))
    for key in named:
        if key not in defaults:
            raise BadInput(f"optimizer '{name}' needs its argument '{key}', which has no default: {name}:{key}=VALUE")
    numbers = {RATE: float(defaults[RATE])}
    for key, default in defaults.items():
        if _is_number(default):
            numbers[key] = float(default)
        elif isinstance(default, tuple):
            numbers |= {f"{key}.{at}": float(part) for at, part in enumerate(default) if _is_number(part)}
    whole = frozenset(key for key in numbers if key in named and _annotation(named[key]) == "int")
    return Arguments(name, numbers, defaults, whole)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _annotation(parameter: inspect.Parameter) -> str:
    kind = parameter.annotation
    return kind.__name__ if isinstance(kind, type) else "" if kind is parameter.empty else str(kind)


def _value(name: str, key: str, text: str, default: Any, annotation: str) -> Any:
    """An option's text in the type of the default; of the annotation, or of what it looks like, where that is None."""
    wrong = f"optimizer '{name}': {key}={text} is"
    if text.lower() == "none" and (default is None or "None" in annotation or "Optional" in annotation):
        return None
    if isinstance(default, bool) or (default is None and "bool" in annotation):
        if text.lower() not in ("true", "false"):
            raise BadInput(f"{wrong} neither true nor false")
        return text.lower() == "true"
    if isinstance(default, str) or (default is None and "str" in annotation):
        return text
    number = _number(text)
    if _is_number(default) or (default is None and ("float" in annotation or "int" in annotation)):
        if number is None:
            raise BadInput(f"{wrong} not a number")
        if isinstance(number, float) and annotation == "int":
            raise BadInput(f"{wrong} not a whole number")
        return number
    if default is None:
        return {"true": True, "false": False}.get(text.lower(), text) if number is None else number
    raise BadInput(f"{wrong} no value that can be typed for an argument that is {type(default).__name__}")


def _number(text: str) -> float | int | None:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else None
    return None
