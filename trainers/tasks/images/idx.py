"""The IDX format of MNIST and its successors: a big-endian header of sizes, then bytes."""

import gzip
import math
import struct

import numpy as np

UNSIGNED_BYTES = 0x08


def decode(raw: bytes) -> bytes:
    """An IDX file's bytes, from itself or from its gzip form."""
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def parse(content: bytes) -> np.ndarray:
    """The array of an IDX file of unsigned bytes, of the shape that its header gives.

    Raises:
        ValueError: another kind of file, or one of another length than its header says.

    >>> parse(b"\\0\\0\\x08\\x02" + b"\\0\\0\\0\\x01" + b"\\0\\0\\0\\x03" + b"abc").tolist()
    [[97, 98, 99]]
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTES:
        raise ValueError("not an IDX file of unsigned bytes")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError("its header is cut short")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{len(content) - start} bytes where the header says {' x '.join(map(str, shape))}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
