"""A column of any source as texts, numbers, flags or lists, each parsed once."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from grids.errors import BadInput, brief
from grids.space import number_text
from grids.tables.numbers import Numbers, missing, plain

WHOLE = 2**53
"""From here on a float64 no longer represents every whole number."""

_SAMPLE = 1000
"""The number of rows by which a column is judged that repeats few texts."""


@dataclass(frozen=True, eq=False)
class Parsed:
    """A column as numbers.

    Args:
        numbers: float64 `[rows]`, NaN where missing, infinite or not a number.
        missing: bool `[rows]`: a word for a missing number (`grids.tables.numbers.MISSING`), or not finite.
        wrong: bool `[rows]`: another word.
        ways: the notation, where one had to be found.
    """

    numbers: np.ndarray
    missing: np.ndarray
    wrong: np.ndarray
    ways: Numbers | None = None


class Column:
    """A column as its source has it: texts, numbers, flags or lists. What is asked of it is computed once.

    Args:
        data: `[rows]`: a pyarrow array of texts, or a numpy array of float64, bool, or objects (lists, or None).
        order: its labels in the order that the source gives them.
        separator, decimal_comma: see `Numbers`.
    """

    def __init__(
        self,
        data: "pa.Array | pa.ChunkedArray | np.ndarray",
        order: Sequence[str] = (),
        separator: str = "",
        decimal_comma: bool = False,
    ) -> None:
        self.data, self.order, self.separator, self.decimal_comma = data, order, separator, decimal_comma

    @classmethod
    def of(cls, items: Sequence[Any]) -> "Column":
        """A column of Python objects: numbers, flags, lists of numbers, or else texts."""
        kinds = {type(item) for item in items if item is not None}
        if kinds and kinds <= {int, float} and not any(type(i) is int and abs(i) >= WHOLE for i in items):
            return cls(np.array([math.nan if item is None else item for item in items], np.float64))
        if kinds == {bool} and None not in items:
            return cls(np.array(items, bool))
        if list in kinds and kinds <= {list} and any(is_curve(item) for item in items):
            lists = np.empty(len(items), object)
            lists[:] = items
            return cls(lists)
        try:
            return cls(pa.array([text(item) for item in items], pa.string()))
        except (pa.ArrowInvalid, UnicodeEncodeError) as error:
            raise BadInput(f"holds a text that is not UTF-8 ({brief(str(error))})") from error

    def take(self, rows: np.ndarray) -> "Column":
        """The rows where `rows` is true, or those of these numbers."""
        data = self.data
        if isinstance(data, np.ndarray):
            taken = data[rows]
        else:
            taken = data.filter(pa.array(rows)) if rows.dtype == bool else data.take(pa.array(rows))
        return Column(taken, self.order, self.separator, self.decimal_comma)

    @property
    def is_lists(self) -> bool:
        """Whether it holds lists."""
        return isinstance(self.data, np.ndarray) and self.data.dtype == object

    @property
    def is_flags(self) -> bool:
        """Whether it holds true and false."""
        return isinstance(self.data, np.ndarray) and self.data.dtype == bool

    @cached_property
    def coded(self) -> tuple[np.ndarray, list[str]]:
        """The distinct texts in order of appearance, and the index of each row's, int64 `[rows]`."""
        data = self.data
        if not isinstance(data, np.ndarray):
            found = data.combine_chunks() if isinstance(data, pa.ChunkedArray) else data
            encoded = found.dictionary_encode()
            if isinstance(encoded, pa.ChunkedArray):
                encoded = encoded.combine_chunks()
            return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()
        items = np.array([text(item) for item in data.tolist()], object) if self.is_lists else data
        codes, levels = pd.factorize(items, use_na_sentinel=False)
        return codes.astype(np.int64), [text(level) for level in levels.tolist()]

    @cached_property
    def distinct(self) -> tuple[np.ndarray | None, "Column"]:
        """The index of each row among the distinct texts, and a column of these; None and the column itself where it
        does not hold texts, or hardly one twice."""
        if isinstance(self.data, np.ndarray) or len(pc.unique(self.data.slice(0, _SAMPLE))) > _SAMPLE // 4:
            return None, self
        codes, levels = self.coded
        if len(levels) == len(codes):
            return None, self
        return codes, Column(pa.array(levels, pa.string()), self.order, self.separator, self.decimal_comma)

    @cached_property
    def keys(self) -> np.ndarray:
        """An index for each row, equal where the texts, or the numbers that they are, are equal: int64 `[rows]`."""
        codes, levels = self.coded
        items = [text if (number := plain(text)) is None else number for text in levels]
        return np.asarray(pd.factorize(np.array(items, object))[0].astype(np.int64)[codes])

    def where(self, holds: Callable[[str], bool]) -> np.ndarray:
        """The rows whose text a function holds for, which is asked once for each distinct text: bool `[rows]`."""
        codes, levels = self.coded
        return np.array([holds(level) for level in levels], bool)[codes]

    def text(self, row: int) -> str:
        """The field of a row as text; a missing one is empty."""
        item = self.data[row]
        return text(item if isinstance(self.data, np.ndarray) else item.as_py())

    @cached_property
    def blank(self) -> np.ndarray:
        """Where a word for a missing value stands, or none: bool `[rows]`."""
        if self._as_written is not None:
            return np.isnan(self._as_written)
        return self.where(missing)

    @property
    def varies(self) -> bool:
        """Whether it holds two different values."""
        return bool((self.keys > 0).any())

    @cached_property
    def _as_written(self) -> np.ndarray | None:
        """The column as float64 where it is of numbers, or texts of numbers as programs write them; else None."""
        data = self.data
        if isinstance(data, np.ndarray):
            return None if self.is_lists else data.astype(np.float64)
        if self.decimal_comma:
            return None
        codes, distinct = self.distinct
        if codes is not None:  # each distinct text is parsed once
            return None if distinct._as_written is None else distinct._as_written[codes]
        try:
            numbers = pc.cast(pc.if_else(pc.equal(data, ""), None, data), pa.float64())
        except pa.ArrowInvalid:
            return None
        return np.asarray(
            numbers.to_numpy(zero_copy_only=False) if isinstance(numbers, pa.Array) else numbers.to_numpy()
        )

    @cached_property
    def parsed(self) -> Parsed:
        """The column as numbers."""
        if self._as_written is not None:
            return self._parsed(self._as_written, np.zeros(len(self.data), bool))
        codes, levels = self.coded
        ways = Numbers(levels, self.separator, self.decimal_comma)
        read = [math.nan if missing(level) else ways.read(level) for level in levels]
        wrong = np.array([number is None for number in read], bool)[codes]
        return self._parsed(np.array([math.nan if n is None else n for n in read])[codes], wrong, ways)

    def _parsed(self, numbers: np.ndarray, wrong: np.ndarray, ways: Numbers | None = None) -> Parsed:
        known = np.isfinite(numbers)
        return Parsed(numbers if known.all() else np.where(known, numbers, np.nan), ~(known | wrong), wrong, ways)


