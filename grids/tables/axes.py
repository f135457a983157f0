"""Read a column as the axis of a space: numbers, or labels."""

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief
from grids.space import Axis, natural_scale, number_text
from grids.tables.columns import WHOLE
from grids.tables.frame import Frame
from grids.tables.numbers import looks, missing

CLOSE = 1e-6
"""Two values of an axis with a smaller relative difference are probably one value, rounded in two ways."""
_DIGITS = 6
"""From this many significant digits on, a number that another one rounds to is that number."""


def axis(
    frame: Frame, name: str, called: str, scale: str | None = None, labelled: bool = False, by_size: bool = False
) -> tuple[Axis, np.ndarray, str]:
    """The axis of a column's distinct values, each row's index on it (int64 `[rows]`), and a note for the user.

    Numbers make an axis of increasing numbers; two that agree to the digits written are one. Words, booleans (in any
    case), and numbers mixed with `None` or blanks make one of labels, in order of appearance; a missing value is the
    empty label.

    Args:
        frame, name: the column.
        called: the axis's name.
        scale: `log` or `linear`, where the source gives it.
        labelled: whether to take all its words and numbers as labels.
        by_size: whether numbers among blanks are in order of size.

    Raises:
        BadInput: numbers mixed with words, a number that is not finite, or one that is ambiguous (`1,000`).
    """
    column = frame.column(name)
    repeats, distinct = column.distinct
    read = distinct.parsed
    labelled = labelled or column.is_flags
    if not (labelled or read.missing.any() or read.wrong.any()) and not column.is_lists:
        index, values = pd.factorize(read.numbers + 0.0, sort=True)  # faster than numpy.unique
        if np.abs(values[[0, -1]]).max() >= WHOLE:
            _check_whole(frame, name)
        note = ""
        if values.size < 100_000:
            values, index, note = _one_of_two_precisions(values, index, called)
        chosen = scale if scale == "linear" or (scale == "log" and values[0] > 0) else natural_scale(values.tolist())
        index = index if repeats is None else index[repeats]
        return Axis(called, tuple(values.tolist()), chosen), index, note  # type: ignore[arg-type]
    labels_of, levels = column.coded
    numbers: dict[str, float | None] = {
        text: (read.ways.read(text) if read.ways else _number(text)) for text in levels if not missing(text)
    }
    if labelled:
        numbers = dict.fromkeys(numbers)
    else:
        _check_words(frame, name, labels_of, levels, numbers)
    made, index = _labels(called, labels_of, levels, numbers)
    order = [label for label in column.order if label in made.values]
    if by_size and all(number is not None for number in numbers.values()):
        order = sorted((label for label in made.values if label), key=lambda label: numbers[label] or 0.0)
    if order and len(order) >= len(made.values) - ("" in made.values):
        order = ["", *order] if "" in made.values and "" not in order else order
        places = np.array([order.index(str(label)) for label in made.values])
        made, index = Axis.labels(called, order), places[index]
    return made, index, _label_note(made)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _check_words(
    frame: Frame, name: str, codes: np.ndarray, levels: list[str], numbers: dict[str, float | None]
) -> None:
    """Raise BadInput where words stand among numbers, or a number is infinite."""
    column = frame.column(name)
    strange = [text for text, number in numbers.items() if number is None]
    if (strange and len(strange) < len(numbers)) or any(looks(text) for text in strange):
        text = next((text for text in strange if looks(text)), strange[0])
        row = int(np.argmax(codes == levels.index(text)))
        hint = column.parsed.ways.hint(text) if column.parsed.ways else ""
        why = hint or f"; an axis is of numbers, or of words (--labels {brief(name)} takes all of them as words)"
        raise BadInput(f"{frame.place(row)}, column '{name}': '{brief(text)}' is no number, as others there are{why}")
    for text, number in numbers.items():
        if number is not None and not math.isfinite(number):
            raise frame.absent(name, int(np.argmax(codes == levels.index(text))))


def _check_whole(frame: Frame, name: str) -> None:
    """Raise BadInput where a whole number is larger than float64 can tell from the next."""
    codes, levels = frame.column(name).coded
    for place, text in enumerate(levels):
        if text.lstrip("+-").isdigit() and abs(int(text)) >= WHOLE and int(text) != int(float(text)):
            raise BadInput(
                f"{frame.place(int(np.argmax(codes == place)))}, column '{name}': {text} is a whole number "
                f"that no float64 holds, and could not be told from {float(text):.0f}"
            )


def _labels(
    called: str, codes: np.ndarray, levels: list[str], numbers: dict[str, float | None]
) -> tuple[Axis, np.ndarray]:
    """Labels in order of appearance; all spellings of a missing value, a number or a boolean are one label."""
    booleans = all(text.lower() in ("true", "false") for text in numbers)
    seen: dict[object, int] = {}
    names: list[str] = []
    place = []
    for text in levels:
        number = numbers.get(text)
        same = "" if missing(text) else text.lower() if booleans else text if number is None else number
        if same not in seen:
            seen[same] = len(names)
            names.append("" if missing(text) else text)
        place.append(seen[same])
    return Axis.labels(called, names), np.array(place, np.int64)[codes]


def _label_note(made: Axis) -> str:
    """What to say of labels that look like numbers with something after them."""
    known = [str(label) for label in made.values if label]
    begun = len(known) > 1 and all(re.match(r"[+-]?[.,]?\d", label) for label in known)
    if begun and any(_number(label) is None for label in known):
        return f"the values of axis '{made.name}' are labels, not numbers ({', '.join(map(brief, known[:3]))})"
    return ""


def _one_of_two_precisions(values: np.ndarray, index: np.ndarray, called: str) -> tuple[np.ndarray, np.ndarray, str]:
    """The values without those that another one rounds to; of two, the one with more digits stays."""
    close = np.flatnonzero(np.diff(values) < CLOSE * np.abs(values[1:]))
    joined = {int(place): _rounded(values[place], values[place + 1]) for place in close}
    joined = {place: kept for place, kept in joined.items() if kept is not None}
    if not joined:
        return values, index, ""
    values = values.copy()
    group = np.arange(len(values))
    for place, kept in joined.items():
        group[place + 1 :] -= 1
        values[[place, place + 1]] = kept
    first = np.unique(group, return_index=True)[1]
    note = f"{len(joined)} value(s) of axis '{called}' are written with fewer digits in some rows and are taken as one"
    return values[first], group[index], note


def _rounded(one: float, other: float) -> float | None:
    """Of two numbers, the one with more digits, where the other is that number rounded to its own digits."""
    texts = sorted((repr(float(one)), repr(float(other))), key=_digits)
    count = _digits(texts[0])
    if count < _DIGITS or float(f"{float(texts[1]):.{count}g}") != float(texts[0]):
        return None
    return float(texts[1])


def _digits(text: str) -> int:
    """The number of significant digits of a number's text."""
    return len(text.partition("e")[0].lstrip("-0.").replace(".", "").rstrip("0") or "0")


def rounding_hint(axes: Sequence[Axis]) -> str:
    """A hint where an axis has two values that may be one, rounded in two ways."""
    for each in axes:
        if each.labelled:
            continue
        for low, high in zip(each.values, each.values[1:], strict=False):
            if high - low < CLOSE * abs(high):
                return f"; {each.name} is {number_text(low)} in some rows and {number_text(high)} in others"
    return ""
