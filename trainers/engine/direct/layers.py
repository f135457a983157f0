"""The layer of the backend `direct`: a convolution, a batch norm with or without a ReLU after it, or both in one.

Each cell is a loop of its own, so that its numbers cannot depend on the block it is trained in.
"""

from typing import Any, NamedTuple

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
    Taps,
    collect,
    correlate,
    geometry,
    multiply,
    pack,
    to_panels,
)
from trainers.engine.direct.norm import add_statistics, columns_of, gradient, norm_gradients, normalise


class How(NamedTuple):
    """The numbers of a layer: `batch` images; of a convolution stride and padding; of a norm eps, and whether a ReLU
    follows. `training`: whether the norm takes the batch's own statistics."""

    batch: int
    stride: int = 1
    padding: int = 0
    eps: float = 0.0
    relu: bool = False
    training: bool = True


@compiled
def _images(batch: int, at: int) -> int:
    """Images of slice number `at`."""
    return min(LANES, batch - at * LANES)


@compiled
def _forward(
    x: Array,
    weight: Array,
    taps: Taps,
    scale: Array,
    shift: Array,
    how: How,
    mean: Array,
    variance: Array,
    y: Array,
    out: Array,
) -> None:
    """Write the convolution's output y, which is x where there is none (`weight` is empty), and the norm's, out.

    Activations are `[cells, slices, positions, channels·LANES]`. The norm's scale and shift are empty where there is
    none; mean and variance, `[cells, channels]`, are written in training.
    """
    batch, _, _, eps, relu, training = how
    convolved, normed = weight.size > 0, scale.size > 0
    cells, slices, positions, width = y.shape
    forward, backward = np.empty(weight[:1].size, x.dtype), np.empty(weight[:1].size, x.dtype)
    middle, factor, offset = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
    for c in range(cells):
        if convolved:
            pack(weight[c], forward, backward)
        if normed and training:
            mean[c], variance[c] = 0, 0
        for s in range(slices):
            if convolved:
                source = x[c if len(x) > 1 else 0, s].reshape(-1)
                multiply(source, forward, weight.shape[2], weight.shape[1], taps[0], taps[1], y[c, s].reshape(-1))
            if normed and training:
                add_statistics(y[c, s], _images(batch, s), s * LANES, mean[c], variance[c], middle)
        if normed:
            if training:
                variance[c] /= x.dtype.type(batch * positions)
            columns_of(scale[c], shift[c], mean[c], variance[c], eps, middle, factor, offset)
            for s in range(slices):
                normalise(y[c, s], middle, factor, offset, relu, out[c, s])


@compiled
def _backward(
    grad: Array,
    x: Array,
    y: Array,
    weight: Array,
    sizes: Geometry,
    taps: Taps,
    norm: tuple[Array, Array, Array, Array],
    how: How,
    x_grad: Array,
    weight_grad: Array,
    scale_grad: Array,
    shift_grad: Array,
) -> None:
    """Write the gradients of the layer's input (where that has cells), weights, scale and shift.

    As `_forward` has them; `norm` is scale, shift, mean and variance. y is x where there is no convolution.
    """
    scale, shift, mean, variance = norm
    batch, _, _, eps, relu, _ = how
    convolved, normed = weight.size > 0, scale.size > 0
    outs, ins = weight.shape[1], weight.shape[2]
    cells, slices, positions, width = grad.shape
    forward, backward = np.empty(weight[:1].size, x.dtype), np.empty(weight[:1].size, x.dtype)
    x_panels, y_panels = np.empty(x[0, 0].size, x.dtype), np.empty(grad[0, 0].size, x.dtype)
    sums = np.empty(weight[:1].size * WIDTH, x.dtype)
    columns = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
    mean_grad, slope = np.empty(width, x.dtype), np.empty(width, x.dtype)
    scratch = np.empty((positions, width), x.dtype)
    for c in range(cells):
        if normed:
            columns_of(scale[c], shift[c], mean[c], variance[c], eps, columns[0], columns[1], columns[2])
            norm_gradients(
                grad[c], y[c], batch, variance[c], eps, columns, relu, scale_grad[c], shift_grad[c], mean_grad, slope
            )
        if convolved:
            pack(weight[c], forward, backward)
            sums[:] = 0
        for s in range(slices):
            above = grad[c, s]
            if normed:
                target = scratch if convolved else x_grad[c, s]
                gradient(above, y[c, s], _images(batch, s), columns, relu, mean_grad, slope, target)
                above = target
            if convolved:
                source, flat = x[c if len(x) > 1 else 0, s].reshape(-1), above.reshape(-1)
                to_panels(source, sizes[0] * sizes[1], ins, MOST_BELOW, x_panels)
                to_panels(flat, positions, outs, MOST_ABOVE, y_panels)
                correlate(x_panels, y_panels, ins, outs, sizes, sums)
                if len(x_grad) > 0:
                    multiply(flat, backward, outs, ins, taps[0], taps[1], x_grad[c, s].reshape(-1))
        if convolved:
            collect(sums, weight_grad[c])


