"""Files that appear whole or not at all: write to a temporary name beside the target, fsync, rename."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grids.errors import BadInput


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; on a clean exit it becomes `path`, otherwise it is removed.

    Missing parent folders are made. A reader never sees half a file: the rename is atomic, and both the file
    and its folder are synced. The temporary name keeps the target's ending, which some writers go by. A link to a
    file stays a link.

    Raises:
        BadInput: the folder or file cannot be written (no permission, not a folder, disk full), or `path` is a
            folder, a device or a pipe, whose place a file must not take.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        if target.exists() and not target.is_file():
            raise BadInput(f"{path}: cannot be written (it is {'a folder' if target.is_dir() else 'no ordinary file'})")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write `content` to `path` as a whole file (see `whole_file`)."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
