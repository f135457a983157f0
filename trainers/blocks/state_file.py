"""Files for the state of a training: bytes with a JSON header and a digest of every byte.

The first line is `tunecost-KIND 1 SHA256`, the digest being over all that follows: one line of JSON, then the state.
Parquet would not do here: a state may be larger than one of its pages can be (2 GiB).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grids import json_text
from grids.atomic import write_whole
from grids.errors import BadInput, Damaged

FORMAT = 1


def write(path: Path, kind: str, header: Mapping[str, Any], state: bytes) -> None:
    """Write a whole file.

    Raises:
        BadInput: it cannot be written (disk full, no permission).
    """
    body = json.dumps(header, allow_nan=False).encode() + b"\n" + state
    write_whole(path, f"tunecost-{kind} {FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body)


def read(path: Path, kind: str) -> tuple[dict[str, Any], bytes]:
    """Read a file that `write` wrote: its header and state.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is cut short, altered, or of another kind.
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
    first, _, state = body.partition(b"\n")
    try:
        return dict(json_text.parse(first)), state
    except (ValueError, TypeError) as error:
        raise Damaged(f"{path}: its header is not valid JSON ({error})") from error
