"""Read delimited text in the dialects of people and spreadsheets: four separators, comments, blank fields at the end.

pyarrow splits regular text into fields; where it is not regular, `csv` does, and faults are named by row and line.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grids.arrow import numbers_of
from grids.errors import BadInput
from grids.tables.columns import WHOLE, Column
from grids.tables.frame import Frame
from grids.tables.limits import Limit
from grids.tables.numbers import looks, missing, proves_decimal_comma

SEPARATORS = ",;\t|"
INDEX = "index"
"""The name of a first column that has none, as pandas writes its index."""
_RULE = re.compile(r"\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?")
_PANEL = re.compile(r"(.+) - (.+)__MIN")

Check = Callable[[Sequence[str], Sequence[str]], None]
"""What judges a table by its header and its first row, before the whole is read."""


def parse(
    content: bytes, name: str = "", sha256: str = "", check: Check | None = None, limit: Limit | None = None
) -> Frame:
    """A table from text with a header line, or a table of Markdown.

    The text is UTF-8, or UTF-16 with a byte order mark, with any line ends. Leading lines are skipped where they are
    blank, begin with `#`, or are `sep=;` as spreadsheets write it, and so are blank lines and blank fields beyond the
    header's.

    Raises:
        BadInput: no text, no header, no rows, or a row with another number of fields than the header.
    """
    limit = limit or Limit()
    lines = content.count(b"\n")
    limit.check(len(content), lines * 24, f"{lines:,} lines")
    text = _decoded(content)
    place, separator, comments = _beginning(text)
    if place >= len(text):
        raise BadInput("it is empty")
    width = text.count(separator, place, text.find("\n", place)) + 1
    limit.check(len(content), (lines * 24 + 2000) * width, f"{lines:,} lines of {width:,} fields")
    same = len(text) == len(content) and text.isascii()
    records = _Records(text, place, separator, content if same else text.encode("utf-8", "replace"))
    start = _start(records, comments, separator)
    header = start.header
    if any(_PANEL.fullmatch(field) for field in header):
        one = next(field for field in header if _PANEL.fullmatch(field)).removesuffix("__MIN")
        raise BadInput(
            f"is the export of a chart, with a column for each run ('{one}') and without the runs' settings: "
            "export the table of runs instead"
        )
    if check is not None:
        check(header, start.first)
    if not start.first:
        raise BadInput("it has a header but no rows")
    commas = ('"' if separator == "," else ",") in text
    found = None if commas else _regular(records, start, as_numbers=True)
    columns, numbers = found or _regular(records, start, as_numbers=False) or _irregular(records, start)
    full = np.zeros(len(numbers), bool)
    for column in columns:
        if full.all():
            break
        full |= True if isinstance(column, np.ndarray) else pc.not_equal(column, "").to_numpy(zero_copy_only=False)
    decimal = commas and _decimal_comma(columns, separator)
    made = tuple(
        Column(
            column,
            (),
            separator,
            decimal,
            partial(records.field, numbers, place) if isinstance(column, np.ndarray) else None,
        )
        for place, column in enumerate(columns)
    )
    frame = Frame(tuple(header), made, np.arange(len(full)), name, sha256).take(full)
    kept = numbers[full]
    return replace(frame, rows=np.arange(len(kept)), line=lambda row: records.line(int(kept[row])))


class _Start:
    """The header, the first row's fields, and the number of the record that holds the first row."""

    def __init__(self, header: list[str], first: list[str], record: int) -> None:
        self.header, self.first, self.record = header, first, record


