"""Labels of a grid's axes: which of its values are written at the edge, and how."""

import math

from grids.space import Axis


def scientific(value: float) -> str:
    """A number as `10⁻⁸` or `5×10⁻⁷`, in Matplotlib's math text.

    >>> scientific(1e-8), scientific(5e-7), scientific(0)
    ('$10^{-8}$', '$5{\\\\times}10^{-7}$', '$0$')
    """
    if value == 0 or not math.isfinite(value):
        return f"${value:g}$"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    power = f"10^{{{int(exponent)}}}"
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"${power}$" if mantissa == "1" else f"${mantissa}{{\\times}}{power}$"


def label(axis: Axis, index: int) -> str:
    """The value at `index` as it is written at the axis: scientific on a log scale, plain on a linear one."""
    value = axis.values[index]
    return scientific(value) if axis.scale == "log" else f"{value:g}"


def tick_indices(axis: Axis, most: int) -> list[int]:
    """At most `most` indices, evenly spaced; on a log scale those of whole powers of ten, where there are three."""
    indices = list(range(len(axis)))
    if axis.scale == "log":
        decades = [i for i in indices if f"{axis.values[i]:.6e}".startswith("1.000000")]
        if len(decades) >= 3:
            indices = decades
    return indices[:: math.ceil(len(indices) / most)]
