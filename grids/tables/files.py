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

from grids.errors import BadInput, brief
from grids.surface import Surface
from grids.tables import delimited, records
from grids.tables.frame import Frame
from grids.tables.importing import surface_of
from grids.tables.limits import Limit
from grids.tables.meaning import Meaning
from grids.tables.trackers import recognized

_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".txt", ".parquet")
PICKLE = (
    "is a pickle, which may hold a program and is never loaded; in the program that wrote it, write a CSV, "
    "as pandas.DataFrame(search.cv_results_).to_csv('table.csv')"
)


def read(path: str | Path, meaning: Meaning) -> Surface:
    """The surface in a file of a format of `read_table`.

    Raises:
        BadInput: the file cannot be read, or as `surface_of`; the message begins with the path.
    """
    table = read_table(path, meaning)
    try:
        return surface_of(table, meaning)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def read_table(path: str | Path, meaning: Meaning | None = None) -> Frame:
    """The table in a file: CSV (commas, semicolons, tabs, bars), JSON lines or a JSON list of objects, or Parquet.

    Args:
        path: the file; its format, and compression by gzip or zip, are recognized by the content, not by the name.
        meaning: the names that the user gives; a table without them is refused before the whole is read.

    Raises:
        BadInput: no such file, one that is too large, or one of another format.
    """
    meaning = meaning or Meaning(value="")
    limit = Limit(meaning.max_bytes)
    try:
        limit.check(Path(path).stat().st_size, 0, "its bytes")
        content = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        frame = _parsed(_unpacked(content, limit), Path(path).name, sha256, meaning, limit)
        return recognized(records.expanded(frame), meaning)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _parsed(content: bytes, name: str, sha256: str, meaning: Meaning, limit: Limit) -> Frame:
    if content[:4] == b"PAR1":
        return _parquet(content, name, sha256, meaning, limit)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        with contextlib.suppress(UnicodeDecodeError):  # reported where delimited text is read
            decoded = content.decode("utf-16")
            content = decoded.encode() if decoded.lstrip()[:1] in ("{", "[") else content
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return records.parse(content, name, sha256, meaning.names(), limit)
    if re.match(rb"\x80[\x02-\x05]|\(?[cild]\w+\n\w+\n", content[:80]):
        raise BadInput(PICKLE)
    if content[:6] == b"\x93NUMPY":
        raise BadInput("is an array of numpy, whose columns have no names; write a CSV with a header")
    if content[:4] == b"\x89HDF":
        raise BadInput("is HDF5, which is not read; write its table as CSV or Parquet")
    if content.startswith((b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")):
        raise BadInput("is compressed in a way that is not read; unpack it, or compress it once by gzip")
    return delimited.parse(content, name, sha256, lambda header, first: _check(header, first, meaning), limit)


def _check(header: Sequence[str], first: Sequence[str], meaning: Meaning) -> None:
    """Raise BadInput where a column that the user names is not there, and cannot be within one of texts of dicts."""
    if not any(field.startswith("{") for field in first):
        meaning.check(header)


def _unpacked(content: bytes, limit: Limit) -> bytes:
    if content[:4] == b"PK\x03\x04":
        return _from_zip(content, limit)
    if content[:2] != b"\x1f\x8b":
        return content
    most = limit.size // 4
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            found = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"cannot be unpacked ({error})") from error
    if len(found) > most:
        raise BadInput(f"unpacks to more than {most / 1e6:,.0f} MB; --max-bytes N allows a quarter of N bytes")
    return found


def _from_zip(content: bytes, limit: Limit) -> bytes:
    """The only file in a zip archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = [member.filename for member in members]
            if any(name.endswith(("data.pkl", ".pkl")) for name in names):
                raise BadInput(PICKLE)
            if len(members) != 1 or not names[0].lower().endswith(_TABLES):
                raise BadInput("is a zip archive or a spreadsheet's own format; save the sheet as CSV")
            limit.check(members[0].file_size, 0, "its unpacked bytes")
            with archive.open(members[0]) as file:
                return file.read(members[0].file_size + 1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"cannot be unpacked ({error})") from error


def _parquet(content: bytes, name: str, sha256: str, meaning: Meaning, limit: Limit) -> Frame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        about, schema = file.metadata, file.schema_arrow
        header = about.metadata or {}
    except Exception as error:
        raise BadInput("not a whole Parquet file (cut short, altered, or of another kind)") from error
    if b"tunecost" in header:
        raise BadInput("is a file of this program already: a surface or a replay table needs no import")
    if b"pandas" not in header and not any(pa.types.is_nested(kind) for kind in schema.types):
        meaning.check(schema.names)
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    limit.check(max(size, 0), about.num_rows * max(1, about.num_columns) * 16, f"{about.num_rows:,} rows")
    try:
        table = file.read(use_threads=False)
        table.validate(full=True)
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        frame = table.to_pandas(use_threads=False, ignore_metadata=False)
        frame = frame.reset_index() if any(frame.index.names) else frame
    except (pa.ArrowException, OSError) as error:
        raise BadInput("not a whole Parquet file (cut short, altered, or of another kind)") from error
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"its columns cannot be read ({brief(reason, 120)})") from error
    return Frame.of_pandas(frame, name, sha256)
