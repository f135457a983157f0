"""Autograd functions of the backend `direct`: a convolution, a norm with or without ReLU, and both in one.

Each cell is a loop of its own, so that its numbers cannot depend on the block it is trained in.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from trainers.engine.compiling import compiled
from trainers.engine.direct import LANES
from trainers.engine.direct.convolution import (
    MOST_ABOVE,
    MOST_BELOW,
    WIDTH,
    Array,
    Geometry,
    collect,
    correlate,
    geometry,
    multiply,
    pack,
    to_panels,
)
from trainers.engine.direct.norm import add_gradients, add_statistics, gradient, normalise, spread


@compiled
def _images(batch: int, at: int) -> int:
    """Images of slice number `at`."""
    return min(LANES, batch - at * LANES)


@compiled
def _convolve(
    x: Array,
    weight: Array,
    first: Array,
    offsets: Array,
    batch: int,
    statistics: bool,
    y: Array,
    mean: Array,
    variance: Array,
) -> None:
    """y `[cells, slices, positions, outs·LANES]` from x of the same form; and each channel's mean and variance."""
    cells, outs, ins = weight.shape[:3]
    slices, positions = y.shape[1], y.shape[2]
    forward, backward = np.empty(weight[0].size, x.dtype), np.empty(weight[0].size, x.dtype)
    column = np.empty(outs * LANES, x.dtype)
    for c in range(cells):
        pack(weight[c], forward, backward)
        mean[c], variance[c] = 0, 0
        for s in range(slices):
            source = x[c if len(x) > 1 else 0, s].reshape(-1)
            multiply(source, forward, ins, outs, first, offsets, y[c, s].reshape(-1))
            if statistics:
                add_statistics(y[c, s], _images(batch, s), s * LANES, mean[c], variance[c], column)
        variance[c] /= x.dtype.type(batch * positions)


@compiled
def _statistics(y: Array, batch: int, mean: Array, variance: Array) -> None:
    column = np.empty(y.shape[3], y.dtype)
    for c in range(len(y)):
        mean[c], variance[c] = 0, 0
        for s in range(y.shape[1]):
            add_statistics(y[c, s], _images(batch, s), s * LANES, mean[c], variance[c], column)
        variance[c] /= y.dtype.type(batch * y.shape[2])


@compiled
def _normalise(
    y: Array, weight: Array, bias: Array, mean: Array, variance: Array, eps: float, relu: bool, out: Array
) -> None:
    width = y.shape[3]
    middle, scale, shift = np.empty(width, y.dtype), np.empty(width, y.dtype), np.empty(width, y.dtype)
    for c in range(len(y)):
        _columns(weight[c], bias[c], mean[c], variance[c], eps, middle, scale, shift)
        for s in range(y.shape[1]):
            normalise(y[c, s], middle, scale, shift, relu, out[c, s])


@compiled
def _columns(
    weight: Array, bias: Array, mean: Array, variance: Array, eps: float, middle: Array, scale: Array, shift: Array
) -> None:
    """What `normalise` takes, from one cell's weights and statistics `[channels]`."""
    real = weight.dtype.type
    spread(mean, middle)
    spread(weight / np.sqrt(variance + real(eps)), scale)
    spread(bias, shift)


@compiled
def _norm_gradients(
    grad: Array,
    y: Array,
    batch: int,
    variance: Array,
    eps: float,
    columns: tuple[Array, Array, Array],
    relu: bool,
    weight_grad: Array,
    bias_grad: Array,
    mean_grad: Array,
    slope: Array,
) -> None:
    """One cell's gradients of weight and bias `[channels]`, and the columns that `gradient` takes besides."""
    middle, scale, shift = columns
    real = y.dtype.type
    count = real(batch * y.shape[1])
    total, along = np.zeros_like(mean_grad), np.zeros_like(slope)
    for s in range(len(y)):
        add_gradients(grad[s], y[s], middle, scale, shift, relu, total, along)
    for k in range(len(variance)):
        start, end = k * LANES, (k + 1) * LANES
        inverse = real(1) / np.sqrt(variance[k] + real(eps))
        bias_grad[k] = total[start:end].sum()
        projection = along[start:end].sum()
        weight_grad[k] = projection * inverse
        mean_grad[start:end] = bias_grad[k] * scale[start] / count
        slope[start:end] = projection * inverse * inverse * scale[start] / count


