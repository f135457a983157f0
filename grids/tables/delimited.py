"""Read delimited text as people write it: encodings, separators, headers, comments, blank fields at the end, Markdown.

pyarrow splits regular text into fields; where it is not regular, `csv` does, and faults are named by row and line.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from grids import limits
from grids.errors import BadInput
from grids.tables.columns import Column
from grids.tables.frame import Frame
from grids.tables.numbers import looks, missing, proves_decimal_comma

SEPARATORS = ",;\t|"
INDEX = "index"
"""The name of a first column that has none, as pandas writes its index."""
_RULE = re.compile(r"\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?")
_PANEL = re.compile(r"(.+) - (.+)__MIN")

Check = Callable[[Sequence[str], Sequence[str]], None]
"""What judges a table by its header and its first row, before the whole is read."""
Texts = list["pa.ChunkedArray | pa.Array"]
"""The fields of a table by column."""


def parse(content: bytes, name: str = "", sha256: str = "", check: Check | None = None) -> Frame:
    """A table from text with a header line, or a table of Markdown.

    The text is UTF-8, or UTF-16 with a byte order mark, with any line ends. Leading lines are skipped where they are
    blank, begin with `#`, or are `sep=;` as spreadsheets write it, and so are blank lines and blank fields beyond the
    header's.

    Raises:
        BadInput: no text, no header, no rows, or a row with another number of fields than the header.
    """
    try:
        return _parsed(_normal(content), check, name, sha256)
    except UnicodeDecodeError:
        try:
            content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput(f"is not UTF-8 text (byte {error.start + 1}); save it as CSV in UTF-8") from error
        raise


def _normal(content: bytes) -> bytes:
    """The text in UTF-8, with a line feed at the end of each line."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise BadInput(
                f"is not UTF-16 text as its first bytes say (byte {error.start + 1}); save it as CSV in UTF-8"
            ) from error
    if b"\0" in content:
        raise BadInput("is no text: it holds a zero byte")
    content = content.removeprefix(b"\xef\xbb\xbf")
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content


def _parsed(content: bytes, check: Check | None, name: str, sha256: str) -> Frame:
    signs = np.frombuffer(content, np.uint8)
    blanks = int(np.count_nonzero(signs <= ord(" ")))
    lines = blanks if b" " not in content and b"\t" not in content else int(np.count_nonzero(signs == ord("\n")))
    limits.check_table(len(content), lines * 24, f"{lines:,} lines")
    place, separator, comments = _beginning(content)
    if place >= len(content):
        raise BadInput("it is empty")
    width = content.count(separator.encode(), place, content.find(b"\n", place)) + 1
    limits.check_table(len(content), (lines * 24 + 2000) * width, f"{lines:,} lines of {width:,} fields")
    records = _Records(content, place, separator)
    header, first, start = _start(records, comments)
    panel = next((field for field in header if _PANEL.fullmatch(field)), None)
    if panel:
        raise BadInput(
            f"is the export of a chart, with a column for each run ('{panel.removesuffix('__MIN')}') and without the "
            "runs' settings: export the table of runs instead"
        )
    if check is not None:
        check(header, first)
    if not first:
        raise BadInput("it has a header but no rows")
    trim = blanks > lines or not content.isascii()
    columns, ends = _regular(records, max(len(header), len(first)), start, lines, trim) or _irregular(
        records, len(header), start
    )
    if any(pc.any(pc.not_equal(column, "")).as_py() for column in columns[len(header) :]):
        columns, ends = _irregular(records, len(header), start)
    columns, full = columns[: len(header)], np.zeros(len(ends), bool)
    for column in columns:
        if not full.all():
            full |= pc.not_equal(column, "").to_numpy(zero_copy_only=False)
    decimal = (b'"' if separator == "," else b",") in content and _decimal_comma(columns, separator)
    made = tuple(Column(column, (), separator, decimal) for column in columns)
    frame = Frame(tuple(header), made, np.arange(len(full)), name, sha256).take(full)
    ends = ends[full]
    return Frame(**{**vars(frame), "rows": np.arange(len(ends)), "line": lambda row: int(ends[row])})


class _Records:
    """The records of a text from a position on, each with the lines of the text on which it begins and ends."""

    def __init__(self, content: bytes, place: int, separator: str) -> None:
        self.content, self.place, self.separator = content, place, separator
        self.before = content.count(b"\n", 0, place)
        rule = next(itertools.islice(self.lines(), 1, None), "")
        self.markdown = separator == "|" and bool(_RULE.fullmatch(rule.strip()))

    def lines(self) -> Iterator[str]:
        """The lines, with their ends."""
        return (line.decode() for line in _lines(self.content, self.place))

    def __iter__(self) -> Iterator[tuple[list[str], int, int]]:
        if self.markdown:
            for number, line in enumerate(self.lines(), start=self.before):
                cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
                blank = number == self.before + 1 or not line.strip()
                yield [] if blank else [cell.replace(r"\|", "|").strip() for cell in cells], number, number + 1
            return
        reader = csv.reader(self.lines(), delimiter=self.separator, skipinitialspace=True)
        begin = self.before
        try:
            for record in reader:
                end = reader.line_num + self.before
                yield [field.strip() for field in record], begin, end
                begin = end
        except csv.Error as error:
            raise BadInput(f"line {reader.line_num + self.before}: {error}") from error


