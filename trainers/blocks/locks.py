"""File locks on shards: one worker at a time trains a shard, and a lock ends with its process, however that ends."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from grids.errors import BadInput


@contextlib.contextmanager
def locked(path: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the lock file `path` while the body runs; yields whether it is ours, at once unless told to `wait`.

    On a network file system the file server releases the lock of a machine that is gone. Where a lock is lost, two
    workers train the same shard, which costs time and changes no result. The file stays: removing it could give two
    workers a lock each.

    Raises:
        BadInput: the folder cannot be written.
    """
    lock = FileLock(path, timeout=-1 if wait else 0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        pass
    except (OSError, NotImplementedError) as error:  # the second by older versions, of file systems without locks
        raise BadInput(f"{path}: cannot be locked ({getattr(error, 'strerror', None) or error})") from error
    try:
        yield lock.is_locked
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether a worker holds the lock; False where this process may not ask, as in a folder that it only reads."""
    if not path.exists():
        return False
    with contextlib.suppress(BadInput), locked(path) as free:
        return not free
    return False