@compiled
def _norm_backward(
    grad: Array,
    y: Array,
    batch: int,
    weight: Array,
    bias: Array,
    mean: Array,
    variance: Array,
    eps: float,
    relu: bool,
    weight_grad: Array,
    bias_grad: Array,
    y_grad: Array,
) -> None:
    width = y.shape[3]
    middle, scale, shift = np.empty(width, y.dtype), np.empty(width, y.dtype), np.empty(width, y.dtype)
    mean_grad, slope = np.empty(width, y.dtype), np.empty(width, y.dtype)
    for c in range(len(y)):
        _columns(weight[c], bias[c], mean[c], variance[c], eps, middle, scale, shift)
        columns = (middle, scale, shift)
        _norm_gradients(
            grad[c], y[c], batch, variance[c], eps, columns, relu, weight_grad[c], bias_grad[c], mean_grad, slope
        )
        for s in range(y.shape[1]):
            images = _images(batch, s)
            gradient(grad[c, s], y[c, s], images, middle, scale, shift, relu, mean_grad, slope, y_grad[c, s])


@compiled
def _convolution_backward(
    grad: Array,
    x: Array,
    weight: Array,
    sizes: tuple[int, int, int, int, int, int],
    first: Array,
    offsets: Array,
    weight_grad: Array,
    x_grad: Array,
    normed: bool,
    y: Array,
    batch: int,
    norm_weight: Array,
    norm_bias: Array,
    mean: Array,
    variance: Array,
    eps: float,
    relu: bool,
    norm_weight_grad: Array,
    norm_bias_grad: Array,
) -> None:
    """Gradients of weights and, where `x_grad` has cells, of inputs; through the norm after it where `normed`."""
    cells, outs, ins, size, _ = weight.shape
    height, width, high, wide, stride, padding = sizes
    slices, positions, columns = grad.shape[1:]
    forward, backward = np.empty(weight[0].size, x.dtype), np.empty(weight[0].size, x.dtype)
    x_panels, y_panels = np.empty(x[0, 0].size, x.dtype), np.empty(grad[0, 0].size, x.dtype)
    sums = np.empty(weight[0].size * WIDTH, x.dtype)
    middle, scale, shift = np.empty(columns, x.dtype), np.empty(columns, x.dtype), np.empty(columns, x.dtype)
    mean_grad, slope = np.empty(columns, x.dtype), np.empty(columns, x.dtype)
    below = np.empty((positions, columns), x.dtype)
    for c in range(cells):
        pack(weight[c], forward, backward)
        sums[:] = 0
        if normed:
            _columns(norm_weight[c], norm_bias[c], mean[c], variance[c], eps, middle, scale, shift)
            _norm_gradients(
                grad[c],
                y[c],
                batch,
                variance[c],
                eps,
                (middle, scale, shift),
                relu,
                norm_weight_grad[c],
                norm_bias_grad[c],
                mean_grad,
                slope,
            )
        for s in range(slices):
            if normed:
                images = _images(batch, s)
                gradient(grad[c, s], y[c, s], images, middle, scale, shift, relu, mean_grad, slope, below)
                above = below.reshape(-1)
            else:
                above = grad[c, s].reshape(-1)
            source = x[c if len(x) > 1 else 0, s].reshape(-1)
            to_panels(source, height * width, ins, MOST_BELOW, x_panels)
            to_panels(above, positions, outs, MOST_ABOVE, y_panels)
            correlate(x_panels, y_panels, ins, outs, height, width, high, wide, size, stride, padding, sums)
            if len(x_grad) > 0:
                multiply(above, backward, outs, ins, first, offsets, x_grad[c, s].reshape(-1))
        collect(sums, weight_grad[c])