class Layer(Function):
    """A layer for autograd; its gradients are those of training."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        scale: Tensor | None,
        shift: Tensor | None,
        mean: Tensor | None,
        variance: Tensor | None,
        how: How,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The layer's output, mean and variance.

        Args:
            x: `[cells, slices, height, width, channels, LANES]`; of one cell where all share it.
            weight: of the convolution, `[cells, out, channels, size, size]`; None for none.
            scale, shift: of the norm, `[cells, out]`; None for none.
            mean, variance: `[cells, out]`, for a norm that is not in training.
            how: the layer's numbers.
        """
        x, weight = x.contiguous(), x.new_empty((0,) * 5) if weight is None else weight.contiguous()
        scale, shift = (x.new_empty(0, 0) if t is None else t.contiguous() for t in (scale, shift))
        sizes, forward, backward, y = Geometry(0, 0, 0, 0, 0, 0, 0), _NO_TAPS, _NO_TAPS, x
        if len(weight):
            (height, width), (outs, ins, size) = x.shape[2:4], weight.shape[1:4]
            sizes, forward, backward = geometry(height, width, ins, outs, size, how.stride, how.padding)
            y = x.new_empty(len(weight), x.shape[1], sizes.high, sizes.wide, outs, LANES)
        mean, variance = (torch.empty_like(scale) if t is None else t.contiguous() for t in (mean, variance))
        out = torch.empty_like(y) if len(scale) else y
        given = *_arrays(weight), forward, *_arrays(scale, shift), how, *_arrays(mean, variance)
        _forward(_rows(x), *given, _rows(y), _rows(out))
        ctx.save_for_backward(x, y, weight, scale, shift, mean, variance)
        ctx.how, ctx.sizes, ctx.taps = how, sizes, backward
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of `forward`'s arguments, from those of its results."""
        x, y, weight, scale, shift, mean, variance = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        x_grad = x.new_empty(len(grad) if wanted or not len(weight) else 0, *x.shape[1:])
        weight_grad, scale_grad, shift_grad = (torch.empty_like(t) for t in (weight, scale, shift))
        norm, gradients = _arrays(scale, shift, mean, variance), _arrays(weight_grad, scale_grad, shift_grad)
        given = _rows(grad.contiguous()), _rows(x), _rows(y), *_arrays(weight), ctx.sizes, ctx.taps
        _backward(*given, norm, ctx.how, _rows(x_grad), *gradients)
        if len(x) < len(x_grad):
            x_grad = x_grad.sum(dim=0, keepdim=True)
        kept = (x_grad if wanted else None, *(t if t.numel() else None for t in (weight_grad, scale_grad, shift_grad)))
        return *kept, None, None, None


_NO_TAPS = Taps(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))


def _arrays(*tensors: Tensor) -> tuple[Array, ...]:
    return tuple(t.detach().numpy() for t in tensors)


def _rows(t: Tensor) -> Array:
    """Activations as `[cells, slices, positions, channels·LANES]`."""
    return t.detach().flatten(4).flatten(2, 3).numpy()
