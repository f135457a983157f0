"""Blocks of parameters: the parameters of a group as rows that a rule can step, and their states.

A rule sees a network's parameters as `[cells, n]`; here there is one cell. On a CPU a group is cut into rows that
stay in the cache where the rule allows it: a rule makes about ten passes over its input, and passes through main
memory would take longer than all of its arithmetic.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes, Step

CHUNK = 1 << 18

HALF = (torch.float16, torch.bfloat16)
"""Types of parameters that are stepped in float32, state and all: in their own, 1 − β2 and ε would be lost."""

Piece = tuple[Tensor, int, int]
"""Elements of a parameter: the parameter, the first one's position, one past the last one's."""


@dataclass
class Block:
    """Pieces of parameters that have made all their steps together, side by side.

    Args:
        pieces: at least one, of parameters of one dtype and one device.
        state: the rule's state for them, `[1, n]`; of type float32 where the parameters are `HALF`.
    """

    pieces: list[Piece]
    state: Any

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of elements of each piece."""
        return tuple(end - start for _, start, end in self.pieces)

    @property
    def shapes(self) -> Shapes:
        """The shape of each piece: its parameter's where it is the whole of it."""
        return tuple(tuple(p.shape) if end - start == p.numel() else (end - start,) for p, start, end in self.pieces)

    def row(self) -> Tensor:
        """The parameters, `[1, n]`."""
        return _row([p.detach().reshape(-1)[start:end] for p, start, end in self.pieces])

    def step(self, update: Step, hyper: Hyper) -> None:
        """Step the parameters by their gradients, by a rule's `step` or `in_place`."""
        grads = _row([p.grad.reshape(-1)[start:end] for p, start, end in self.pieces if p.grad is not None])
        row = self.row()
        after, self.state = update(row, grads, self.state, hyper)
        first = self.pieces[0][0]
        if after is row and len(self.pieces) == 1 and first.is_contiguous() and first.dtype == row.dtype:
            return  # The row is the parameter's own memory: it was stepped in place.
        targets = [p.detach().view(-1)[start:end] if p.is_contiguous() else p for p, start, end in self.pieces]
        new = [part.view_as(target) for part, target in zip(after[0].split(self.sizes), targets, strict=True)]
        torch._foreach_copy_(targets, new)


def cut(params: Sequence[Tensor], limit: int | None, *, whole: bool = False) -> Iterator[list[Piece]]:
    """Parameters side by side in rows of at most `limit` elements (one row where None).

    Small parameters share a row, into which they are copied at every step. One of a quarter of a row or more is cut
    into rows of its own, stepped where it lies; but never one whose memory is in another order (channels_last), and
    none where `whole`: then it has one row, however long.

    >>> params = [torch.zeros(9), torch.zeros(1), torch.zeros(1)]
    >>> [[(len(p), start, end) for p, start, end in row] for row in cut(params, 8)]
    [[(9, 0, 5)], [(9, 5, 9)], [(1, 0, 1), (1, 0, 1)]]
    """
    if limit is None:
        yield [(p, 0, p.numel()) for p in params]
        return
    shared: list[Piece] = []
    room = limit
    for p in params:
        n = p.numel()
        if 4 * n >= limit and p.is_contiguous():
            length = n if whole else -(-n // -(-n // limit))  # rows of one length
            yield from ([(p, start, min(n, start + length))] for start in range(0, n, length))
            continue
        if n > room and shared:
            yield shared
            shared, room = [], limit
        shared.append((p, 0, n))
        room -= n
    if shared:
        yield shared


def state_layout(rule: Rule) -> dict[str, str]:
    """The unit of each field of a rule's state: `element`, `tensor`, or neither (`shared`).

    A field of one dimension says something about the tensors' sizes and is left out: it is made anew.
    """
    probe = rule.init(torch.zeros(1, 5), ((2,), (3,)))
    kinds = {5: "element", 2: "tensor"}
    fields = {name: value for name, value in probe._asdict().items() if value.dim() != 1}
    return {name: kinds.get(value.shape[-1], "shared") if value.dim() else "shared" for name, value in fields.items()}


def split_state(blocks: Sequence[Block], kinds: dict[str, str]) -> dict[Tensor, dict[str, Tensor]]:
    """The blocks' states by parameter: elements in the parameter's shape, the rest as copies."""
    parts: dict[Tensor, dict[str, list[Tensor]]] = {}
    for block in blocks:
        offset = 0
        for number, (p, start, end) in enumerate(block.pieces):
            fields = parts.setdefault(p, {name: [] for name in kinds})
            for name, kind in kinds.items():
                value = getattr(block.state, name)
                if kind == "element":
                    value = value[0, offset : offset + end - start]
                elif kind == "tensor":
                    value = value[:, number : number + 1]
                fields[name].append(value)
            offset += end - start
    return {
        p: {
            name: torch.cat(values).view(p.shape) if kinds[name] == "element" else values[0].clone()
            for name, values in fields.items()
        }
        for p, fields in parts.items()
    }


def join_state(rule: Rule, block: Block, states: dict[Tensor, dict[str, Tensor]]) -> Any:
    """The inverse: a block's state from its parameters' own, a new one where they have none."""
    fresh = rule.init(block.row(), block.shapes)
    if not states[block.pieces[0][0]]:
        return fresh
    fields = {}
    for name, kind in state_layout(rule).items():
        like = getattr(fresh, name)
        values = [(states[p][name].to(like), start, end) for p, start, end in block.pieces]
        if kind == "element":
            fields[name] = torch.cat([value.reshape(-1)[start:end] for value, start, end in values]).unsqueeze(0)
        elif kind == "tensor":
            fields[name] = torch.cat([value.reshape(1, 1) for value, _, _ in values], dim=1)
        else:
            fields[name] = values[0][0].reshape(like.shape).clone()
    return fresh._replace(**fields)


def _row(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors of one dimension side by side as `[1, n]`, of type float32 where they are `HALF`."""
    row = (tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))).unsqueeze(0)
    return row.float() if row.dtype in HALF else row