def _lines(content: bytes, place: int) -> Iterator[bytes]:
    """The lines from a position on, with their ends."""
    while place < len(content):
        end = content.find(b"\n", place) + 1 or len(content)
        yield content[place:end]
        place = end


def _beginning(content: bytes) -> tuple[int, str, list[str]]:
    """The position of the first line that is no comment, the separator, and the comments above."""
    place, separator, comments, header = 0, "", [], ""
    for encoded in _lines(content, 0):
        header = encoded.decode()
        line = header.strip()
        if said := re.fullmatch(r'"?sep=(.)"?\s*', header, re.IGNORECASE):
            separator = said[1]
        elif line.startswith("#"):
            comments.append(line)
        elif line.strip(SEPARATORS + ' "'):
            break
        place += len(encoded)
    header = re.sub(r'"[^"]*"', "", header)
    return place, separator or max(SEPARATORS, key=header.count), comments


def _start(records: _Records, comments: list[str]) -> tuple[list[str], list[str], int]:
    """The header, the first row's fields, and the number of lines above it.

    The header is the first line, or a comment above a line of numbers, as numpy.savetxt writes it.
    """
    filled = (record for record in records if any(record[0]))
    fields, start, end = next(filled, ([], 0, 0))
    if not fields:
        raise BadInput("it is empty")
    while fields and not fields[-1]:
        fields.pop()
    names = next(csv.reader([comments[-1]], delimiter=records.separator)) if comments else []
    if len(names) == len(fields) and any(looks(field) for field in fields):
        names = [name.strip() for name in names]
        if not any(name.startswith("#") for name in names[1:]):
            names[0] = names[0].lstrip("# \t") or names[0]
        return _named(names), fields, start
    first, start, end = next(filled, ([], end, end))
    if len(set(fields)) < len(fields) == len(first):  # two lines of names, as pandas writes them
        below = [name for name, more in zip(fields, first, strict=True) if more]
        if (
            below
            and all(fields.count(name) > 1 or not name for name in below)
            and not all(map(looks, filter(None, first)))
        ):
            fields = [f"{name}_{more}".strip("_") if more else name for name, more in zip(fields, first, strict=True)]
            first, start, _ = next(filled, ([], end, end))
    return _named(fields), first, start


def _named(header: list[str]) -> list[str]:
    """The header; a first column without a name is called `INDEX`."""
    header = [" ".join(field.split()) if "\n" in field else field for field in header]
    return [INDEX, *header[1:]] if header and not header[0] and INDEX not in header else header


def _regular(records: _Records, width: int, start: int, lines: int, trim: bool) -> tuple[Texts, np.ndarray] | None:
    """The columns and the line on which each row ends, by pyarrow; None where a line is unlike the others.

    Args:
        records: of the text.
        width: the number of fields.
        start: the number of lines above the first row.
        lines: the number of line feeds.
        trim: whether there may be blanks beside fields.
    """
    from pyarrow import csv as arrow

    separator, place, content = records.separator, records.place, records.content
    quotes = content.count(b'"') if b'"' in content else 0
    if records.markdown or quotes % 2 or (quotes and re.search(rb'%b[ \t]+"' % re.escape(separator.encode()), content)):
        return None
    place += sum(map(len, itertools.islice(_lines(content, place), start - records.before)))
    blank = len(content[-99:]) - len(content[-99:].rstrip(b"\n"))
    names = [str(number) for number in range(width)]
    try:
        table = arrow.read_csv(
            pa.BufferReader(pa.py_buffer(memoryview(content)[place:])),
            read_options=arrow.ReadOptions(column_names=names, block_size=1 << 22, use_threads=False),
            parse_options=arrow.ParseOptions(delimiter=separator),
            convert_options=arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    if len(table) != lines - start + 1 - blank:  # blank lines, or lines in quotes
        return None
    columns = [pc.utf8_trim_whitespace(column) for column in table.columns] if trim else table.columns
    return columns, np.arange(len(table)) + start + 1


def _irregular(records: _Records, width: int, start: int) -> tuple[Texts, np.ndarray]:
    """As `_regular`, of any text. Raises BadInput for a row with another number of fields than the header."""
    _check_quotes(records)
    rows: list[list[str]] = []
    ends = []
    for fields, begin, end in records:
        if begin < start or not any(fields):
            continue
        if len(fields) < width or any(fields[width:]):
            raise BadInput(f"row {len(rows) + 1} (line {end}): {len(fields)} fields where the header has {width}")
        rows.append(fields[:width])
        ends.append(end)
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)], np.array(ends, np.int64)


def _check_quotes(records: _Records) -> None:
    if records.markdown or b'"' not in records.content:
        return
    try:
        for _ in csv.reader(records.lines(), delimiter=records.separator, skipinitialspace=True, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise BadInput('a quote (") opens and is never closed') from error


def _decimal_comma(columns: Texts, separator: str) -> bool:
    """Whether a column has decimal commas; in the others a comma is then no thousands separator."""
    written = (pc.unique(column).to_pylist() for column in columns if pc.any(pc.match_substring(column, ",")).as_py())
    return any(proves_decimal_comma((text for text in texts if not missing(text)), separator) for texts in written)
