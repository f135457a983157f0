"""A table as it was read: named columns of texts or typed values, and the source row of each row."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from grids.errors import BadInput, unknown
from grids.space import number_text
from grids.tables.numbers import proves_decimal_comma

PREFIXES = ("config.", "config/", "params.", "params_", "param_", "hyperparameters.", "metrics.", "summary.", "values_")
"""Prefixes that W&B, MLflow, Optuna and other programs give the names of hyperparameters and metrics."""
PARAMETERS = PREFIXES[:6]
"""The prefixes of hyperparameters."""
WHOLE = 2**53
"""From here on a float64 no longer represents every whole number."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """Rows and columns whose meaning is not known yet.

    Args:
        header: the names of the columns; a name may occur twice.
        columns: one array `[rows]` for each: texts (object), float64 or bool.
        rows: the index of each row in its source, from 0, for messages.
        name: the source's name, for the provenance.
        sha256: of the source's bytes; empty where there are none.
        separator: between fields, in a text file.
        line: gives the line of the source on which a row ends; None where the source has no lines.
        orders: by column, its labels in the order that the source gives them.
    """

    header: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    rows: np.ndarray
    name: str = ""
    sha256: str = ""
    separator: str = ""
    line: Callable[[int], int] | None = None
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, name: str = "", sha256: str = "") -> "RawTable":
        """The columns of a DataFrame, without its index.

        Raises:
            BadInput: no rows or no columns.
        """
        if not len(frame) or not len(frame.columns):
            raise BadInput("it has no rows" if len(frame.columns) else "it has no columns")
        header = tuple(" ".join(map(str, c)) if isinstance(c, tuple) else str(c).strip() for c in frame.columns)
        columns = tuple(_array(frame.iloc[:, place]) for place in range(len(header)))
        orders = {
            title: [text(item) for item in kind.categories]
            for title, kind in zip(header, frame.dtypes, strict=True)
            if isinstance(kind, pd.CategoricalDtype) and kind.ordered
        }
        return cls(header, columns, np.arange(len(frame)), name, sha256, orders=orders)

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: int) -> str:
        """The position of row `row` in the source, as text: `row 3 (line 4)`."""
        number = int(self.rows[row])
        return f"row {number + 1}" + ("" if self.line is None else f" (line {self.line(number)})")

    def find(self, name: str) -> str:
        """The full name of a column that is given with or without one of `PREFIXES`.

        Raises:
            BadInput: there is no such column, or there are two.
        """
        if name in self.header:
            if self.header.count(name) > 1:
                raise BadInput(f"two columns are called '{name}'")
            return name
        found = [full for prefix in PREFIXES if (full := prefix + name) in self.header]
        if len(found) > 1:
            raise BadInput(f"column '{name}' may be {' or '.join(found)}: give the full name")
        if not found:
            raise unknown("column", name, self.header)
        return found[0]

    def has(self, name: str) -> bool:
        """Whether exactly one column has this full name."""
        return self.header.count(name) == 1

    def column(self, name: str) -> np.ndarray:
        """A column `[rows]` as it was read. Raises BadInput as `find`."""
        return self.columns[self.header.index(self.find(name))]

    def texts(self, name: str) -> np.ndarray:
        """A column as texts, object `[rows]`; a missing value is the empty text. Raises BadInput as `find`."""
        column = self.column(name)
        if column.dtype == object:
            return column
        if column.dtype == bool:
            return np.where(column, "True", "False").astype(object)
        codes, levels = pd.factorize(column)
        words = np.array([number_text(level) for level in levels.tolist()] + [""], object)
        return words[codes]

    @cached_property
    def decimal_comma(self) -> bool:
        """Whether a column of numbers has decimal commas; in the others a comma is then no thousands separator."""
        texts = (pd.unique(column).tolist() for column in self.columns if column.dtype == object and self.separator)
        return any(proves_decimal_comma(each, self.separator) for each in texts)

    def take(self, keep: np.ndarray) -> "RawTable":
        """The rows where `keep` is true."""
        return replace(self, columns=tuple(column[keep] for column in self.columns), rows=self.rows[keep])


def _array(column: pd.Series) -> np.ndarray:
    """A column as numbers (float64, NaN where missing), booleans or texts."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _array(column.astype(object))
    if pd.api.types.is_bool_dtype(kind) and not column.isna().any():
        return column.to_numpy(bool)
    if (
        pd.api.types.is_bool_dtype(kind)
        or not pd.api.types.is_numeric_dtype(kind)
        or pd.api.types.is_complex_dtype(kind)
    ):
        return np.array([text(item) for item in column.tolist()], object)
    if pd.api.types.is_integer_dtype(kind) and _beyond(column):
        return np.array([text(item) for item in column.tolist()], object)
    size = getattr(kind, "itemsize", 8)
    if pd.api.types.is_float_dtype(kind) and size < 8:
        # Through text, which gives the decimal number that a float32 was rounded from.
        codes, levels = pd.factorize(column.to_numpy(f"f{size}", na_value=np.nan))
        return np.array([*(float(str(level)) for level in levels), np.nan])[codes]
    return column.to_numpy(np.float64, na_value=np.nan)


def _beyond(column: pd.Series) -> bool:
    """Whether a column of whole numbers has one that float64 may not represent."""
    known = column.dropna()
    return bool(len(known)) and max(abs(int(known.min())), abs(int(known.max()))) >= WHOLE


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


def tidy(names: Sequence[str]) -> list[str]:
    """Names without the prefixes of hyperparameters, unless that makes two equal."""
    short = [next((n.removeprefix(p) for p in PARAMETERS if n.startswith(p) and n != p), n) for n in names]
    return [one if short.count(one) == 1 else full for one, full in zip(short, names, strict=True)]
