"""Read JSON: the rows in the layouts of programs, with nested objects and lists as columns."""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from grids import limits
from grids.errors import BadInput, brief
from grids.tables.columns import is_curve
from grids.tables.frame import Frame

_DEEPEST = 6
"""Objects that are nested more deeply stay texts."""
_LONGEST = 100_000
"""Longest text of a dict in a cell."""
_WORDS = {"nan": "None", "inf": "1e999", "-inf": "-1e999"}

Record = dict[str, Any]


def parse(content: bytes, name: str = "", sha256: str = "", wanted: Sequence[str] = ()) -> Frame:
    """A table from JSON lines, a list of objects, several objects one after the other, or one object (see `rows_of`).

    Args:
        content: the text, in UTF-8.
        name, sha256: of the file.
        wanted: the names that the user gives; where they stand tells rows from columns.

    Raises:
        BadInput: no JSON, or no rows in it; the message names the line or the entry.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 text (byte {error.start + 1})") from error
    limits.check_table(len(content), 12 * len(content), "its objects")
    records, lines = _documents(text)
    if len(records) == 1:
        records, lines = rows_of(records[0], wanted), []
    for place, record in enumerate(records):
        if not isinstance(record, dict):
            where = f"line {lines[place]}" if lines else f"entry {place + 1}"
            raise BadInput(f"{where}: is no object of names and values")
    if not records:
        raise BadInput("it has no rows")
    frame = Frame.of_records([flat(record) for record in records], name=name, sha256=sha256)
    return frame if not lines else Frame(**{**vars(frame), "line": lambda row: lines[row]})


def _documents(text: str) -> tuple[list[Any], list[int]]:
    """The values in the text, and the line of each where each has one of its own."""
    try:
        return [json.loads(text, object_pairs_hook=_object)], []
    except BadInput as error:
        if "\n" not in text.strip():
            raise BadInput(f"line 1: {error}") from error
    except (ValueError, RecursionError):
        pass
    records, lines = [], []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line.strip():
            try:
                records.append(json.loads(line, object_pairs_hook=_object))
            except BadInput as error:
                raise BadInput(f"line {number}: {error}") from error
            except (ValueError, RecursionError) as error:
                joined = None if records else _joined(text)
                if joined is None:
                    raise BadInput(f"line {number}: is no JSON ({str(error).partition(':')[0]})") from error
                return joined, []
            lines.append(number)
    return records, lines


def _joined(text: str) -> list[Any] | None:
    """The objects of a text in which they stand one after the other; None where they do not."""
    decoder, place, found = json.JSONDecoder(object_pairs_hook=_object), 0, []
    while place < len(text):
        blank = re.compile(r"[\s,]*").match(text, place)
        place = blank.end() if blank else place
        if place == len(text):
            break
        try:
            record, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None
        found.append(record)
    return found if len(found) > 1 else None


def _object(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadInput(f"an object has two entries '{brief(next(n for n in names if names.count(n) > 1))}'")
    return found


def rows_of(found: Any, wanted: Sequence[str] = ()) -> list[Any]:
    """The rows that one JSON value holds.

    A list is its rows. An object holds them in its only table: a list of objects, or objects by key; by column, as
    lists or by the row's name, as pandas writes them; else it is a row itself.

    Raises:
        BadInput: it is a single number, text or flag.
    """
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise BadInput("is no list of objects")
    items = list(found.values())
    even = bool(items) and all(isinstance(item, list) for item in items) and len(set(map(len, items))) == 1
    if even and not all(isinstance(each, dict) for item in items for each in item):
        return [dict(zip(found, row, strict=True)) for row in zip(*items, strict=True)]
    if len(items) > 1 and all(isinstance(item, dict) and item for item in items):
        if _by_column(found, wanted):
            return [{name: column.get(row) for name, column in found.items()} for row in items[0]]
        if len(items[0].keys() & items[1].keys()) * 2 > len(items[0]):
            return items
    tables = [table for item in items if (table := _table(item)) is not None]
    return tables[0] if len(tables) == 1 else [found]


def _table(item: Any) -> list[Record] | None:
    """The rows of an entry: a list of objects, or objects of shared names by key; None of another entry."""
    if isinstance(item, dict) and item and all(isinstance(each, dict) and each for each in item.values()):
        first, *others = item.values()
        if all(first.keys() & other.keys() for other in others) and not all(
            isinstance(each, dict) for each in first.values()
        ):
            return list(item.values()) if others else None
    if isinstance(item, list) and item and all(isinstance(each, dict) for each in item):
        return item
    return None


def _by_column(found: Mapping[str, Record], wanted: Sequence[str]) -> bool:
    """Whether an object of objects holds columns by the row's name, and not rows by key."""
    first = next(iter(found.values()))
    if not all(column.keys() == first.keys() for column in found.values()):
        return False
    if any(name in first for name in wanted):
        return False
    if any(name in found for name in wanted):
        return True
    return not all(key.isdigit() for key in found)


