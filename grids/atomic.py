"""Files and folders that appear whole or not at all: write under a temporary name in the same folder, sync, rename."""

import contextlib
import os
import shutil
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


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike[str], what: str) -> Iterator[Path]:
    """Yield a temporary folder next to `path`; on a clean exit it becomes `path`, otherwise it is removed.

    Args:
        path: must not exist, or be an empty folder. Missing parent folders are made.
        what: what is written, for the error: "a blackbox is".

    Raises:
        BadInput: something is there already, or the folder cannot be written.
    """
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInput(f"{path}: is there already; {what} written to a new or an empty folder")
    temporary: Path | None = None
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.absolute().parent))
        yield temporary
        temporary.chmod(0o755)
        if target.exists():
            target.rmdir()
        temporary.replace(target)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


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
