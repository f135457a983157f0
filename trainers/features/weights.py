"""Files of weights: their digests."""

import hashlib
from pathlib import Path

from grids.errors import BadInput


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, lower-case hex.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
