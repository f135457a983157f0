"""A table as it was read: named columns of texts or of typed values, and where each row stands in its source."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from grids.errors import BadInput, unknown
from grids.space import number_text

PREFIXES = ("config.", "config/", "params.", "params_", "param_", "hyperparameters.", "metrics.", "summary.", "values_")
"""What W&B, MLflow, Optuna and others put before the names of hyperparameters and metrics."""
PARAMETERS = PREFIXES[:6]
"""Those of hyperparameters."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """Rows and columns before anything is known of what they mean.

    Args:
        header: the names of the columns; two may be alike.
        columns: one array `[rows]` for each, of texts (object) or of numbers or booleans.
        rows: the number of each row in its source, from 0: what messages count by.
        name: of the source, as it goes into the provenance.
        sha256: of the source's bytes; empty where it has none.
        separator: of fields, in a text file.
        line: the line of the source on which a row ends; None where it has no lines.
    """

    header: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    rows: np.ndarray
    name: str = ""
    sha256: str = ""
    separator: str = ""
    line: Callable[[int], int] | None = None

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, name: str = "", sha256: str = "") -> "RawTable":
        """The columns of a DataFrame, its index left out.

        Raises:
            BadInput: no rows or no columns.
        """
        if not len(frame) or not len(frame.columns):
            raise BadInput("it has no rows" if len(frame.columns) else "it has no columns")
        header = tuple(" ".join(map(str, c)) if isinstance(c, tuple) else str(c).strip() for c in frame.columns)
        columns = tuple(_array(frame.iloc[:, place]) for place in range(len(header)))
        return cls(header, columns, np.arange(len(frame)), name, sha256)

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: int) -> str:
        """`row 3 (line 4)`: where a reader finds the table's row `row`."""
        number = int(self.rows[row])
        return f"row {number + 1}" + ("" if self.line is None else f" (line {self.line(number)})")

    def find(self, name: str) -> str:
        """The full name of the column that `name` means: its own, or with one of `PREFIXES` before it.

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
        return self.header.count(name) == 1

    def column(self, name: str) -> np.ndarray:
        """A column `[rows]`, as it was read; Raises as `find`."""
        return self.columns[self.header.index(self.find(name))]

    def texts(self, name: str) -> np.ndarray:
        """A column as texts, object `[rows]`; what is missing is the empty text."""
        column = self.column(name)
        if column.dtype == object:
            return column
        if column.dtype == bool:
            return np.where(column, "True", "False").astype(object)
        codes, levels = pd.factorize(column)
        words = np.array([number_text(level) for level in levels.tolist()] + [""], object)
        return words[codes]

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
    return column.to_numpy(np.float64, na_value=np.nan)


def text(item: Any) -> str:
    """A value of any kind as text; what is missing is empty.

    >>> text(None), text(0.5), text(True), text([1, 2])
    ('', '0.5', 'True', '[1, 2]')
    """
    if item is None or item is pd.NA or item is pd.NaT:
        return ""
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, float | np.floating):
        return "" if math.isnan(item) else number_text(float(item)) if math.isfinite(item) else str(float(item))
    if isinstance(item, dict | list | tuple):
        return json.dumps(item, default=str, ensure_ascii=False)
    return str(item)


def tidy(names: Sequence[str]) -> list[str]:
    """Names without the prefixes of hyperparameters, but where that would make two alike."""
    short = [next((n.removeprefix(p) for p in PARAMETERS if n.startswith(p) and n != p), n) for n in names]
    return [one if short.count(one) == 1 else full for one, full in zip(short, names, strict=True)]
