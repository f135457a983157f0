"""The wire format of protocol buffers, as far as trackers' files need it."""

import struct
from collections.abc import Iterator
from typing import Any


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: number, and an int, a float of 4 or 8 bytes as bytes, or the bytes of a text or message.

    Raises:
        ValueError: it ends within a field, or is no message.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == 2:
            size, place = _varint(data, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"field of kind {kind}")
        if place + size > len(data):
            raise ValueError("cut short")
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise ValueError("cut short")
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def message(data: bytes) -> dict[int, list[Any]]:
    """All values of each field of a message."""
    found: dict[int, list[Any]] = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def text(item: Any) -> str:
    """A field that is a text."""
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else ""


def double(item: Any) -> float:
    """A field that is a float of 8 bytes, or of 4."""
    if not isinstance(item, bytes) or len(item) not in (4, 8):
        raise ValueError("is no float")
    return float(struct.unpack("<d" if len(item) == 8 else "<f", item)[0])