def of_series(column: pd.Series) -> Column:
    """A column of pandas as numbers (float64, NaN where missing), booleans or texts."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        made = of_series(column.astype(object))
        return Column(made.data, [text(item) for item in kind.categories] if kind.ordered else ())
    if pd.api.types.is_bool_dtype(kind) and not column.isna().any():
        return Column(column.to_numpy(bool))
    if (
        pd.api.types.is_bool_dtype(kind)
        or not pd.api.types.is_numeric_dtype(kind)
        or pd.api.types.is_complex_dtype(kind)
        or (pd.api.types.is_integer_dtype(kind) and _beyond(column))
    ):
        items = [None if item is pd.NA or item is pd.NaT else item for item in column.tolist()]
        items = [item.tolist() if isinstance(item, np.ndarray | np.generic) else item for item in items]
        lists = any(isinstance(item, list | tuple) for item in items)
        return Column.of(items if lists else [text(item) for item in items])
    size = getattr(kind, "itemsize", 8)
    if pd.api.types.is_float_dtype(kind) and size < 8:
        # Through text, which gives the decimal number that a float32 was rounded from.
        codes, levels = pd.factorize(column.to_numpy(f"f{size}", na_value=np.nan))
        return Column(np.array([*(float(str(level)) for level in levels), np.nan])[codes])
    return Column(column.to_numpy(np.float64, na_value=np.nan))


def _beyond(column: pd.Series) -> bool:
    """Whether a column of whole numbers has one that float64 may not represent."""
    known = column.dropna()
    return bool(len(known)) and max(abs(int(known.min())), abs(int(known.max()))) >= WHOLE


def is_curve(item: Any) -> bool:
    """Whether an item is a list of numbers, or of pairs of a step and a number, some of which may be None."""
    if not isinstance(item, list) or not item:
        return False
    pairs = all(isinstance(each, list) and len(each) == 2 for each in item)
    numbers = [number for each in item for number in each] if pairs else item
    return all(each is None or is_number(each) for each in numbers)


def is_number(item: Any) -> bool:
    """True for a number that is no flag."""
    return isinstance(item, int | float) and not isinstance(item, bool)


def text(item: Any) -> str:
    """A value of any type as text; empty for a missing one.

    >>> text(None), text(0.5), text(True), text([1, 2])
    ('', '0.5', 'True', '[1, 2]')
    """
    if item is None or item is pd.NA or item is pd.NaT:
        return ""
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, bytes):
        return item.decode("utf-8", "backslashreplace").strip()
    if isinstance(item, float | np.floating):
        return "" if math.isnan(item) else number_text(float(item)) if math.isfinite(item) else str(float(item))
    if isinstance(item, dict | list | tuple):
        return json.dumps(item, default=str, ensure_ascii=False)
    return str(item)
