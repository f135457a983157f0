"""Convolutions of every cell with its own weights, forward and backward, around the tiles of `tiles`.

One slice of one layer at a time: `[height·width, channels, LANES]`. A position's output is the sum over the taps of the
filter that fall inside the image; those outside are left out rather than multiplied by zeros.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from trainers.engine.compiling import compiled
from trainers.engine.direct import LANES
from trainers.engine.direct.tiles import MOST_ABOVE, MOST_BELOW, MOST_OUTS, WIDTH, copy_lanes, correlation, product

Array = np.ndarray

TOGETHER = 64
"""Positions whose weight gradient is summed in one go: their panels stay in the first-level cache for all taps."""


class Geometry(NamedTuple):
    """A convolution's sizes: of its input, of its output, of its filter. Compiled functions take it as a tuple."""

    height: int
    width: int
    high: int
    wide: int
    size: int
    stride: int
    padding: int


class Taps(NamedTuple):
    """The inputs of every output, or the outputs of every input.

    Args:
        first: int64 `[positions + 1]`: the taps of position p are `first[p] … first[p + 1] − 1`.
        offsets: int64 `[taps, 2]`, elements from the start of a slice, and from the start of the packed weights.
    """

    first: Array
    offsets: Array


@lru_cache(maxsize=256)
def geometry(
    height: int, width: int, ins: int, outs: int, size: int, stride: int, padding: int
) -> tuple[Geometry, Taps, Taps]:
    """Sizes of a square filter on images of `height` × `width`, its taps, and those of the gradient of its input."""
    high, wide = ((n + 2 * padding - size) // stride + 1 for n in (height, width))
    forward: list[list[tuple[int, int]]] = [[] for _ in range(high * wide)]
    backward: list[list[tuple[int, int]]] = [[] for _ in range(height * width)]
    for r, c, i, j in np.ndindex(high, wide, size, size):
        row, column = r * stride + i - padding, c * stride + j - padding
        if 0 <= row < height and 0 <= column < width:
            weights = (i * size + j) * ins * outs
            forward[r * wide + c].append(((row * width + column) * ins * LANES, weights))
            backward[row * width + column].append(((r * wide + c) * outs * LANES, weights))
    sizes = Geometry(height, width, high, wide, size, stride, padding)
    return sizes, _taps(forward), _taps(backward)


def _taps(lists: list[list[tuple[int, int]]]) -> Taps:
    first = np.cumsum([0] + [len(pairs) for pairs in lists]).astype(np.int64)
    return Taps(first, np.array([pair for pairs in lists for pair in pairs], dtype=np.int64).reshape(-1))


@compiled
def part(total: int, most: int, at: int) -> int:
    """The length of the next part of `total`, from number `at` on, if all parts are about equal and ≤ `most`."""
    rest = total - at
    parts = (rest + most - 1) // most
    return (rest + parts - 1) // parts


@compiled
def pack(weight: Array, forward: Array, backward: Array) -> None:
    """One cell's weights `[outs, ins, size, size]` as `[taps, ins, outs]` and as `[taps, outs, ins]`."""
    outs, ins, size, _ = weight.shape
    for o in range(outs):
        for i in range(ins):
            for down in range(size):
                for right in range(size):
                    value, tap = weight[o, i, down, right], down * size + right
                    forward[(tap * ins + i) * outs + o] = value
                    backward[(tap * outs + o) * ins + i] = value


@compiled
def multiply(x: Array, weights: Array, ins: int, outs: int, first: Array, offsets: Array, y: Array) -> None:
    """One slice's outputs `y [positions·outs·LANES]` from its inputs, all arrays flat."""
    for p in range(len(first) - 1):
        count, at, o = first[p + 1] - first[p], (offsets, 2 * first[p]), 0
        if count == 0:
            y[p * outs * LANES : (p + 1) * outs * LANES] = 0
            continue
        while o < outs:
            few = part(outs, MOST_OUTS, o)
            product(few, (y, (p * outs + o) * LANES), (x, 0), (weights, o), outs, at, count, ins)
            o += few


@compiled
def to_panels(x: Array, positions: int, channels: int, most: int, panels: Array) -> None:
    """Sort a slice `[positions, channels, LANES]` into panels of a few channels, `[positions, few, LANES]` each."""
    start = 0
    while start < channels:
        few = part(channels, most, start)
        for p in range(positions):
            source = (p * channels + start) * LANES
            target = (positions * start + p * few) * LANES
            for k in range(few):
                copy_lanes((panels, target + k * LANES), (x, source + k * LANES))
        start += few


@compiled
def correlate(x: Array, g: Array, ins: int, outs: int, sizes: Geometry, sums: Array) -> None:
    """Add one slice's part of the weight gradient to the partial sums, from panels of inputs and output gradients."""
    height, width, high, wide, size, stride, padding = sizes
    together = max(1, TOGETHER // (wide * stride))
    for top in range(0, high, together):
        bottom = min(top + together, high)
        o = 0
        while o < outs:
            above, i = part(outs, MOST_ABOVE, o), 0
            while i < ins:
                below = part(ins, MOST_BELOW, i)
                place = (o * ins + above * i) * size * size * WIDTH
                for down in range(size):
                    r0 = max(top, -((down - padding) // stride))
                    r1 = min(bottom, (height - 1 + padding - down) // stride + 1)
                    for right in range(size):
                        c0 = max(0, -((right - padding) // stride))
                        c1 = min(wide, (width - 1 + padding - right) // stride + 1)
                        if r0 < r1 and c0 < c1:
                            row, column = r0 * stride + down - padding, c0 * stride + right - padding
                            correlation(
                                above,
                                below,
                                (sums, place),
                                (g, (high * wide * o + (r0 * wide + c0) * above) * LANES),
                                (wide * above * LANES, above * LANES),
                                (x, (height * width * i + (row * width + column) * below) * LANES),
                                (stride * width * below * LANES, stride * below * LANES),
                                r1 - r0,
                                c1 - c0,
                            )
                        place += above * below * WIDTH
                i += below
            o += above


@compiled
def collect(sums: Array, weight_grad: Array) -> None:
    """The weight gradient of a cell `[outs, ins, size, size]` from its partial sums, in the order of `correlate`."""
    outs, ins, size, _ = weight_grad.shape
    o = 0
    while o < outs:
        above, i = part(outs, MOST_ABOVE, o), 0
        while i < ins:
            below = part(ins, MOST_BELOW, i)
            place = (o * ins + above * i) * size * size * WIDTH
            for down in range(size):
                for right in range(size):
                    for a in range(above):
                        for b in range(below):
                            total = sums[place]
                            for lane in range(1, WIDTH):
                                total += sums[place + lane]
                            weight_grad[o + a, i + b, down, right] = total
                            place += WIDTH
            i += below
        o += above
