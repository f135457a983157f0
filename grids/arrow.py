"""Convert Arrow arrays to numpy and back through their buffers.

Arrow's own conversions import pandas when first used, and its functions `pyarrow.compute`; both take longer than
reading a surface.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa


def numbers_of(column: "pa.Array | pa.ChunkedArray") -> np.ndarray:
    """`column.to_numpy()`, by way of the buffers for booleans, integers and floats without nulls."""
    kind = column.type
    plain = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if not plain or column.null_count or not chunks:
        return np.asarray(column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy())
    parts = [_of_chunk(chunk) for chunk in chunks]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _of_chunk(chunk: pa.Array) -> np.ndarray:
    first, count, values = chunk.offset, len(chunk), chunk.buffers()[1]
    if values is None:
        return np.empty(0, chunk.type.to_pandas_dtype())
    if pa.types.is_boolean(chunk.type):
        bits = np.unpackbits(np.frombuffer(values, np.uint8), count=first + count, bitorder="little")
        return bits[first:].astype(bool)
    return np.frombuffer(values, chunk.type.to_pandas_dtype(), count=first + count)[first:]


def lengths_of(column: "pa.Array | pa.ChunkedArray") -> pa.Array:
    """The length of each text or list, int32 `[rows]`; null for null."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    if column.null_count:
        import pyarrow.compute as pc

        measure = pc.binary_length if pa.types.is_string(column.type) else pc.list_value_length
        return pa.concat_arrays([measure(chunk) for chunk in chunks])
    parts = [np.diff(_ends_of(chunk)) for chunk in chunks] or [np.empty(0, np.int32)]
    return pa.Array.from_buffers(pa.int32(), len(column), [None, _buffer(np.concatenate(parts))])


def flattened(lists: pa.ListArray) -> pa.Array:
    """The elements of the lists, one after the other."""
    if lists.null_count:
        return lists.flatten()
    ends = _ends_of(lists)
    return lists.values[ends[0] : ends[-1]]


def _ends_of(chunk: pa.Array) -> np.ndarray:
    """The start of each text or list in the values, and the end of the last: int32 `[rows + 1]`."""
    offsets = chunk.buffers()[1]
    if offsets is None or not len(chunk):
        return np.zeros(1, np.int32)
    return np.frombuffer(offsets, np.int32, count=chunk.offset + len(chunk) + 1)[chunk.offset :]


def plain_array(values: np.ndarray) -> pa.Array:
    """`pyarrow.array` of booleans, int32, int64, float32 or float64 `[n]`; NaN stays NaN."""
    if values.dtype == bool:
        return array_of(values)
    kind = getattr(pa, values.dtype.name)()
    return pa.Array.from_buffers(kind, len(values), [None, _buffer(np.ascontiguousarray(values))])


def array_of(values: np.ndarray) -> pa.Array:
    """`pyarrow.array` of booleans, int64 or float64 `[n]`; NaN becomes null, as from pandas."""
    if values.dtype == bool:
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, _buffer(np.packbits(values, bitorder="little"))])
    kind = {"int64": pa.int64(), "float64": pa.float64()}[values.dtype.name]
    known = ~np.isnan(values)
    valid = None if known.all() else _buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, _buffer(values)])


def repeated(texts: Sequence[str], counts: Sequence[int]) -> pa.Array:
    """A column in which `texts[i]` stands `counts[i]` times, in this order.

    >>> repeated(["a", "bc"], [1, 2]).to_pylist()
    ['a', 'bc', 'bc']
    """
    letters = [text.encode() for text in texts]
    lengths = np.repeat(np.array([len(one) for one in letters], np.int32), counts)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    if ends[-1] > np.iinfo(np.int32).max:
        large = np.repeat(np.array(list(texts), object), counts)
        return pa.array(large, pa.string())
    content = b"".join(one * count for one, count in zip(letters, counts, strict=True))
    return pa.Array.from_buffers(
        pa.string(), len(lengths), [None, _buffer(ends.astype(np.int32)), pa.py_buffer(content)]
    )


def _buffer(values: np.ndarray) -> pa.Buffer:
    return pa.py_buffer(np.ascontiguousarray(values))
