"""The typed frame: the columns of any source, each parsed once, and the row and line of each of its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief, unknown
from grids.tables.columns import WHOLE, Column, Parsed, of_series
from grids.tables.numbers import missing, plain

PARAMETERS = (
    *("config.", "config/", "config_", "params.", "params_", "param_", "params/"),
    *("hyperparameters.values.", "hyperparameters.", "configuration."),
)
"""Prefixes that trackers and tuners give the names of hyperparameters; a longer one stands before its beginning."""
PREFIXES = (*PARAMETERS, "metrics.", "summary.", "values_", "measurements.")
"""Those of metrics too."""
_BOOKKEEPING = ("config_id", "tuner/", "_", "wandb_version", "configuration_id")
_TRUE, _FALSE = {"true", "yes", "t", "y"}, {"false", "no", "f", "n"}


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
        columns = tuple(of_series(frame.iloc[:, place]) for place in range(len(header)))
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
        """Whether two columns hold the same texts, or numbers, in every row."""
        held = []
        for codes, levels in (self.column(name).coded for name in (one, other)):
            items = [text if (number := plain(text)) is None else number for text in levels]
            held.append(np.array(items, object)[codes])
        return bool((held[0] == held[1]).all())

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
        return self if keep.all() else self.repeated(keep)

    def repeated(self, rows: np.ndarray) -> "Frame":
        """The rows of these numbers, or where a flag is true."""
        return replace(self, columns=tuple(column.take(rows) for column in self.columns), rows=self.rows[rows])

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
        column = self.column(name)
        true = column.where(lambda level: level.lower() in _TRUE or plain(level) == 1)
        known = true | column.where(lambda level: level.lower() in _FALSE or plain(level) == 0 or missing(level))
        if not known.all():
            row = int(np.argmin(known))
            raise BadInput(f"{self.place(row)}, column '{name}': '{brief(column.text(row))}' is neither true nor false")
        return true


def candidates(header: Sequence[str], name: str) -> list[str]:
    """The columns that a name may mean: that of the name, those with one of `PREFIXES`, or those that end in it."""
    known = dict.fromkeys(header)
    if name in known:
        return [name]
    full = {prefix + name for prefix in PREFIXES}
    return [n for n in known if n in full] or [n for n in known if n.endswith((f".{name}", f"/{name}"))]


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
