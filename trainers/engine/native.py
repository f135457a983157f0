"""Batch norm and 3×3 convolutions compiled for a CPU by numba: a cell's numbers stay in the cache while they are used.

The same functions as in `kernels`, whose layout they share: activations `[cells, channels, ..., batch]`. The innermost
loops run along the batch, so that they fill the vector unit whatever the size of the image; every cell is a loop of
its own, so that its numbers cannot depend on the block it is trained in.

Measured for `digits-conv` (processor time for one step of one cell of 21, on one thread of a busy machine):
torch's grouped convolution through vmap 2.1 ms, patches and batched matrix products 1.7 ms, this 1.0 ms.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from trainers.engine.compiling import compiled

Array = np.ndarray


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


@compiled
def _spread(image: Array, stride: int, padding: int, spread: Array) -> None:
    """Pad an image `[channels, height, width, batch]` and sort its columns by their number modulo the stride.

    Then the columns that one tap of the filter meets, over a whole row of results, lie side by side in memory.
    """
    channels, height, width, batch = image.shape
    spread[:] = 0
    for i in range(channels):
        for r in range(height):
            for q in range(width):
                column = q + padding
                start = column // stride * batch
                target, source = spread[i, r + padding, column % stride], image[i, r, q]
                for j in range(batch):
                    target[start + j] = source[j]


@compiled
def _convolve(x: Array, weight: Array, stride: int, padding: int, y: Array) -> None:
    cells, outs, channels = weight.shape[:3]
    height, width, batch = x.shape[2:]
    high, wide = y.shape[2], y.shape[3]
    run = wide * batch
    spread = np.empty(
        (channels, height + 2 * padding, stride, (width + 2 * padding + stride - 1) // stride * batch), x.dtype
    )
    spare = np.empty(run, x.dtype)
    first, second, third = 0, 1 // stride * batch, 2 // stride * batch
    for c in range(cells):
        if c == 0 or x.shape[0] > 1:
            _spread(x[c], stride, padding, spread)
        rows = y[c].reshape(outs, high, run)
        for r in range(high):
            for o in range(0, outs, 2):
                other = min(o + 1, outs - 1)
                y0 = rows[o, r]
                y1 = rows[other, r] if other > o else spare
                for i in range(channels):
                    top, mid, low = spread[i, r * stride], spread[i, r * stride + 1], spread[i, r * stride + 2]
                    a0, a1, a2 = top[0][first:], top[1 % stride][second:], top[2 % stride][third:]
                    a3, a4, a5 = mid[0][first:], mid[1 % stride][second:], mid[2 % stride][third:]
                    a6, a7, a8 = low[0][first:], low[1 % stride][second:], low[2 % stride][third:]
                    w, v = weight[c, o, i], weight[c, other, i]
                    w0, w1, w2, w3, w4 = w[0, 0], w[0, 1], w[0, 2], w[1, 0], w[1, 1]
                    w5, w6, w7, w8 = w[1, 2], w[2, 0], w[2, 1], w[2, 2]
                    v0, v1, v2, v3, v4 = v[0, 0], v[0, 1], v[0, 2], v[1, 0], v[1, 1]
                    v5, v6, v7, v8 = v[1, 2], v[2, 0], v[2, 1], v[2, 2]
                    if i == 0:
                        y0[:], y1[:] = 0, 0
                    for j in range(run):
                        p = w0 * a0[j] + w1 * a1[j] + w2 * a2[j] + w3 * a3[j] + w4 * a4[j]
                        p += w5 * a5[j] + w6 * a6[j] + w7 * a7[j] + w8 * a8[j]
                        q = v0 * a0[j] + v1 * a1[j] + v2 * a2[j] + v3 * a3[j] + v4 * a4[j]
                        q += v5 * a5[j] + v6 * a6[j] + v7 * a7[j] + v8 * a8[j]
                        y0[j] += p
                        y1[j] += q


@compiled
def _convolve_weight_grad(x: Array, grad: Array, stride: int, padding: int, weight_grad: Array) -> None:
    cells, outs, channels = weight_grad.shape[:3]
    height, width, batch = x.shape[2:]
    high, wide = grad.shape[2], grad.shape[3]
    run = wide * batch
    spread = np.empty(
        (channels, height + 2 * padding, stride, (width + 2 * padding + stride - 1) // stride * batch), x.dtype
    )
    first, second, third = 0, 1 // stride * batch, 2 // stride * batch
    for c in range(cells):
        if c == 0 or x.shape[0] > 1:
            _spread(x[c], stride, padding, spread)
        rows = grad[c].reshape(outs, high, run)
        weight_grad[c] = 0
        for i in range(channels):
            for r in range(high):
                top, mid, low = spread[i, r * stride], spread[i, r * stride + 1], spread[i, r * stride + 2]
                a0, a1, a2 = top[0][first:], top[1 % stride][second:], top[2 % stride][third:]
                a3, a4, a5 = mid[0][first:], mid[1 % stride][second:], mid[2 % stride][third:]
                a6, a7, a8 = low[0][first:], low[1 % stride][second:], low[2 % stride][third:]
                for o in range(outs):
                    above, w = rows[o, r], weight_grad[c, o, i]
                    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = x.dtype.type(0)
                    for j in range(run):
                        g = above[j]
                        s0 += g * a0[j]
                        s1 += g * a1[j]
                        s2 += g * a2[j]
                        s3 += g * a3[j]
                        s4 += g * a4[j]
                        s5 += g * a5[j]
                        s6 += g * a6[j]
                        s7 += g * a7[j]
                        s8 += g * a8[j]
                    w[0, 0] += s0
                    w[0, 1] += s1
                    w[0, 2] += s2
                    w[1, 0] += s3
                    w[1, 1] += s4
                    w[1, 2] += s5
                    w[2, 0] += s6
                    w[2, 1] += s7
                    w[2, 2] += s8


@compiled
def _convolve_input_grad(weight: Array, grad: Array, stride: int, padding: int, x_grad: Array) -> None:
    cells, outs, channels = weight.shape[:3]
    height, width, batch = x_grad.shape[2:]
    high, wide = grad.shape[2], grad.shape[3]
    run = wide * batch
    spread = np.empty(
        (channels, height + 2 * padding, stride, (width + 2 * padding + stride - 1) // stride * batch), grad.dtype
    )
    for c in range(cells):
        rows = grad[c].reshape(outs, high, run)
        spread[:] = 0
        for r in range(high):
            for o in range(0, outs, 4):
                o1, o2, o3 = min(o + 1, outs - 1), min(o + 2, outs - 1), min(o + 3, outs - 1)
                g0, g1, g2, g3 = rows[o, r], rows[o1, r], rows[o2, r], rows[o3, r]
                for i in range(channels):
                    for down in range(3):
                        for right in range(3):
                            w0 = weight[c, o, i, down, right]
                            w1 = weight[c, o1, i, down, right] if o1 == o + 1 else w0 - w0
                            w2 = weight[c, o2, i, down, right] if o2 == o + 2 else w0 - w0
                            w3 = weight[c, o3, i, down, right] if o3 == o + 3 else w0 - w0
                            target = spread[i, r * stride + down, right % stride][right // stride * batch :]
                            for j in range(run):
                                target[j] += w0 * g0[j] + w1 * g1[j] + w2 * g2[j] + w3 * g3[j]
        for i in range(channels):
            for r in range(height):
                for q in range(width):
                    column = q + padding
                    start = column // stride * batch
                    source, below = spread[i, r + padding, column % stride], x_grad[c, i, r, q]
                    for j in range(batch):
                        below[j] = source[start + j]


class NormRelu(Function):
    """See `kernels.NormRelu`."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        x, weight, bias = x.contiguous(), weight.contiguous(), bias.contiguous()
        y, mean, variance, inverse = torch.empty_like(x), *(torch.empty_like(weight) for _ in range(3))
        _norm_forward(*_arrays(x, weight, bias), eps, relu, *_arrays(y, mean, variance, inverse))
        ctx.save_for_backward(x, y, weight, mean, inverse)
        ctx.relu = relu
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        x, y, weight, mean, inverse = ctx.saved_tensors
        x_grad, weight_grad, bias_grad = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(weight)
        given = _arrays(grad.contiguous(), x, y, weight, mean, inverse)
        _norm_backward(*given, ctx.relu, *_arrays(x_grad, weight_grad, bias_grad))
        return x_grad, weight_grad, bias_grad, None, None


class Convolution(Function):
    """See `kernels.Convolution`; 3×3 filters only. An input of one cell is shared by all."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        high, wide = ((n + 2 * padding - 3) // stride + 1 for n in x.shape[2:4])
        y = x.new_empty(len(weight), weight.shape[1], high, wide, x.shape[4])
        _convolve(*_arrays(x, weight), stride, padding, *_arrays(y))
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grad.contiguous()
        weight_grad, x_grad = torch.empty_like(weight), None
        _convolve_weight_grad(*_arrays(x, grad), ctx.stride, ctx.padding, *_arrays(weight_grad))
        if ctx.needs_input_grad[0]:
            x_grad = x.new_empty(len(weight), *x.shape[1:])
            _convolve_input_grad(*_arrays(weight, grad), ctx.stride, ctx.padding, *_arrays(x_grad))
            x_grad = x_grad if len(x) > 1 else x_grad.sum(dim=0, keepdim=True)
        return x_grad, weight_grad, None, None


def _arrays(*tensors: Tensor) -> tuple[np.ndarray, ...]:
    return tuple(t.detach().numpy() for t in tensors)
