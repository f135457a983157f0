"""Whether instances of a class keep hyperparameters in attributes of their own, outside of their parameter groups."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

OF_TORCH = frozenset(vars(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)))
"""Attributes that every optimizer has: its groups, state, defaults and hooks."""

DEPTH = 3
"""Of objects within objects that are compared."""


def differ(instances: Sequence[Optimizer]) -> bool:
    """Whether an attribute of one instance has another value than the same attribute of the first.

    One instance that steps the groups of all would give each the first's value. Compared are plain values and tensors
    of one number; neither parameters nor what was made of them.
    """
    first, *others = (_own(each) for each in instances)
    return any(_unlike(first, other, DEPTH) for other in others)


def _own(instance: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(instance).items() if name not in OF_TORCH}


def _unlike(one: Any, other: Any, depth: int) -> bool:
    if type(one) is not type(other):
        return True
    if isinstance(one, Tensor):
        return one.numel() == 1 == other.numel() and not torch.equal(one, other)
    if isinstance(one, bool | int | float | complex | str | bytes | None):
        return bool(one != other) and not (one != one and other != other)
    if depth == 0:
        return False
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return all(isinstance(key, str) for key in {**one, **other})
        return any(_unlike(one[key], other[key], depth - 1) for key in one)
    if isinstance(one, list | tuple):
        return len(one) != len(other) or any(_unlike(*pair, depth - 1) for pair in zip(one, other, strict=True))
    if isinstance(one, Optimizer):
        return _unlike(_groups(one), _groups(other), depth) or _unlike(_own(one), _own(other), depth - 1)
    if isinstance(one, nn.Module) or not hasattr(one, "__dict__") or callable(one):
        return False
    return _unlike(vars(one), vars(other), depth - 1)


def _groups(optimizer: Optimizer) -> list[dict[str, Any]]:
    return [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
