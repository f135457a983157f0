"""Batch norm and ReLU on slices, in two halves, which a preceding convolution calls for each slice.

A slice is a matrix `[positions, channels·LANES]`: whatever is done is done to whole columns. Of the last slice only the
first `images` places of each channel hold images.

Ioffe & Szegedy 2015 (arXiv:1502.03167), algorithm 1 and the gradients of section 3; the variance is the biased one.
Means and variances of slices are merged as Chan, Golub & LeVeque 1979 do, which no large mean can spoil.
"""

import numpy as np

from trainers.engine.compiling import compiled
from trainers.engine.direct import LANES
from trainers.engine.direct.convolution import Array


@compiled
def add_statistics(y: Array, images: int, before: int, mean: Array, squares: Array, column: Array) -> None:
    """Merge a slice into a cell's means `[channels]` and sums of squared deviations `[channels]`.

    Args:
        y: the slice; `images` of its places count.
        before: images merged so far.
        column: scratch `[channels·LANES]`.
    """
    positions, width = y.shape
    real, channels = y.dtype.type, len(mean)
    count = real(positions * images)
    share = count / (count + real(positions * before))
    column[:] = 0
    for p in range(positions):
        for j in range(width):
            column[j] += y[p, j]
    for k in range(channels):
        total = real(0)
        for lane in range(images):
            total += column[k * LANES + lane]
        middle = total / count
        column[k * LANES : (k + 1) * LANES] = middle
        delta = middle - mean[k]
        mean[k] += delta * share
        squares[k] += delta * delta * (count - count * share)
    # A second look at what is still in the cache.
    _add_squares(y, images, squares, column)


@compiled
def _add_squares(y: Array, images: int, squares: Array, middle: Array) -> None:
    positions, width = y.shape
    column = np.zeros(width, y.dtype)
    for p in range(positions):
        for j in range(width):
            column[j] += (y[p, j] - middle[j]) * (y[p, j] - middle[j])
    for k in range(len(squares)):
        total = squares[k]
        for lane in range(images):
            total += column[k * LANES + lane]
        squares[k] = total


@compiled
def columns_of(
    weight: Array, bias: Array, mean: Array, variance: Array, eps: float, middle: Array, scale: Array, shift: Array
) -> None:
    """The columns of `normalise` from one cell's weights and statistics `[channels]`: each number to all its places."""
    real = weight.dtype.type
    for k in range(len(weight)):
        factor = weight[k] / np.sqrt(variance[k] + real(eps))
        for lane in range(k * LANES, (k + 1) * LANES):
            middle[lane], scale[lane], shift[lane] = mean[k], factor, bias[k]


@compiled
def normalise(y: Array, middle: Array, scale: Array, shift: Array, relu: bool, out: Array) -> None:
    """(y − middle)·scale + shift for a slice, and a ReLU; the last three `[channels·LANES]`."""
    zero = y.dtype.type(0)
    positions, width = y.shape
    for p in range(positions):
        if relu:
            for j in range(width):
                value = (y[p, j] - middle[j]) * scale[j] + shift[j]
                out[p, j] = zero if value <= zero else value
        else:
            for j in range(width):
                out[p, j] = (y[p, j] - middle[j]) * scale[j] + shift[j]


@compiled
def norm_gradients(
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
    """One cell's gradients of weight and bias `[channels]`, and the columns that `gradient` takes besides.

    They follow from Σ g and Σ g·(y − middle), g being the gradient in front of the ReLU.
    """
    middle, scale, shift = columns
    slices, positions, width = y.shape
    real = y.dtype.type
    zero, count = real(0), real(batch * positions)
    total, along = np.zeros(width, y.dtype), np.zeros(width, y.dtype)
    for s in range(slices):
        for p in range(positions):
            for j in range(width):
                centred = y[s, p, j] - middle[j]
                value = grad[s, p, j]
                if relu and centred * scale[j] + shift[j] <= zero:
                    value = zero
                total[j] += value
                along[j] += value * centred
    for k in range(len(variance)):
        start, end = k * LANES, (k + 1) * LANES
        inverse = real(1) / np.sqrt(variance[k] + real(eps))
        bias_grad[k] = total[start:end].sum()
        projection = along[start:end].sum()
        weight_grad[k] = projection * inverse
        mean_grad[start:end] = bias_grad[k] * scale[start] / count
        slope[start:end] = projection * inverse * inverse * scale[start] / count


@compiled
def gradient(
    grad: Array,
    y: Array,
    images: int,
    columns: tuple[Array, Array, Array],
    relu: bool,
    mean_grad: Array,
    slope: Array,
    out: Array,
) -> None:
    """The gradient of a slice: g·scale − mean_grad − (y − middle)·slope; zero in places that hold no image."""
    middle, scale, shift = columns
    zero = y.dtype.type(0)
    positions, width = y.shape
    for p in range(positions):
        for j in range(width):
            centred = y[p, j] - middle[j]
            value = grad[p, j]
            if relu and centred * scale[j] + shift[j] <= zero:
                value = zero
            out[p, j] = value * scale[j] - mean_grad[j] - centred * slope[j]
    if images < LANES:
        for p in range(positions):
            for start in range(0, width, LANES):
                out[p, start + images : start + LANES] = zero
