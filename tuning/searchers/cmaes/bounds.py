"""pycma's smooth transformation of the real line into an interval (`BoundTransform`), compiled.

It is the identity except in a margin at each bound, where it is quadratic; outside of the margins it is mirrored and
periodic.
"""

import math

from tuning.kernels.compiling import compiled_part

LOW = -0.5
"""The lower bound of every axis, in index steps; the upper bound of one of n values is n − ½."""


@compiled_part
def margin(bound: float, length: float) -> float:
    """The width of the quadratic part at a bound of an interval (`margin_width2`)."""
    return min(length / 2.0, max(1.0, abs(bound)) / 20.0)


@compiled_part
def into_bounds(x: float, length: float) -> float:
    """The point of the interval of this length to which `x` is mapped."""
    low, high = LOW, LOW + length
    below, above = margin(low, length), margin(high, length)
    first = low - 2.0 * below - (high - low) / 2.0
    if x < first or x > high + 2.0 * above + (high - low) / 2.0:
        period = 2.0 * (high - low + below + above)
        x -= period * math.floor((x - first) / period)
    if x > high + above:
        x -= 2.0 * (x - high - above)
    if x < low - below:
        x += 2.0 * (low - below - x)
    if x < low + below:
        x = low + (x - (low - below)) ** 2 / 4.0 / below
    if x > high - above:
        x = high - (x - (high + above)) ** 2 / 4.0 / above
    return x


@compiled_part
def from_bounds(y: float, length: float) -> float:
    """The `x` closest to the interval that is mapped to `y`, a point of the interval."""
    low, high = LOW, LOW + length
    below, above = margin(low, length), margin(high, length)
    if y < low + below:
        return (low - below) + 2.0 * math.sqrt(below * (y - low))
    if y < high - above:
        return y
    return (high + above) - 2.0 * math.sqrt(above * (high - y))
