"""The typed frame: the columns of any source, each parsed once, and the row and line of each of its rows."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from grids.errors import BadInput, brief, unknown
from grids.space import number_text
from grids.tables.numbers import Numbers, missing, plain

PARAMETERS = (
    *("config.", "config/", "config_", "params.", "params_", "param_", "params/"),
    *("hyperparameters.values.", "hyperparameters.", "configuration."),
)
"""Prefixes that trackers and tuners give the names of hyperparameters; a longer one stands before its beginning."""
PREFIXES = (*PARAMETERS, "metrics.", "summary.", "values_", "measurements.")
"""Those of metrics too."""
WHOLE = 2**53
"""From here on a float64 no longer represents every whole number."""
_BOOKKEEPING = ("config_id", "tuner/", "_", "wandb_version", "configuration_id")
_TRUE, _FALSE = {"true", "yes", "t", "y"}, {"false", "no", "f", "n"}


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

    def text(self, row: int) -> str:
        """The field of a row as text; a missing one is empty."""
        item = self.data[row]
        return text(item if isinstance(self.data, np.ndarray) else item.as_py())

    @cached_property
    def parsed(self) -> Parsed:
        """The column as numbers."""
        data = self.data
        if isinstance(data, np.ndarray) and data.dtype != object:
            numbers = data.astype(np.float64)
            return self._parsed(numbers, np.zeros(len(data), bool))
        if not isinstance(data, np.ndarray) and not self.decimal_comma:
            try:  # the notation of programs, at once
                numbers = pc.cast(pc.if_else(pc.equal(data, ""), None, data), pa.float64())
                return self._parsed(numbers.to_numpy().astype(np.float64), np.zeros(len(data), bool))
            except pa.ArrowInvalid:
                pass
        codes, levels = self.coded
        ways = Numbers(levels, self.separator, self.decimal_comma)
        read = [math.nan if missing(level) else ways.read(level) for level in levels]
        wrong = np.array([number is None for number in read], bool)[codes]
        return self._parsed(np.array([math.nan if n is None else n for n in read])[codes], wrong, ways)

    def _parsed(self, numbers: np.ndarray, wrong: np.ndarray, ways: Numbers | None = None) -> Parsed:
        known = np.isfinite(numbers)
        return Parsed(np.where(known, numbers, np.nan), ~known & ~wrong, wrong, ways)


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows and columns whose meaning is not known yet.

    Args:
        header: the names of the columns; a name may occur twice.
        columns: one for each.
        rows: the index of each row in its source, from 0, for messages.
        name: the source's name, for the provenance.
        sha256: of the source's bytes; empty where there are none.
        line: gives the line of the source on which a row ends; None where the source has no lines.
        hints: what the source itself says of its meaning: fields of `grids.tables.meaning.Meaning`, which the user's
            choice replaces.
        curves: by the column of values, the column of lists that holds its learning curves.
        notes: sentences for the user about what was read.
    """

    header: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: np.ndarray
    name: str = ""
    sha256: str = ""
    line: Callable[[int], int] | None = None
    hints: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]], **more: Any) -> "Frame":
        """Columns of Python objects by name. Raises BadInput where there are no rows or no columns."""
        count = len(next(iter(columns.values()), ()))
        if not count:
            raise BadInput("it has no rows")
        made = []
        for name, items in columns.items():
            try:
                made.append(Column.of(items))
            except BadInput as error:
                raise BadInput(f"column '{brief(name)}' {error}") from error
            except OverflowError as error:
                raise BadInput(f"column '{brief(name)}' holds a whole number too large for a float") from error
        return cls(tuple(columns), tuple(made), np.arange(count), **more)

    @classmethod
    def of_records(cls, records: Sequence[Mapping[str, Any]], **more: Any) -> "Frame":
        """One row for each record; a name that a record lacks is missing."""
        names = dict.fromkeys(name for record in records for name in record)
        return cls.of({name: [record.get(name) for record in records] for name in names}, **more)

    @classmethod
    def of_pandas(cls, frame: pd.DataFrame, name: str = "", sha256: str = "") -> "Frame":
        """The columns of a DataFrame, without its index. Raises BadInput where there are no rows or no columns."""
        if not len(frame) or not len(frame.columns):
            raise BadInput("it has no rows" if len(frame.columns) else "it has no columns")
        header = tuple(" ".join(map(str, c)) if isinstance(c, tuple) else str(c).strip() for c in frame.columns)
        columns = tuple(_of_series(frame.iloc[:, place]) for place in range(len(header)))
        return cls(header, columns, np.arange(len(frame)), name, sha256)

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: int) -> str:
        """The position of row `row` in the source, as text: `row 3 (line 4)`."""
        number = int(self.rows[row])
        return f"row {number + 1}" + ("" if self.line is None else f" (line {self.line(number)})")

    def find(self, name: str) -> str:
        """The full name of a column that is given in full, without one of `PREFIXES`, or by its last part.

        Raises:
            BadInput: there is no such column, or there are two that differ.
        """
        if self.header.count(name) > 1:
            raise BadInput(f"two columns are called '{name}'")
        found = candidates(self.header, name)
        if len(found) > 1 and not all(self.same(found[0], other) for other in found[1:]):
            raise BadInput(f"column '{name}' may be {' or '.join(map(brief, found[:9]))}: give the full name")
        if not found:
            numbered = [n for n in self.header if plain(n) is not None]
            if len(numbered) == len(self.header) and len(self.header) > 1:
                raise BadInput(
                    f"its first line holds numbers ({', '.join(numbered[:5])}) and no names of columns: "
                    "write a line with a name for each above it"
                )
            raise unknown("column", name, self.header)
        return found[0]

    def same(self, one: str, other: str) -> bool:
        """Whether two columns hold the same in every row."""
        texts = [np.array(levels, object)[codes] for codes, levels in (self.column(n).coded for n in (one, other))]
        return bool((texts[0] == texts[1]).all())

    def has(self, name: str | None) -> bool:
        """Whether exactly one column has this full name."""
        return self.header.count(name) == 1 if name else False

    def column(self, name: str) -> Column:
        """A column. Raises BadInput as `find`."""
        return self.columns[self.header.index(self.find(name))]

    def with_columns(self, columns: Mapping[str, Column], **more: Any) -> "Frame":
        """This frame with further columns; those of a name that is there already are replaced."""
        pairs = [(n, c) for n, c in zip(self.header, self.columns, strict=True) if n not in columns]
        pairs += columns.items()
        return replace(self, header=tuple(n for n, _ in pairs), columns=tuple(c for _, c in pairs), **more)

    def without(self, names: Sequence[str]) -> "Frame":
        """This frame without the columns of these names."""
        pairs = [(n, c) for n, c in zip(self.header, self.columns, strict=True) if n not in names]
        return replace(self, header=tuple(n for n, _ in pairs), columns=tuple(c for _, c in pairs))

    def take(self, keep: np.ndarray) -> "Frame":
        """The rows where `keep` is true."""
        if keep.all():
            return self
        return replace(self, columns=tuple(column.take(keep) for column in self.columns), rows=self.rows[keep])

    def parameters(self) -> list[str]:
        """The columns whose prefix marks a hyperparameter, without bookkeeping and without those that repeat one."""
        found = [n for n in dict.fromkeys(self.header) if self.has(n) and short_name(n) != n and not bookkeeping(n)]
        first: dict[str, str] = {}
        for name in found:
            held = first.setdefault(short_name(name), name)
            if held != name and not self.same(held, name):
                first[name] = name
        return [name for name in found if name in first.values()]

    def numbers(self, name: str, excused: np.ndarray | None = None, words: str = "") -> Parsed:
        """A column of numbers, some of which may be missing.

        Args:
            name: the column.
            excused: bool `[rows]`, where a field that is not a number counts as missing.
            words: what the message adds for a word.

        Raises:
            BadInput: a field that is neither a number nor a word for a missing one.
        """
        read = self.column(name).parsed
        wrong = read.wrong if excused is None else read.wrong & ~excused
        if wrong.any():
            row = int(np.argmax(wrong))
            field_ = self.column(name).text(row)
            hint = read.ways.hint(field_) if read.ways else ""
            raise BadInput(f"{self.place(row)}, column '{name}': '{brief(field_)}' is no number{hint or words}")
        return read

    def finite(self, name: str) -> np.ndarray:
        """A column without missing numbers, float64 `[rows]`. Raises BadInput where one is missing."""
        read = self.numbers(name)
        if read.missing.any():
            raise self.absent(name, int(np.argmax(read.missing)))
        return read.numbers

    def absent(self, name: str, row: int, way: str = "") -> BadInput:
        """The error for a number that is missing or not finite in `row`."""
        field_ = self.column(name).text(row)
        fault = "is blank where a number belongs" if not field_ else f": {brief(field_)} is not finite"
        if field_ and plain(field_) is None:
            fault = f": '{brief(field_)}' stands where a number is missing"
        return BadInput(f"{self.place(row)}, column '{name}'{' ' if not field_ else ''}{fault}{way}")

    def whole_numbers(self, name: str) -> np.ndarray:
        """A column of whole numbers, int64 `[rows]`. Raises BadInput for one that is not whole, or too large."""
        found = self.finite(name)
        wrong = (found != np.floor(found)) | (np.abs(found) >= WHOLE)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise BadInput(
                f"{self.place(row)}, column '{name}': {brief(self.column(name).text(row))} is no whole number"
            )
        return found.astype(np.int64)

    def flags(self, name: str) -> np.ndarray:
        """A column of flags, bool `[rows]`: true and false in any case, yes and no, 1 and 0; a missing flag is false.

        Raises:
            BadInput: any other word.
        """
        codes, levels = self.column(name).coded
        read = []
        for place, level in enumerate(levels):
            number, word = plain(level), level.lower()
            if word in _TRUE or number == 1:
                read.append(True)
            elif word in _FALSE or number == 0 or missing(level):
                read.append(False)
            else:
                row = int(np.argmax(codes == place))
                raise BadInput(f"{self.place(row)}, column '{name}': '{brief(level)}' is neither true nor false")
        return np.array(read, bool)[codes]


