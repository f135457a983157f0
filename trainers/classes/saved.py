"""The saved state of cells that optimizer classes train, as bytes."""

import io
from collections import OrderedDict, deque
from typing import Any

import torch

Saved = dict[str, Any]
"""What is kept of a cell: `hyper` that it was constructed with, `groups` without their parameters, `rates` of the
groups, `state` by group and parameter, `shared` (state that belongs to no parameter), `draws` (of the generator that
its class draws from; None), `own` (what the class's `state_dict` holds besides), `lost` (whether its step has failed),
and `flat`, `apart` of the plan that it is run by."""

MARKS = {"deque of": deque, "set of": set}
"""Containers that are saved as tuples: the mark, a deque's greatest length, the elements."""


def to_bytes(saved: list[Saved] | None) -> bytes:
    """A state as bytes that `from_bytes` reads without running any code.

    Raises:
        Exception: whatever torch.save raises of objects that are neither tensors nor plain values.
    """
    buffer = io.BytesIO()
    torch.save(_plain(saved), buffer)
    return buffer.getvalue()


def from_bytes(content: bytes) -> list[Saved] | None:
    """The inverse.

    Raises:
        pickle.UnpicklingError: the state holds objects that are neither tensors nor plain values.
    """
    found: list[Saved] | None = _rebuilt(torch.load(io.BytesIO(content), weights_only=True))
    return found


def _plain(tree: Any) -> Any:
    for mark, kind in MARKS.items():
        if type(tree) is kind:
            return mark, getattr(tree, "maxlen", None), [_plain(each) for each in tree]
    if type(tree) in (dict, OrderedDict):
        return {key: _plain(value) for key, value in tree.items()}
    return type(tree)(_plain(each) for each in tree) if type(tree) in (list, tuple) else tree


def _rebuilt(tree: Any) -> Any:
    if type(tree) is tuple and len(tree) == 3 and isinstance(tree[0], str) and tree[0] in MARKS:
        elements = [_rebuilt(each) for each in tree[2]]
        return deque(elements, tree[1]) if MARKS[tree[0]] is deque else set(elements)
    if type(tree) is dict:
        return {key: _rebuilt(value) for key, value in tree.items()}
    return type(tree)(_rebuilt(each) for each in tree) if type(tree) in (list, tuple) else tree
