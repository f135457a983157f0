"""Read a table's columns as numbers, whole numbers, flags, or the values of an axis."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief
from grids.space import Axis, natural_scale
from grids.tables.numbers import Numbers, looks, missing, plain
from grids.tables.raw import WHOLE, RawTable

_TRUE, _FALSE = {"true", "yes", "t", "y"}, {"false", "no", "f", "n"}


@dataclass(frozen=True, eq=False)
class Read:
    """A column of numbers.

    Args:
        numbers: float64 `[rows]`, NaN where missing or infinite.
        missing: bool `[rows]`.
        percent: whether every number is written with a percent sign.
    """

    numbers: np.ndarray
    missing: np.ndarray
    percent: bool = False


def numbers(table: RawTable, name: str, excused: np.ndarray | None = None) -> Read:
    """A column of numbers, some of which may be missing.

    Args:
        table, name: the column.
        excused: bool `[rows]`, where a field that is not a number counts as missing.

    Raises:
        BadInput: a field that is neither a number nor a word for a missing one (`grids.tables.numbers.MISSING`).
    """
    column = table.column(name)
    if column.dtype != object:
        found = column.astype(np.float64)
        return Read(np.where(np.isfinite(found), found, np.nan), ~np.isfinite(found))
    codes, levels = pd.factorize(column)
    counted = levels if excused is None else pd.unique(column[~excused])
    ways = Numbers(counted.tolist(), table.separator, table.decimal_comma)
    read = [math.nan if missing(text) else ways.read(text) for text in levels.tolist()]
    wrong = np.array([number is None for number in read])[codes]
    wrong = wrong if excused is None else wrong & ~excused
    if wrong.any():
        row = int(np.argmax(wrong))
        text = column[row]
        raise BadInput(f"{table.place(row)}, column '{name}': '{brief(text)}' is no number{ways.hint(text)}")
    found = np.array([math.nan if number is None else number for number in read])[codes]
    return Read(np.where(np.isfinite(found), found, np.nan), ~np.isfinite(found), ways.percent)


def finite(table: RawTable, name: str) -> np.ndarray:
    """A column without missing numbers, float64 `[rows]`. Raises BadInput where one is missing."""
    read = numbers(table, name)
    if read.missing.any():
        raise absent(table, name, int(np.argmax(read.missing)))
    return read.numbers


def absent(table: RawTable, name: str, row: int, way: str = "") -> BadInput:
    """The error for a number that is missing or not finite in `row`."""
    text = table.texts(name)[row]
    fault = "is blank where a number belongs" if not text else f": {brief(text)} is not finite"
    if text and plain(text) is None:
        fault = f": '{brief(text)}' stands where a number is missing"
    return BadInput(f"{table.place(row)}, column '{name}'{' ' if not text else ''}{fault}{way}")


def whole_numbers(table: RawTable, name: str) -> np.ndarray:
    """A column of whole numbers, int64 `[rows]`. Raises BadInput where one is not whole, or too large to be exact."""
    found = finite(table, name)
    wrong = (found != np.floor(found)) | (np.abs(found) >= WHOLE)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(f"{table.place(row)}, column '{name}': {brief(table.texts(name)[row])} is no whole number")
    return found.astype(np.int64)


def flags(table: RawTable, name: str) -> np.ndarray:
    """A column of flags, bool `[rows]`: true and false in any case, yes and no, 1 and 0; a missing flag is false.

    Raises:
        BadInput: any other word.
    """
    column = table.column(name)
    if column.dtype == bool:
        return column
    codes, levels = pd.factorize(table.texts(name))
    read = []
    for place, text in enumerate(levels.tolist()):
        number, word = plain(text), text.lower()
        if word in _TRUE or number == 1:
            read.append(True)
        elif word in _FALSE or number == 0 or missing(text):
            read.append(False)
        else:
            row = int(np.argmax(codes == place))
            raise BadInput(f"{table.place(row)}, column '{name}': '{brief(text)}' is neither true nor false")
    return np.array(read, bool)[codes]


def axis(table: RawTable, name: str, called: str, scale: str | None = None) -> tuple[Axis, np.ndarray]:
    """The axis of a column's distinct values, and each row's index on it, int64 `[rows]`.

    Numbers make an axis of increasing numbers. Words, booleans (in any case), and numbers mixed with `None` or blanks
    make one of labels, in order of appearance; a missing value is the empty label.

    Args:
        table, name: the column.
        called: the axis's name.
        scale: `log` or `linear`, where the source gives it.

    Raises:
        BadInput: numbers mixed with words, a number that is not finite, or one that is ambiguous (`1,000`).
    """
    codes, levels = pd.factorize(table.texts(name))
    texts = levels.tolist()
    ways = Numbers(texts, table.separator, table.decimal_comma)
    read = {text: ways.read(text) for text in texts if not missing(text)}
    strange = [text for text, number in read.items() if number is None]
    if (strange and len(strange) < len(read)) or any(looks(text) for text in strange):
        text = next((text for text in strange if looks(text)), strange[0])
        row = int(np.argmax(codes == texts.index(text)))
        why = ways.hint(text) or "; an axis is of numbers, or of words"
        raise BadInput(f"{table.place(row)}, column '{name}': '{brief(text)}' is no number, as others there are{why}")
    for text, number in read.items():
        if number is not None and not math.isfinite(number):
            raise absent(table, name, int(np.argmax(codes == texts.index(text))))
        if number is not None and abs(number) >= WHOLE and text.lstrip("+-").isdigit() and int(text) != int(number):
            raise BadInput(
                f"{table.place(int(np.argmax(codes == texts.index(text))))}, column '{name}': {text} is a whole number "
                f"that no float64 holds, and could not be told from {number:.0f}"
            )
    if read and not strange and len(read) == len(texts):
        numbers_ = np.array([read[text] for text in texts], np.float64) + 0.0
        values, index = np.unique(numbers_, return_inverse=True)
        chosen = scale if scale in ("log", "linear") and (scale == "linear" or values[0] > 0) else None
        made = Axis(called, tuple(values.tolist()), chosen or natural_scale(values.tolist()))  # type: ignore[arg-type]
        return made, index.ravel()[codes]
    made, index = _labels(called, codes, texts, read)
    order = [label for label in table.orders.get(name, ()) if label in made.values]
    if not strange or len(order) < len(made.values) - ("" in made.values):
        return made, index
    if "" in made.values and "" not in order:
        order.insert(0, "")
    place = np.array([order.index(str(label)) for label in made.values])
    return Axis.labels(called, order), place[index]


def _labels(called: str, codes: np.ndarray, texts: list[str], read: dict[str, float | None]) -> tuple[Axis, np.ndarray]:
    """Labels in order of appearance; all spellings of a missing value, a number or a boolean are one label."""
    booleans = all(text.lower() in ("true", "false") for text in read)
    seen: dict[object, int] = {}
    names: list[str] = []
    place = []
    for text in texts:
        number = read.get(text)
        same = "" if missing(text) else text.lower() if booleans else text if number is None else number
        if same not in seen:
            seen[same] = len(names)
            names.append("" if missing(text) else text)
        place.append(seen[same])
    return Axis.labels(called, names), np.array(place, np.int64)[codes]
