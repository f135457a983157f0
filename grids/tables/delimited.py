"""Read delimited text in the dialects of people and spreadsheets: four separators, comments, blank fields at the end.

pandas splits lines into fields; this module finds the header and reports faults by row and line.
"""

import csv
import io
import re
import warnings

import numpy as np
import pandas as pd

from grids.errors import BadInput
from grids.tables.raw import RawTable

SEPARATORS = ",;\t|"
MOST_FIELDS = 200_000_000
"""Largest table, as lines × fields of the longest line: a larger one would not fit into memory."""


def parse(content: bytes, name: str = "", sha256: str = "") -> RawTable:
    """A table from text with a header line.

    The text is UTF-8, or UTF-16 with a byte order mark, with any line ends. Leading lines are skipped where they are
    blank, begin with `#`, or are `sep=;` as spreadsheets write it, and so are blank lines and blank fields beyond the
    header's.

    Raises:
        BadInput: no text, no header, no rows, or a row with another number of fields than the header.
    """
    text = _decoded(content)
    head, separator, comments = _beginning(text)
    body = text[head:]
    if not body.strip():
        raise BadInput("it is empty")
    frame = _split(body, separator)
    lines_before = text[:head].count("\n")
    header = [field.strip() for field in frame.iloc[0].fillna("").tolist()]
    while header and not header[-1]:
        header.pop()
    kept = frame.iloc[1:]
    stripped = [kept[place].str.strip() for place in range(kept.shape[1])]
    full = np.zeros(len(kept), bool)
    for column in stripped:
        full |= (column.fillna("") != "").to_numpy()
    if not full.any():
        raise BadInput("it has a header but no rows")
    records = np.flatnonzero(full) + 1
    table = RawTable(
        tuple(header),
        tuple(stripped[place][full].fillna("").to_numpy(object) for place in range(len(header))),
        np.arange(len(records)),
        name,
        sha256,
        separator,
        _Lines(body, separator, lines_before, records),
    )
    _check_lengths(table, frame, records, body)
    return _commented_header(table, comments, separator)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding, advice = "utf-16", "is not UTF-16 text as its first bytes say"
    else:
        encoding, advice = "utf-8-sig", "is not UTF-8 text"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{advice} (byte {error.start + 1}); save it as CSV in UTF-8") from error
    if "\0" in text:
        raise BadInput("is no text: it holds a zero byte")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _beginning(text: str) -> tuple[int, str, list[str]]:
    """The position of the header line, the separator, and the comments above the header."""
    place, separator, comments = 0, "", []
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        line = text[place:end].strip()
        said = re.fullmatch(r'"?sep=(.)"?\s*', text[place:end], re.IGNORECASE)
        if said:
            separator = said[1]
        elif line.startswith("#"):
            comments.append(line.lstrip("# \t"))
        elif line.strip(SEPARATORS + ' "'):
            break
        place = min(end + 1, len(text))
    header = re.sub(r'"[^"]*"', "", text[place:].partition("\n")[0])
    return place, separator or max(SEPARATORS, key=header.count), comments


def _split(body: str, separator: str) -> pd.DataFrame:
    """All fields as texts `[lines, fields]`; NaN beyond a line's last field."""
    lines = body.count("\n") + 1
    widest = max(line.count(separator) for line in io.StringIO(body)) + 1
    if '"' in body:  # a field in quotes may go over several lines
        widest = max(widest, int(_lengths(body, separator).max()))
    if widest * lines > MOST_FIELDS:
        raise BadInput(f"{lines:,} lines of up to {widest:,} fields are more than {MOST_FIELDS:,} fields")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # where pandas reads quotes differently from `csv`
            return pd.read_csv(
                io.StringIO(body),
                sep=separator,
                header=None,
                names=list(range(widest)),
                index_col=False,
                dtype=str,
                keep_default_na=False,
                na_values=[],
                skipinitialspace=True,
                skip_blank_lines=False,
                engine="c",
            )
    except (
        pd.errors.ParserError,
        pd.errors.ParserWarning,
        pd.errors.EmptyDataError,
        csv.Error,
        OverflowError,
        ValueError,
    ) as error:
        if "EOF inside string" in str(error):
            raise BadInput('a quote (") opens and is never closed') from error
        raise BadInput(f"cannot be split into fields ({str(error).strip().splitlines()[0]})") from error


class _Lines:
    """The line of the file on which a row ends, found by parsing the text again when a message needs it."""

    def __init__(self, body: str, separator: str, before: int, records: np.ndarray) -> None:
        self._body, self._separator, self._before, self._records = body, separator, before, records

    def __call__(self, row: int) -> int:
        reader = csv.reader(io.StringIO(self._body), delimiter=self._separator, skipinitialspace=True)
        wanted = int(self._records[row])
        try:
            for record, _ in enumerate(reader):
                if record == wanted:
                    break
        except csv.Error:
            return wanted + 1 + self._before
        return reader.line_num + self._before


def _check_lengths(table: RawTable, frame: pd.DataFrame, records: np.ndarray, body: str) -> None:
    """Raise BadInput where a row has fewer fields than the header, or a further one that is not blank."""
    width = len(table.header)
    lengths = _lengths(body, table.separator)
    if len(lengths) != len(frame):
        raise BadInput("its quotes do not pair: fields cannot be told apart")
    wrong = lengths[records] < width
    for place in range(width, frame.shape[1]):
        wrong |= (frame[place].iloc[records].fillna("").str.strip() != "").to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(f"{table.place(row)}: {int(lengths[records[row]])} fields where the header has {width}")


def _lengths(body: str, separator: str) -> np.ndarray:
    """The number of fields of each record, int64 `[records]`."""
    lines = body.removesuffix("\n").split("\n")
    if '"' not in body:
        return np.array([line.count(separator) + 1 for line in lines], np.int64)
    reader = csv.reader(io.StringIO(body), delimiter=separator, skipinitialspace=True)
    try:
        return np.array([max(1, len(record)) for record in reader], np.int64)
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num}: {error}") from error


def _commented_header(table: RawTable, comments: list[str], separator: str) -> RawTable:
    """The table; where its first line holds numbers, with the last comment as header, as numpy.savetxt writes it."""
    try:
        [float(field) for field in table.header]
    except ValueError:
        return table
    names = [name.strip() for name in comments[-1].split(separator)] if comments else []
    if len(names) != len(table.header):
        return table
    columns = tuple(
        np.concatenate([np.array([first], object), column])
        for first, column in zip(table.header, table.columns, strict=True)
    )
    lines = table.line
    assert lines is not None
    return RawTable(
        tuple(names), columns, np.arange(len(table) + 1), table.name, table.sha256, separator,
        lambda row: lines(row - 1) if row else lines(0) - 1,
    )  # fmt: skip