class Convolution(Function):
    """A convolution, alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int, batch: int) -> Tensor:
        """From x `[cells, slices, height, width, channels, LANES]` and weight `[cells, out, channels, size, size]`.

        An input of one cell is shared by all. `batch` is the number of images.
        """
        x, weight = x.contiguous(), weight.contiguous()
        shape = _geometry(x, weight, stride, padding)
        y, _, _ = _forward(x, weight, shape, batch, statistics=False)
        ctx.save_for_backward(x, weight)
        ctx.shape = shape
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        none = weight.new_empty(0, 0)
        norm = (False, _rows(grad), 0, *_arrays(none, none, none, none), 0.0, False, *_arrays(none, none))
        x_grad, weight_grad = _gradients(grad.contiguous(), x, weight, ctx.shape, ctx.needs_input_grad[0], norm)
        return x_grad, weight_grad, None, None, None


class Norm(Function):
    """Batch norm, with or without a ReLU after it, in training."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, weight: Tensor, bias: Tensor, eps: float, relu: bool, batch: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """From y `[cells, slices, height, width, channels, LANES]`: result, mean and variance `[cells, channels]`."""
        y, weight, bias = y.contiguous(), weight.contiguous(), bias.contiguous()
        mean, variance = torch.empty_like(weight), torch.empty_like(weight)
        _statistics(_rows(y), batch, *_arrays(mean, variance))
        out = normalised(y, weight, bias, mean, variance, eps, relu)
        ctx.save_for_backward(y, weight, bias, mean, variance)
        ctx.eps, ctx.relu, ctx.batch = eps, relu, batch
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        y, weight, bias, mean, variance = ctx.saved_tensors
        y_grad, weight_grad, bias_grad = torch.empty_like(y), torch.empty_like(weight), torch.empty_like(bias)
        given = _rows(grad.contiguous()), _rows(y), ctx.batch, *_arrays(weight, bias, mean, variance)
        _norm_backward(*given, ctx.eps, ctx.relu, *_arrays(weight_grad, bias_grad), _rows(y_grad))
        return y_grad, weight_grad, bias_grad, None, None, None


class ConvolutionNorm(Function):
    """A convolution and the batch norm after it, with or without a ReLU, in training."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        norm_weight: Tensor,
        norm_bias: Tensor,
        stride: int,
        padding: int,
        eps: float,
        relu: bool,
        batch: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `Convolution` and `Norm`."""
        x, weight = x.contiguous(), weight.contiguous()
        norm_weight, norm_bias = norm_weight.contiguous(), norm_bias.contiguous()
        shape = _geometry(x, weight, stride, padding)
        y, mean, variance = _forward(x, weight, shape, batch, statistics=True)
        out = normalised(y, norm_weight, norm_bias, mean, variance, eps, relu)
        ctx.save_for_backward(x, weight, y, norm_weight, norm_bias, mean, variance)
        ctx.shape, ctx.eps, ctx.relu, ctx.batch = shape, eps, relu, batch
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, y, norm_weight, norm_bias, mean, variance = ctx.saved_tensors
        scale_grad, shift_grad = torch.empty_like(norm_weight), torch.empty_like(norm_bias)
        given = _arrays(norm_weight, norm_bias, mean, variance)
        norm = (True, _rows(y), ctx.batch, *given, ctx.eps, ctx.relu, *_arrays(scale_grad, shift_grad))
        x_grad, weight_grad = _gradients(grad.contiguous(), x, weight, ctx.shape, ctx.needs_input_grad[0], norm)
        return x_grad, weight_grad, scale_grad, shift_grad, None, None, None, None, None


def normalised(
    y: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, eps: float, relu: bool
) -> Tensor:
    """(y − mean)/√(variance + eps)·weight + bias, and a ReLU; all but y `[cells, channels]`. Knows no gradient."""
    y = y.contiguous()
    out = torch.empty_like(y)
    given = _arrays(*(t.contiguous() for t in (weight, bias, mean, variance)))
    _normalise(_rows(y), *given, eps, relu, _rows(out))
    return out


def _geometry(x: Tensor, weight: Tensor, stride: int, padding: int) -> Geometry:
    _, outs, ins, size, _ = weight.shape
    return geometry(x.shape[2], x.shape[3], ins, outs, size, stride, padding)


def _forward(x: Tensor, weight: Tensor, shape: Geometry, batch: int, statistics: bool) -> tuple[Tensor, Tensor, Tensor]:
    cells, outs = weight.shape[:2]
    y = x.new_empty(cells, x.shape[1], shape.high, shape.wide, outs, LANES)
    mean, variance = x.new_empty(cells, outs), x.new_empty(cells, outs)
    _convolve(_rows(x), *_arrays(weight), *shape.forward, batch, statistics, _rows(y), *_arrays(mean, variance))
    return y, mean, variance


def _gradients(
    grad: Tensor, x: Tensor, weight: Tensor, shape: Geometry, wanted: bool, norm: tuple[Any, ...]
) -> tuple[Tensor | None, Tensor]:
    weight_grad = torch.empty_like(weight)
    x_grad = x.new_empty(len(weight) if wanted else 0, *x.shape[1:])
    sizes = shape.height, shape.width, shape.high, shape.wide, shape.stride, shape.padding
    given = _rows(grad), _rows(x), *_arrays(weight), sizes, *shape.backward, *_arrays(weight_grad), _rows(x_grad)
    _convolution_backward(*given, *norm)
    if len(x) < len(x_grad):
        x_grad = x_grad.sum(dim=0, keepdim=True)
    return x_grad if wanted else None, weight_grad


def _arrays(*tensors: Tensor) -> tuple[Array, ...]:
    return tuple(t.detach().numpy() for t in tensors)


def _rows(t: Tensor) -> Array:
    """Activations as `[cells, slices, positions, channels·LANES]`."""
    return t.detach().flatten(4).flatten(2, 3).numpy()
