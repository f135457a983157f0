"""Small binary files with a JSON header and a digest of every byte: shards and snapshots. Needs numpy at most.

The first line is `tunecost-KIND 1 SHA256`, the digest being over all that follows: one line of JSON, then the
payload. A file cut short, altered or of another kind never passes for a whole one.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grids.atomic import write_whole
from grids.errors import BadInput

FORMAT = 1


class Damaged(Exception):
    """The file is cut short, altered, or of another kind; the message says which file and what is wrong."""


def write(path: Path, kind: str, header: Mapping[str, Any], payload: bytes) -> None:
    """Write a whole file.

    Raises:
        BadInput: it cannot be written (disk full, no permission).
    """
    body = json.dumps(header, allow_nan=False).encode() + b"\n" + payload
    write_whole(path, f"tunecost-{kind} {FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body)


def read(path: Path, kind: str) -> tuple[dict[str, Any], bytes]:
    """Read a file that `write` wrote: its header and payload.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not whole.
        BadInput: it cannot be read at all, or is of a newer format.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    first, _, body = content.partition(b"\n")
    words = first.split(b" ")
    if len(words) != 3 or words[0] != f"tunecost-{kind}".encode() or not words[1].isdigit() or int(words[1]) < 1:
        raise Damaged(f"{path}: not a {kind} (cut short, altered, or of another kind)")
    if int(words[1]) > FORMAT:
        raise BadInput(f"{path}: is of format {int(words[1])}, this program reads up to {FORMAT}")
    if hashlib.sha256(body).hexdigest().encode() != words[2]:
        raise Damaged(f"{path}: cut short or altered since it was written")
    header, _, payload = body.partition(b"\n")
    return json.loads(header), payload