class _Records:
    """The text's records of fields, with the line on which each ends."""

    def __init__(self, text: str, place: int, separator: str, content: bytes) -> None:
        self.text, self.place, self.separator, self.content = text, place, separator, content
        self.before = text.count("\n", 0, place)
        head = text[place : place + 10_000].split("\n", 2)
        self.markdown = separator == "|" and len(head) > 1 and bool(_RULE.fullmatch(head[1].strip()))

    def __iter__(self) -> Iterator[list[str]]:
        if self.markdown:
            for number, line in enumerate(self.text[self.place :].split("\n")):
                cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
                yield [] if number == 1 or not line.strip() else [cell.replace(r"\|", "|") for cell in cells]
            return
        self.reader = csv.reader(_lines(self.text, self.place), delimiter=self.separator, skipinitialspace=True)
        try:
            yield from self.reader
        except csv.Error as error:
            raise BadInput(f"line {self.reader.line_num + self.before}: {error}") from error

    def field(self, numbers: np.ndarray, place: int, row: int) -> str:
        """The field of a row in a column, as it stands in the text, found by splitting it again for a message."""
        record = next(itertools.islice(self, int(numbers[row]), None))
        return record[place].strip()

    def line(self, wanted: int) -> int:
        """The line of the file on which a record ends, found by splitting the text again for a message."""
        if self.markdown:
            return self.before + wanted + 1
        for number, _ in enumerate(self):
            if number == wanted:
                break
        return int(self.reader.line_num) + self.before


def _lines(text: str, place: int) -> Iterator[str]:
    """The lines of the text from a position on, with their ends."""
    while place < len(text):
        end = text.find("\n", place) + 1 or len(text)
        yield text[place:end]
        place = end


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
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _beginning(text: str) -> tuple[int, str, list[str]]:
    """The position of the first line that is no comment, the separator, and the comments above."""
    place, separator, comments = 0, "", []
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        line = text[place:end].strip()
        said = re.fullmatch(r'"?sep=(.)"?\s*', text[place:end], re.IGNORECASE)
        if said:
            separator = said[1]
        elif line.startswith("#"):
            comments.append(line)
        elif line.strip(SEPARATORS + ' "'):
            break
        place = min(end + 1, len(text))
    end = text.find("\n", place)
    header = re.sub(r'"[^"]*"', "", text[place : end if end >= 0 else len(text)])
    return place, separator or max(SEPARATORS, key=header.count), comments


def _start(records: _Records, comments: list[str], separator: str) -> _Start:
    """The header is the first line, or a comment above a line of numbers, as numpy.savetxt writes it."""
    filled = ((number, [field.strip() for field in record]) for number, record in enumerate(records))
    filled = ((number, record) for number, record in filled if any(record))
    place, fields = next(filled, (0, []))
    if not fields:
        raise BadInput("it is empty")
    while fields and not fields[-1]:
        fields.pop()
    said = next(csv.reader([comments[-1]], delimiter=separator)) if comments else []
    if len(said) == len(fields) and any(looks(field) for field in fields):
        names = [name.strip() for name in said]
        if not any(name.startswith("#") for name in names[1:]):
            names[0] = names[0].lstrip("# \t") or names[0]
        return _Start(_named(names), fields, place)
    number, first = next(filled, (place + 1, []))
    if len(set(fields)) < len(fields) == len(first):  # two lines of names, as pandas writes them
        below = [name for name, more in zip(fields, first, strict=True) if more]
        if (
            below
            and all(fields.count(name) > 1 or not name for name in below)
            and not all(map(looks, filter(None, first)))
        ):
            fields = [f"{name}_{more}".strip("_") if more else name for name, more in zip(fields, first, strict=True)]
            number, first = next(filled, (number + 1, []))
    return _Start(_named(fields), first, number)


def _named(header: list[str]) -> list[str]:
    """The header; a first column without a name is called `INDEX`."""
    header = [" ".join(field.split()) if "\n" in field else field for field in header]
    return [INDEX, *header[1:]] if header and not header[0] and INDEX not in header else header


