"""Claims: which worker is at which shard, told by files, so that any number of workers share a folder.

A claim is a file that exactly one worker gets to create. Its holder touches it every `heartbeat` seconds. A claim is
abandoned where its process is known to be gone (same machine), or where it has not been touched for `stale` seconds
by the file server's own clock, so that machines whose clocks differ agree. Taking over wrongly costs time, never a
result: a shard trained twice is the same.
"""

import contextlib
import errno
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grids.errors import BadInput
from trainers.sweep import exclusive

_GONE = {errno.ENOENT, errno.ESTALE}
"""Another worker removed the file; a network file system may say so in its own word, between opening and reading."""


@dataclass(frozen=True)
class Pace:
    """How often a claim is touched, when it counts as abandoned, and how often to look again; in seconds."""

    heartbeat: float = 10.0
    stale: float = 120.0
    poll: float = 1.0


def machine() -> str:
    """This machine, as far as process ids mean the same: host name, boot, and process namespace."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def process_start(pid: int) -> str | None:
    """When a process began, in the kernel's own count; None where it has ended. Tells a pid from its next user."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        return _without_proc(pid)
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "running"


@dataclass(frozen=True)
class Holder:
    """Who holds a claim, as its file says."""

    token: str
    machine: str
    pid: int
    start: str

    def ended(self) -> bool:
        """Whether the holder is known to be gone; False for one on another machine."""
        return self.machine == machine() and process_start(self.pid) != self.start


def holder(path: Path) -> Holder | None:
    """The holder of a claim; None where there is no claim (any more)."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        return Holder(**{name: content[name] for name in ("token", "machine", "pid", "start")})
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError):
        # Not written by us: nobody's, and it ages like any other.
        return Holder(token="unreadable", machine="", pid=0, start="")


def is_live(path: Path, pace: Pace) -> bool:
    """Whether a claim is held by a worker that is still at it."""
    found = holder(path)
    return found is not None and not found.ended() and age(path) < pace.stale


def age(path: Path) -> float:
    """Seconds since a claim was touched, by the clock of the machine that keeps the files."""
    try:
        touched = path.stat().st_mtime
    except OSError as error:
        if error.errno in _GONE:
            return 0.0
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    probe = path.with_name(f".clock-{os.getpid()}-{threading.get_ident()}")
    try:
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink(missing_ok=True)
    except OSError:
        now = time.time()  # a folder we may only read: our own clock has to do
    return now - touched


@contextlib.contextmanager
def claimed(path: Path, pace: Pace) -> Iterator[bool]:
    """Claim `path` for the body's length; yields whether it is ours. Released on every way out but a kill.

    Raises:
        BadInput: the folder cannot be written.
    """
    token = uuid.uuid4().hex
    try:
        ours = _take(path, token) or (_clear_abandoned(path, pace) and _take(path, token))
        if not ours:
            yield False
            return
        with _heartbeat(path, pace):
            yield True
    finally:
        found = holder(path)
        if found is not None and found.token == token:
            path.unlink(missing_ok=True)


def _take(path: Path, token: str) -> bool:
    """Make the claim; False where there is one already."""
    pid = os.getpid()
    content = {"token": token, "machine": machine(), "pid": pid, "start": process_start(pid)}
    return exclusive.create(path, json.dumps(content))


def _clear_abandoned(path: Path, pace: Pace) -> bool:
    """Take an abandoned claim away; True where the name is free now.

    Another worker may be doing the same: whoever renames the file looks at what it got, and puts back a claim
    that is not the one it found abandoned.
    """
    found = holder(path)
    if found is None:
        return True
    if not found.ended() and age(path) < pace.stale:
        return False
    aside = path.with_name(f".abandoned-{uuid.uuid4().hex}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    try:
        got = holder(aside)
        if got is not None and got.token != found.token:
            exclusive.create(path, aside.read_text())
            return False
        return True
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _heartbeat(path: Path, pace: Pace) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        while not over.wait(pace.heartbeat):
            with contextlib.suppress(OSError):
                os.utime(path)

    thread = threading.Thread(target=beat, name=f"heartbeat {path.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
