"""The parameters of all cells in the memory layout of a GPU's layers, cast once, with gradients written in place."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from trainers.engine.stack import TensorLayout


class LaidOut(Function):
    """Every tensor of a network from the cells' rows: one pass over the parameters forward, one backward.

    Autograd by itself would cast and copy each tensor in separate passes, and gather the gradients in more.
    """

    @staticmethod
    def forward(
        ctx: Any,
        params: Tensor,
        layout: TensorLayout,
        kinds: tuple[torch.dtype, ...],
        memory_format: torch.memory_format,
    ) -> tuple[Tensor, ...]:
        """Each tensor `[cells·first dimension, ...]`, of its own type, from params `[cells, n]`.

        Args:
            layout: where the tensors lie in a row.
            kinds: the type of each.
            memory_format: of those of four dimensions.
        """
        ctx.layout, ctx.like = layout, params
        laid = []
        for view, kind in zip(layout.views(params).values(), kinds, strict=True):
            wanted = memory_format if view.dim() == 5 else torch.contiguous_format
            out = torch.empty(
                (view.shape[0] * view.shape[1], *view.shape[2:]), dtype=kind, device=params.device, memory_format=wanted
            )
            out.unflatten(0, view.shape[:2]).copy_(view)
            laid.append(out)
        return tuple(laid)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradients of `forward`'s arguments, from those of its results."""
        every = torch.empty_like(ctx.like)
        for view, grad in zip(ctx.layout.views(every).values(), grads, strict=True):
            if grad is None:
                view.zero_()
            else:
                view.copy_(grad.unflatten(0, view.shape[:2]))
        return every, None, None, None
