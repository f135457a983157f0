"""Layers on features `[cells, features, batch]`: matrix products by torch, and batch norm compiled for a CPU.

The innermost loops run along the batch; every cell is a loop of its own, so that its numbers cannot depend on the block
it is trained in.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from trainers.engine.compiling import compiled

Array = np.ndarray


def linear(weight: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
    """weight `[cells, outputs, inputs]` times x `[cells, inputs, batch]`, plus bias `[cells, outputs]`."""
    outputs, batch = weight.shape[1], x.shape[2]
    if min(outputs, batch, x.shape[1]) == 1:
        # A dimension of 1 makes a product of matrix and vector, which libraries sum otherwise for one cell than for
        # many: with a row of zeros added, it is a product of matrices.
        weight, x = _two(_two(weight, 1), 2), _two(_two(x, 1), 2)
        bias = None if bias is None else _two(bias, 1)
    y = torch.bmm(weight, x) if bias is None else torch.baddbmm(bias.unsqueeze(2), weight, x)
    return y[:, :outputs, :batch]


def _two(tensor: Tensor, dim: int) -> Tensor:
    """`tensor`, with zeros added where the dimension has a size of 1."""
    return tensor if tensor.shape[dim] > 1 else torch.cat((tensor, torch.zeros_like(tensor)), dim)


def norm(x: Tensor, tensors: dict[str, Tensor], training: bool, eps: float, momentum: float, relu: bool) -> Tensor:
    """Batch norm of x, with its `weight`, `bias`, `running_mean` and `running_var`, which training updates in place."""
    weight, bias, mean, variance = (tensors[role] for role in ("weight", "bias", "running_mean", "running_var"))
    x = x.to(weight.dtype)  # statistics stay float32 where products are bfloat16
    if not training:
        scale = weight * (variance + eps).rsqrt()
        y = x * scale.unsqueeze(2) + (bias - mean * scale).unsqueeze(2)
        return functional.relu(y, inplace=True) if relu else y
    y, batch_mean, batch_variance = NormRelu.apply(x, weight, bias, eps, relu)
    update_statistics(mean, variance, batch_mean, batch_variance, momentum, x.shape[2])
    return y


def update_statistics(
    mean: Tensor, variance: Tensor, batch_mean: Tensor, batch_variance: Tensor, momentum: float, positions: int
) -> None:
    """Move running statistics, in place, by those of a batch of so many positions."""
    mean.lerp_(batch_mean, momentum)
    variance.lerp_(batch_variance * (positions / (positions - 1)), momentum)


@compiled
def _norm_forward(
    x: Array, weight: Array, bias: Array, eps: float, relu: bool, y: Array, mean: Array, variance: Array, inverse: Array
) -> None:
    cells, channels, positions = x.shape
    real = x.dtype.type  # every number in the activations' type: a stray float64 would halve the vector unit
    for c in range(cells):
        for k in range(channels):
            row, out = x[c, k], y[c, k]
            total, square = real(0), real(0)
            for j in range(positions):
                total += row[j]
            middle = total / real(positions)
            for j in range(positions):
                square += (row[j] - middle) * (row[j] - middle)
            square /= real(positions)
            inverse[c, k] = real(1) / np.sqrt(square + real(eps))
            scale, shift = weight[c, k] * inverse[c, k], bias[c, k]
            for j in range(positions):
                value = (row[j] - middle) * scale + shift
                out[j] = real(0) if relu and value <= 0 else value
            mean[c, k], variance[c, k] = middle, square


@compiled
def _norm_backward(
    grad: Array,
    x: Array,
    y: Array,
    weight: Array,
    mean: Array,
    inverse: Array,
    relu: bool,
    x_grad: Array,
    weight_grad: Array,
    bias_grad: Array,
) -> None:
    cells, channels, positions = x.shape
    real = x.dtype.type
    for c in range(cells):
        for k in range(channels):
            row, out, above, below = x[c, k], y[c, k], grad[c, k], x_grad[c, k]
            middle, scale = mean[c, k], inverse[c, k]
            total, along = real(0), real(0)
            for j in range(positions):
                value = real(0) if relu and out[j] <= 0 else above[j]
                below[j] = value
                total += value
                along += value * (row[j] - middle)
            along *= scale
            weight_grad[c, k], bias_grad[c, k] = along, total
            factor = weight[c, k] * scale
            total, along = total / real(positions), along * scale / real(positions)
            for j in range(positions):
                below[j] = factor * (below[j] - total - along * (row[j] - middle))


class NormRelu(Function):
    """Batch norm over the last dimension, with or without a ReLU after it, in training.

    Ioffe & Szegedy 2015, algorithm 1 and the gradients of section 3; the variance of the batch is the biased one.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The result, and the mean and variance `[cells, channels]`, of x `[cells, channels, positions]`."""
        x, weight, bias = x.contiguous(), weight.contiguous(), bias.contiguous()
        y, mean, variance, inverse = torch.empty_like(x), *(torch.empty_like(weight) for _ in range(3))
        _norm_forward(*_arrays(x, weight, bias), eps, relu, *_arrays(y, mean, variance, inverse))
        ctx.save_for_backward(x, y, weight, mean, inverse)
        ctx.relu = relu
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of `forward`'s arguments, from those of its results."""
        x, y, weight, mean, inverse = ctx.saved_tensors
        x_grad, weight_grad, bias_grad = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(weight)
        given = _arrays(grad.contiguous(), x, y, weight, mean, inverse)
        _norm_backward(*given, ctx.relu, *_arrays(x_grad, weight_grad, bias_grad))
        return x_grad, weight_grad, bias_grad, None, None


def _arrays(*tensors: Tensor) -> tuple[np.ndarray, ...]:
    return tuple(t.detach().numpy() for t in tensors)
