"""How many bytes a file may take in memory. A small file can claim, or unpack to, any size."""

import contextvars
import os

from grids.errors import BadInput

LARGEST = 250_000_000
"""The largest number of bytes that one file takes as columns, unless the user raises it.

Reading, checking and arranging them takes up to four times as much at once: together less than 1 GB.
"""
OPTION = "--max-bytes"
"""The option of `tunecost` that raises it."""

_most: contextvars.ContextVar[int] = contextvars.ContextVar("most", default=LARGEST)


def allow(most: int) -> None:
    """Let each file that is read from here on take `most` bytes."""
    _most.set(most)


def most_bytes() -> int:
    """The number of bytes that one file may take."""
    return _most.get()


def too_large(what: str, size: int) -> BadInput:
    """The error for something that would take `size` bytes."""
    return BadInput(
        f"{what} would take {size:,} bytes in memory, and {most_bytes():,} are allowed; `tunecost {OPTION} {size} ...` "
        "allows them"
    )


def check_table(content: int, overhead: int, what: str) -> None:
    """Judge a table before it is read, by the bytes of its content and of what will hold it.

    Raises:
        BadInput: reading would take more than four times the bytes that are allowed.
    """
    needed = (2 * content + overhead + 3) // 4
    if needed > most_bytes():
        raise too_large(what, needed)


def read_bounded(path: str | os.PathLike[str]) -> bytes:
    """A file's bytes; of a pipe or a device, no more are read than are allowed.

    Raises:
        BadInput: there are more than are allowed.
        OSError: it cannot be read.
    """
    most = most_bytes()
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise too_large(f"{path}: it", size)
        content = file.read(most + 1)
    if len(content) > most:
        raise too_large(f"{path}: it", len(content))
    return content
