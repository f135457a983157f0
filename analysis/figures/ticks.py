"""Tick labels of a grid's axes: which values are labelled, and how they are written."""

import math
from typing import Any

import numpy as np

from analysis.figures.style import plain
from grids.space import Axis, value_text

_PLAIN = (0.01, 1000.0)
"""An axis with all values in this range is labelled without powers of ten."""
_LARGEST_WHOLE = 100_000
"""So is one of smaller whole numbers."""
_LONGEST = 20
"""Longer labels are cut to this many characters."""
_LONG = 12
"""Labels of more characters of math text need twice the space."""
_ALL = 12
"""As many labels of an axis of words are all shown."""
_WIDE = 36
"""Labels of words that have more characters together do not fit below a heat map side by side."""


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


def _cut(text: str, most: int) -> str:
    """`text` without its middle where it is longer than `most`: labels of one axis often begin alike.

    >>> _cut("sparse_cholesky", 9)
    'spar…esky'
    """
    end = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - end]}…{text[-end:]}"


def _written(axis: Axis, value: float | str) -> str:
    """A value's tick label; numbers on a log scale with a wide range are powers of ten."""
    if axis.labelled:
        text = value_text(value)
        return plain(_cut(text, _LONGEST))
    low, high = _PLAIN
    whole = all(one == int(one) and one < _LARGEST_WHOLE for one in axis.values)
    far = axis.scale == "log" and not whole and not all(low <= one < high for one in axis.values)
    assert not isinstance(value, str)
    short = f"{value:g}"
    return scientific(value) if far or "e" in short else short


def ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    """At most `most` pairs of a position, in units of the axis's index, and the label there.

    Every value where there are at most `most`; otherwise on a log scale the powers of ten, which may lie between two
    cells, if there are at least three; otherwise every k-th value.
    """
    marks = [(float(index), _written(axis, value)) for index, value in enumerate(axis.values)]
    if axis.scale == "log" and len(marks) > most:
        low, high = (math.log10(axis.values[end]) for end in (0, -1))
        powers = range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
        if len(powers) >= 3:
            places = np.interp(powers, np.log10(axis.values), np.arange(len(axis)))
            marks = [(float(place), _written(axis, 10.0**power)) for place, power in zip(places, powers, strict=True)]
    if max(len(text) for _, text in marks) > _LONG:
        most = max(1, most // 2)
    return marks[:: math.ceil(len(marks) / most)]


def label_cells(side: Any, axis: Axis, most: int) -> None:
    """Put the labels of `ticks` at the middles of a heat map's cells.

    Args:
        side: Matplotlib's axis, `xaxis` or `yaxis`, along which a cell is 1 wide.
        axis: whose values the cells have.
        most: so many labels at most; of an axis of a dozen words or fewer all are shown, slanted where they are long.
    """
    if axis.labelled and len(axis) <= _ALL:
        marks = [(float(place), plain(_cut(value_text(label), _LONG))) for place, label in enumerate(axis.values)]
    else:
        marks = ticks(axis, most)
    side.set_ticks([place + 0.5 for place, _ in marks], [text for _, text in marks])
    if side.axis_name == "x" and sum(len(text) + 1 for _, text in marks) > _WIDE and axis.labelled:
        side.set_tick_params(rotation=45)
        for label in side.get_ticklabels():
            label.set(ha="right", rotation_mode="anchor")
    side.set_tick_params(length=2)