def flat(record: Mapping[str, Any], before: str = "", depth: int = 0) -> Record:
    """A record with nested objects as names `outer.inner`; lists of objects become columns or lists of their numbers.

    >>> flat({"config": {"lr": {"value": 0.1, "desc": None}}, "times": [{"name": "cpu", "value": 3}]})
    {'config.lr': 0.1, 'times.cpu': 3}
    >>> flat({"curve": [{"step": 1, "loss": 5}, {"step": 2, "loss": 4}]})
    {'curve.step': [1, 2], 'curve.loss': [5, 4]}
    """
    found: Record = {}
    for key, value in record.items():
        name = before + str(key)
        if isinstance(value, dict) and value.keys() <= {"value", "desc"} and "value" in value:
            value = value["value"]
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            value = _columns(value)
        if isinstance(value, dict) and value and depth < _DEEPEST:
            found |= flat(value, f"{name}.", depth + 1)
        else:
            found[name] = value
    return found


def _columns(items: list[Record]) -> Any:
    """A list of objects as one: by name, where each has a name and a value; else a list for each of their entries."""
    named = [item for item in items if isinstance(item.get("name"), str) and "value" in item]
    if len(named) == len(items):
        return {item["name"]: item["value"] for item in items}
    lists = {name: [item.get(name) for item in items] for item in items for name in item}
    return lists if any(is_curve(column) for column in lists.values()) else items


def expanded(frame: Frame) -> Frame:
    """The frame with the columns whose fields are texts of dicts, of Python or JSON, as columns of their entries."""
    for name in dict.fromkeys(frame.header):
        column = frame.column(name) if frame.has(name) else None
        if column is None or column.is_lists or not _of_dicts(column.text, len(frame)):
            continue
        codes, levels = column.coded
        read = [_dict(level) for level in levels]
        if any(record is None for record in read):
            continue
        records = [flat(record or {}, f"{name}.") for record in read]
        more = Frame.of_records([records[code] for code in codes.tolist()])
        frame = frame.without([name]).with_columns(dict(zip(more.header, more.columns, strict=True)))
    return frame


def _of_dicts(text: Callable[[int], str], rows: int) -> bool:
    """Whether the first field that is not blank is the text of a dict."""
    fields: Iterator[str] = (text(row) for row in range(min(rows, 100)))
    first = next((field for field in fields if field), "")
    return first.startswith("{") and first.endswith("}")


def _dict(text: str) -> Record | None:
    """The dict of a text; an empty one of a blank text, None where it is none."""
    if not text:
        return {}
    if not (text.startswith("{") and len(text) <= _LONGEST):
        return None
    for read in (json.loads, ast.literal_eval, lambda t: ast.literal_eval(_without_words(t))):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return found if isinstance(found, dict) else None
    return None


def _without_words(text: str) -> str:
    return re.sub(r"(?<=[ :\[(,])-?(?:nan|inf)(?=[,}\])])", lambda word: _WORDS.get(word[0], "None"), text)
