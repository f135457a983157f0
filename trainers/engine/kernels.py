"""Batch norm and convolutions for the CPU backends, forward and backward, on `[cells, channels, ..., batch]`.

Written for a CPU's caches: few passes over the activations, the last dimension long and contiguous, and no sum that
crosses cells, so that a cell's numbers do not depend on how many others there are.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional


class NormRelu(Function):
    """Batch norm over the last dimension, with or without a ReLU after it, in training.

    Ioffe & Szegedy 2015, algorithm 1 and the gradients of section 3; the variance of the batch is the biased one.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """From x `[cells, channels, positions]`: the result, the mean and the variance `[cells, channels]`."""
        mean = x.mean(dim=2, keepdim=True)
        centred = x - mean
        with torch.autocast(x.device.type, enabled=False):  # it would take this for a product of matrices
            variance = torch.linalg.vecdot(centred, centred).div_(x.shape[2])
        inverse = (variance + eps).rsqrt_().unsqueeze(2)
        scale = weight.unsqueeze(2) * inverse
        y = torch.mul(centred, scale).add_(bias.unsqueeze(2))
        if relu:
            y.relu_()
        ctx.save_for_backward(y if relu else None, inverse, scale)
        ctx.centred = centred
        mean = mean.squeeze(2)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of `forward`'s arguments, from those of its results."""
        y, inverse, scale = ctx.saved_tensors
        positions = grad.shape[2]
        # The masked gradient and the saved tensors are used only here, and may be written over.
        grad = grad.clone() if y is None else torch.ops.aten.threshold_backward(grad, y, 0)
        bias_grad = grad.sum(dim=2, keepdim=True)
        weight_grad = torch.linalg.vecdot(grad, ctx.centred).unsqueeze(2).mul_(inverse)
        along = ctx.centred.mul_((weight_grad * inverse).mul_(scale).div_(positions))
        x_grad = grad.mul_(scale).sub_(along).sub_((bias_grad * scale).div_(positions))
        return x_grad, weight_grad.squeeze(2), bias_grad.squeeze(2), None, None


def patches(x: Tensor, size: int, stride: int, padding: int) -> Tensor:
    """Every window of x `[..., channels, height, width, batch]`, as `[..., channels·size², positions·batch]`."""
    if padding:
        x = functional.pad(x, (0, 0, padding, padding, padding, padding))
    windows = x.unfold(-3, size, stride).unfold(-3, size, stride)  # [..., channels, high, wide, batch, size, size]
    *lead, channels, high, wide, batch, _, _ = windows.shape
    lead_dims = tuple(range(len(lead) + 1))
    n = len(lead_dims)
    windows = windows.permute(*lead_dims, n + 3, n + 4, n, n + 1, n + 2)
    return windows.reshape(*lead, channels * size * size, high * wide * batch)


class Convolution(Function):
    """A convolution with every cell's own weights, as one matrix product for each. An input of one cell is shared."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        """From x `[cells, channels, height, width, batch]` and weight `[cells, out, channels, size, size]`."""
        cells, out, _, size, _ = weight.shape
        columns = patches(x, size, stride, padding)
        columns = columns.expand(cells, *columns.shape[1:])
        kind = x.device.type
        if torch.is_autocast_enabled(kind):
            # Done here rather than by bmm itself, so that what is kept for the backward pass is of one type.
            columns, weight = (t.to(torch.get_autocast_dtype(kind)) for t in (columns, weight))
        flat = weight.flatten(2)
        high, wide = ((n + 2 * padding - size) // stride + 1 for n in x.shape[2:4])
        ctx.save_for_backward(columns, weight)
        ctx.shape, ctx.stride, ctx.padding = x.shape, stride, padding
        return torch.bmm(flat, columns).view(cells, out, high, wide, x.shape[4])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of `forward`'s arguments, from those of its results."""
        columns, weight = ctx.saved_tensors
        _, channels, height, width, batch = ctx.shape
        cells = len(weight)
        stride, padding, size = ctx.stride, ctx.padding, weight.shape[3]
        high, wide = grad.shape[2:4]
        flat = grad.reshape(cells, weight.shape[1], -1)
        weight_grad = torch.bmm(flat, columns.transpose(1, 2)).view(weight.shape)
        if not ctx.needs_input_grad[0]:
            return None, weight_grad, None, None
        column_grad = torch.bmm(weight.flatten(2).transpose(1, 2), flat)
        column_grad = column_grad.view(cells, channels, size, size, high, wide, batch)
        padded = grad.new_zeros(cells, channels, height + 2 * padding, width + 2 * padding, batch)
        for i in range(size):
            for j in range(size):
                rows = slice(i, i + stride * (high - 1) + 1, stride)
                columns_ = slice(j, j + stride * (wide - 1) + 1, stride)
                padded[:, :, rows, columns_] += column_grad[:, :, i, j]
        x_grad = padded[:, :, padding : padding + height, padding : padding + width]
        return x_grad, weight_grad, None, None
