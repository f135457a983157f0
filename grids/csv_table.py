"""A CSV as columns of text and numbers, whoever wrote it; what is wrong is named by row, line and column."""

import csv
import io
import math
import re
from dataclasses import dataclass

import numpy as np

from grids.errors import BadInput, brief, unknown

SEPARATORS = ",;\t"
_TRUE, _FALSE = {"true", "1", "yes", "t"}, {"false", "0", "no", "f", ""}
_WHOLE = 2**53
"""Up to here a float64 tells whole numbers apart."""


@dataclass(frozen=True)
class CsvTable:
    """The fields of a CSV, stripped of the spaces around them.

    Args:
        header: the names of the columns.
        rows: the fields of each row, as many as the header has.
        lines: the line of the file on which each row ends, from 1.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    @classmethod
    def parse(cls, content: bytes) -> "CsvTable":
        """Read UTF-8 text, with or without a byte order mark, separated as its header line is (see `_separator`).

        Blank lines are skipped, and so are rows of nothing but separators.

        Raises:
            BadInput: no UTF-8, no header, no rows, or a row that has not as many fields as the header.
        """
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput(f"is not UTF-8 text (byte {error.start + 1})") from error
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=_separator(text), skipinitialspace=True, strict=True
        )
        found = []
        try:
            for fields in reader:
                stripped = [field.strip() for field in fields]
                if any(stripped):
                    found.append((stripped, reader.line_num))
        except csv.Error as error:
            raise BadInput(f"line {reader.line_num}: {error}") from error
        if not found:
            raise BadInput("it is empty")
        (header, _), body = found[0], found[1:]
        if not body:
            raise BadInput("it has a header but no rows")
        table = cls(header, [fields for fields, _ in body], [line for _, line in body])
        for row, fields in enumerate(table.rows):
            if len(fields) != len(header):
                raise BadInput(f"{table.place(row)}: {len(fields)} fields where the header has {len(header)}")
        return table

    def place(self, row: int) -> str:
        """`row 3 (line 4)`: where a reader finds a row."""
        return f"row {row + 1} (line {self.lines[row]})"

    def text(self, name: str) -> list[str]:
        """The fields of a column.

        Raises:
            BadInput: there is no such column, or there are two.
        """
        if name not in self.header:
            raise unknown("column", name, self.header)
        if self.header.count(name) > 1:
            raise BadInput(f"two columns are called '{name}'")
        where = self.header.index(name)
        return [fields[where] for fields in self.rows]

    def numbers(self, name: str) -> np.ndarray:
        """A column of finite numbers, float64 `[rows]`. Raises BadInput where one is none."""
        return self.numbers_or(name, np.zeros(len(self.rows), bool))

    def numbers_or(self, name: str, excused: np.ndarray) -> np.ndarray:
        """A column of numbers, float64 `[rows]`, finite but where `excused`: there blank and not finite become NaN.

        Raises:
            BadInput: a field that is no number, or one not finite in a row that is not excused.
        """
        out = np.full(len(self.rows), math.nan)
        for row, field in enumerate(self.text(name)):
            if excused[row] and not field:
                continue
            number = self._number(name, field, row)
            if math.isfinite(number):
                out[row] = number
            elif not excused[row]:
                raise BadInput(f"{self.place(row)}, column '{name}': {brief(field)} is not finite")
        return out

    def whole_numbers(self, name: str) -> np.ndarray:
        """A column of whole numbers, int64 `[rows]`. Raises BadInput where one is none, or too large to be exact."""
        numbers = self.numbers(name)
        for row, number in enumerate(numbers):
            if number != int(number) or abs(number) >= _WHOLE:
                raise BadInput(f"{self.place(row)}, column '{name}': {brief(self.text(name)[row])} is no whole number")
        return numbers.astype(np.int64)

    def flags(self, name: str) -> np.ndarray:
        """A column of true and false, bool `[rows]`; blank is false. Raises BadInput at any other word."""
        flags = np.zeros(len(self.rows), bool)
        for row, field in enumerate(self.text(name)):
            if field.lower() not in _TRUE | _FALSE:
                raise BadInput(f"{self.place(row)}, column '{name}': '{brief(field)}' is neither true nor false")
            flags[row] = field.lower() in _TRUE
        return flags

    def _number(self, name: str, field: str, row: int) -> float:
        where = f"{self.place(row)}, column '{name}'"
        if not field:
            raise BadInput(f"{where} is blank where a number belongs")
        try:
            # Python reads 1_000 as a number; nobody who writes a CSV does.
            return float("" if "_" in field else field)
        except ValueError:
            hint = " (write decimals with a point)" if field.count(",") == 1 else ""
            raise BadInput(f"{where}: '{brief(field)}' is no number{hint}") from None


def _separator(text: str) -> str:
    """The one of `SEPARATORS` that makes the most columns of the header; those within quotes do not count."""
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return max(SEPARATORS, key=re.sub(r'"[^"]*"', "", header).count)
