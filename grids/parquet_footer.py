"""The counts in a Parquet file's footer: a small reader of Thrift's compact protocol, in which footers are written.

pyarrow has these counts too, but ends the process where a damaged footer makes it throw while it gives them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Chunk(NamedTuple):
    """One column of one group of rows.

    Args:
        kind: the number of its physical type in Parquet's `Type`.
        nested: whether it lies within a list or a struct.
        values: how many it holds, those within lists counted one by one.
        size: bytes in the file, once decompressed.
    """

    kind: int
    nested: bool
    values: int
    size: int


def chunks(footer: bytes) -> Iterator[Chunk]:
    """Every column of every group of rows. Fields are numbered as in Parquet's `parquet.thrift`.

    Args:
        footer: the serialized `FileMetaData`.

    Raises:
        ValueError, LookupError, TypeError, RecursionError: it is damaged.
    """
    for group in _Compact(footer).struct()[4]:
        for column in group[1]:
            about = column[3]
            yield Chunk(about[1], len(about[3]) > 1, about[5], about[6])


class _Compact:
    """Reads values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self) -> dict[int, Any]:
        """The fields of a struct by number."""
        fields: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._integer()
            fields[number] = byte & 15 == 1 if byte & 15 in (1, 2) else self._value(byte & 15)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return [self._value(head & 15) for _ in range(count)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"no type {kind} stands in a footer")

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.data):
            raise ValueError("cut short")
        return self.data[self.at - count : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
