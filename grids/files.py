"""Files of the user: the error for one that cannot be read or written, and the digest of one."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from grids.errors import BadInput


@contextlib.contextmanager
def cannot_be(done: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Within the body, an error of the system means that `path` "cannot be" `done`: "read", "written".

    Raises:
        BadInput: in place of the OSError, with its reason.
    """
    try:
        yield
    except OSError as error:
        raise BadInput(f"{path}: cannot be {done} ({error.strerror or error})") from error


def file_sha256(path: str | os.PathLike[str]) -> str:
    """The sha256 of a file's bytes, in hexadecimal.

    Raises:
        BadInput: it cannot be read.
    """
    with cannot_be("read", path):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
