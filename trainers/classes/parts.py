"""One optimizer of two classes: the first steps matrices and tensors of more dimensions, the other the rest."""

import inspect
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from grids.errors import BadInput

JOINT = "+"
PREFIX = "rest_"
"""Of the second class's arguments, `rest_lr` and so on; `weight_decay` is both's where both have it."""

SHARED = frozenset({"weight_decay"})


def join_classes(name: str, first: type[Optimizer], rest: type[Optimizer]) -> type[Optimizer]:
    """The class whose instances hold one of each.

    Args:
        name: what users type.
        first: steps tensors of two and more dimensions.
        rest: steps the others.
    """

    class Parts(Optimizer):
        """Two optimizers with one list of groups and one state."""

        parts = (first, rest)

        def __init__(self, params: Iterable[Tensor], **values: Any) -> None:
            tensors = list(params)
            if not all(isinstance(each, Tensor) for each in tensors):
                raise TypeError(f"{name} takes parameters, not groups")
            split = ([p for p in tensors if p.dim() >= 2], [p for p in tensors if p.dim() < 2])
            given = ({}, {})  # type: tuple[dict[str, Any], dict[str, Any]]
            for key, value in values.items():
                for at in owners[key]:
                    given[at][key.removeprefix(PREFIX) if at and key not in SHARED else key] = value
            super().__init__(tensors, {"lr": values.get("lr")})
            self.inner = [cls(some, **own) for cls, some, own in zip(self.parts, split, given, strict=True) if some]
            self.state = defaultdict(dict)
            for each in self.inner:
                each.state = self.state
            self.param_groups = [group for each in self.inner for group in each.param_groups]

        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for each in self.inner:
                each.step()

    owners: dict[str, list[int]] = {}
    signature = []
    for at, cls in enumerate((first, rest)):
        _, *parameters = inspect.signature(cls).parameters.values()
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            key = f"{PREFIX}{parameter.name}" if at and parameter.name not in SHARED else parameter.name
            owners.setdefault(key, []).append(at)
            if len(owners[key]) == 1:
                signature.append(parameter.replace(name=key, kind=parameter.KEYWORD_ONLY))
    if f"{PREFIX}lr" not in owners or "lr" not in owners:
        without = first if "lr" not in owners else rest
        raise BadInput(f"optimizer '{name}': {without.__name__} has no argument 'lr', the learning rate")
    params = inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    Parts.__signature__ = inspect.Signature([params, *signature])  # type: ignore[attr-defined]
    Parts.__name__ = f"{first.__name__}{JOINT}{rest.__name__}"
    return Parts
