"""A file that exactly one of many workers gets to create, with its content in it from the first moment."""

import contextlib
import errno
import os
import uuid
from pathlib import Path

from grids.errors import BadInput

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


def create(path: Path, text: str) -> bool:
    """Create `path` with `text`; False where it is there already.

    A finished draft is linked to the name, which succeeds for one worker only, on network file systems too. File
    systems without links get an exclusive creation, whose content comes a moment after the name.

    Raises:
        BadInput: it cannot be written.
    """
    draft = path.with_name(f".draft-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text)
        return _publish(draft, path, text)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path, text: str) -> bool:
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            with path.open("x") as file:
                file.write(text)
        except FileExistsError:
            return False
    return True