def candidates(header: Sequence[str], name: str) -> list[str]:
    """The columns that a name may mean: that of the name, those with one of `PREFIXES`, or those that end in it."""
    known = dict.fromkeys(header)
    found = [full for full in (name, *(prefix + name for prefix in PREFIXES)) if full in known]
    return found[:1] if found[:1] == [name] else found or [n for n in known if n.endswith((f".{name}", f"/{name}"))]


def _of_series(column: pd.Series) -> Column:
    """A column of pandas as numbers (float64, NaN where missing), booleans or texts."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        made = _of_series(column.astype(object))
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
    return all(each is None or (isinstance(each, int | float) and not isinstance(each, bool)) for each in numbers)


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


def short_name(name: str) -> str:
    """A name without the prefix of a hyperparameter."""
    return next((name.removeprefix(p) for p in PARAMETERS if name.startswith(p) and name != p), name)


def bookkeeping(name: str) -> bool:
    """Whether a hyperparameter's name is of another program's bookkeeping."""
    short = short_name(name)
    return name in _BOOKKEEPING or short.startswith(_BOOKKEEPING)


def tidy(names: Sequence[str]) -> list[str]:
    """Names without the prefixes of hyperparameters, unless that makes two equal."""
    short = [short_name(name) for name in names]
    return [one if short.count(one) == 1 else full for one, full in zip(short, names, strict=True)]
