"""Read a table from a file, recognized by its content: delimited text, Markdown, JSON or Parquet, also packed."""

import contextlib
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from grids import limits
from grids.errors import BadInput, brief
from grids.foreign import named
from grids.tables import delimited, records
from grids.tables.frame import Frame
from grids.tables.meaning import Meaning
from grids.tables.trackers import recognized

_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".txt", ".parquet")
PICKLE = (
    "is a pickle, which may hold a program and is never loaded; in the program that wrote it, write a CSV, "
    "as pandas.DataFrame(search.cv_results_).to_csv('table.csv')"
)
_OTHERS = (
    (rb"\x80[\x02-\x05]|\(?[cild]\w+\n\w+\n", PICKLE),
    (rb"\x93NUMPY", "is an array of numpy, whose columns have no names; write a CSV with a header"),
    (rb"\x89HDF", "is HDF5, which is not read; write its table as CSV or Parquet"),
    (
        rb"BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|\x1f\x8b",
        "is compressed in a way that is not read; unpack it, or compress it once by gzip",
    ),
)
"""The first bytes of files of other kinds, and what to do with these files."""
_DAMAGED = "not a whole Parquet file (cut short, altered, or of another kind)"


def read_table(path: str | Path, meaning: Meaning | None = None) -> Frame:
    """The table in a file: CSV (commas, semicolons, tabs, bars), JSON lines or a JSON list of objects, or Parquet.

    Args:
        path: the file; its format, and compression by gzip or zip, are recognized by the content, not by the name.
        meaning: the names that the user gives; a table without them is refused before the whole is read.

    Raises:
        BadInput: no such file, one that is too large, or one of another format.
    """
    meaning = meaning or Meaning(value="")
    with named(path):
        try:
            content = limits.read_bounded(path)
        except OSError as error:
            raise BadInput(f"cannot be read ({error.strerror or error})") from error
        about = Path(path).name, hashlib.sha256(content).hexdigest()
        return recognized(records.expanded(_parsed(_unpacked(content), about, meaning)), meaning)


def _parsed(content: bytes, about: tuple[str, str], meaning: Meaning) -> Frame:
    if content[:4] == b"PAR1":
        return _parquet(content, about, meaning)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        with contextlib.suppress(UnicodeDecodeError):  # reported where delimited text is read
            decoded = content.decode("utf-16")
            content = decoded.encode() if decoded.lstrip()[:1] in ("{", "[") else content
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return records.parse(content, *about, meaning.names())
    for begins, advice in _OTHERS:
        if re.match(begins, content[:80]):
            raise BadInput(advice)

    def check(header: Sequence[str], first: Sequence[str]) -> None:
        if not any(field.startswith("{") for field in first):  # a column may stand within a text of a dict
            meaning.check(header)

    return delimited.parse(content, *about, check)


def _unpacked(content: bytes) -> bytes:
    """The content, or that of the only file in it if it is packed by gzip or zip."""
    try:
        if content[:2] == b"\x1f\x8b":
            most = limits.most_bytes()
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                unpacked = file.read(most + 1)
            if len(unpacked) > most:
                raise limits.too_large("its unpacked text", 2 * most)
            return unpacked
        if content[:4] != b"PK\x03\x04":
            return content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = [member.filename for member in members]
            if any(name.endswith(".pkl") for name in names):
                raise BadInput(PICKLE)
            if len(members) != 1 or not names[0].lower().endswith(_TABLES):
                raise BadInput("is a zip archive or a spreadsheet's own format; save the sheet as CSV")
            limits.check_table(members[0].file_size, 0, "its unpacked bytes")
            with archive.open(members[0]) as member:
                return member.read(members[0].file_size + 1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"cannot be unpacked ({error})") from error


def _parquet(content: bytes, about: tuple[str, str], meaning: Meaning) -> Frame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        footer, schema = file.metadata, file.schema_arrow
        header = footer.metadata or {}
    except Exception as error:
        raise BadInput(_DAMAGED) from error
    if b"tunecost" in header:
        raise BadInput("is a file of this program already: a surface or a replay table needs no import")
    if b"pandas" not in header and not any(pa.types.is_nested(kind) for kind in schema.types):
        meaning.check(schema.names)
    size = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
    limits.check_table(max(size, 0), footer.num_rows * max(1, footer.num_columns) * 16, f"{footer.num_rows:,} rows")
    try:
        table = file.read(use_threads=False)
        table.validate(full=True)
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        frame = table.to_pandas(use_threads=False, ignore_metadata=False)
        frame = frame.reset_index() if any(frame.index.names) else frame
    except (pa.ArrowException, OSError) as error:
        raise BadInput(_DAMAGED) from error
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"its columns cannot be read ({brief(reason, 120)})") from error
    return Frame.of_pandas(frame, *about)