def _regular(
    records: _Records, start: _Start, as_numbers: bool
) -> tuple[list["pa.ChunkedArray | np.ndarray"], np.ndarray] | None:
    """The columns as texts or float64, and each row's record, by pyarrow; None where a line is unlike the others."""
    text, separator = records.text, records.separator
    quotes = records.content.count(b'"') if b'"' in records.content else 0
    if records.markdown or quotes % 2 or (quotes and re.search(rf'{re.escape(separator)}[ \t]+"', text)):
        return None
    place = records.place
    first = csv.reader(_lines(text, place), delimiter=separator)
    for _ in range(start.record):
        next(first)
    for line in itertools.islice(_lines(text, place), first.line_num):
        place += len(line)
    begin = len(text[:place].encode("utf-8", "replace"))
    body = memoryview(records.content)[begin:]
    names = [str(number) for number in range(max(len(start.header), len(start.first)))]
    table = _split(body, names, separator, as_numbers, bool(quotes))
    if table is None or (len(table) < _lines_from(records.content, begin) and _has_blank(records.content, begin)):
        return None
    found: dict[str, pa.ChunkedArray | np.ndarray] = {}
    for name, column in zip(names, table.columns, strict=True):
        whole = pa.types.is_integer(column.type)
        if (whole or pa.types.is_floating(column.type)) and not column.null_count:
            numbers = numbers_of(column).astype(np.float64)
            if not whole or np.abs(numbers).max() < WHOLE:
                found[name] = numbers
        elif pa.types.is_string(column.type):
            found[name] = pc.utf8_trim_whitespace(column)
    rest = [name for name in names if name not in found]
    again = _split(body, names, separator, False, bool(quotes), rest) if rest else None
    if again is not None:
        found |= {name: pc.utf8_trim_whitespace(again.column(name)) for name in rest}
    for name in names[len(start.header) :]:
        if isinstance(found[name], np.ndarray) or pc.any(pc.not_equal(found[name], "")).as_py():
            return None
    return [found[name] for name in names[: len(start.header)]], np.arange(len(table)) + start.record


def _lines_from(content: bytes, begin: int) -> int:
    """The number of lines from a position on."""
    return content.count(b"\n", begin) + (not content.endswith(b"\n"))


def _has_blank(content: bytes, begin: int) -> bool:
    """Whether a blank line stands between others, which moves the numbers of the rows below it."""
    place = content.find(b"\n\n", begin)
    return place >= 0 and bool(content[place:].strip(b"\n"))


def _split(
    body: memoryview, names: list[str], separator: str, as_numbers: bool, quotes: bool, wanted: Sequence[str] = ()
) -> pa.Table | None:
    """The fields of all lines, by column; None where lines differ, or a number is followed by what is none."""
    from pyarrow import csv as arrow

    kinds = {} if as_numbers else dict.fromkeys(wanted or names, pa.string())
    try:
        return arrow.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=arrow.ReadOptions(column_names=names, block_size=1 << 22),
            parse_options=arrow.ParseOptions(delimiter=separator, newlines_in_values=quotes),
            convert_options=arrow.ConvertOptions(
                column_types=kinds,
                include_columns=list(wanted) or None,
                null_values=[""],
                strings_can_be_null=False,
                true_values=[],
                false_values=[],
            ),
        )
    except pa.ArrowInvalid:
        return None


def _irregular(records: _Records, start: _Start) -> tuple[list[pa.Array], np.ndarray]:
    """As `_regular`, of any text. Raises BadInput for a row with another number of fields than the header."""
    _check_quotes(records)
    width = len(start.header)
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, record in enumerate(records):
        if number < start.record:
            continue
        fields = [field.strip() for field in record]
        if not any(fields):
            continue
        if len(fields) < width or any(fields[width:]):
            line = number + 1 + records.before if records.markdown else records.reader.line_num + records.before
            raise BadInput(f"row {len(rows) + 1} (line {line}): {len(fields)} fields where the header has {width}")
        rows.append(fields[:width])
        numbers.append(number)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return columns or [pa.array([], pa.string())] * width, np.array(numbers, np.int64)


def _check_quotes(records: _Records) -> None:
    if records.markdown or '"' not in records.text:
        return
    lines = _lines(records.text, records.place)
    reader = csv.reader(lines, delimiter=records.separator, skipinitialspace=True, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise BadInput('a quote (") opens and is never closed') from error


def _decimal_comma(columns: Sequence["pa.ChunkedArray | np.ndarray"], separator: str) -> bool:
    """Whether a column has decimal commas; in the others a comma is then no thousands separator."""
    for column in columns:
        if pc.any(pc.match_substring(column, ",")).as_py():
            texts = pc.unique(column).to_pylist()
            if proves_decimal_comma((each for each in texts if not missing(each)), separator):
                return True
    return False
