"""Download an image set from its home page when a user asks for it: resumed, checked, unpacked."""

import hashlib
import http.client
import os
import ssl
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from grids.atomic import whole_file
from grids.errors import BadInput
from trainers.tasks.images.source import Download, Found, Source, read

CHUNK = 1 << 20
PATIENCE = 30.0  # seconds without a byte


class Unreachable(Exception):
    """The home page did not give the published file; the message is one line that says what and where."""


def get(
    source: Source,
    folder: Path,
    *,
    base: str | None = None,
    advance: Callable[[int], None] = lambda bytes_: None,
) -> Found:
    """Download a set into `folder`, under the names that torchvision uses, and read it.

    What was downloaded before is kept in a file ending in `.part`, and the next call continues there. A file or archive
    that the user has put there is used, and stays.

    Args:
        source: the set.
        folder: the user's; made where missing.
        base: take the files from below this URL instead of the home page.
        advance: called with the number of bytes of every piece that was downloaded.

    Raises:
        Unreachable: no connection, a refusal, or a file that is not the published one.
        BadInput: the folder cannot be written.
    """
    for download in source.downloads:
        target = folder / download.folder
        name = download.url.rsplit("/", 1)[1]
        url = f"{base.rstrip('/')}/{name}" if base is not None else download.url
        if download.members:
            archive = folder / name
            fetched = _fetch(url, download, archive, advance)
            _unpack(archive, download, target)
            if fetched:
                archive.unlink()
        else:
            _fetch(url, download, target / name, advance)
    return read(source, folder)


def _fetch(url: str, download: Download, path: Path, advance: Callable[[int], None]) -> bool:
    """Download `url` to `path`, whole and checked; False where the file was there before."""
    try:
        if path.is_file() and _md5(path) == download.md5:
            advance(download.size)
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        _continue(url, part, advance)
        found = _md5(part)
        if found != download.md5:
            part.unlink()
            raise Unreachable(f"{url}: not the published file: md5 expected {download.md5}, found {found}")
        part.replace(path)
        return True
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        raise Unreachable(f"{url}: {_reason(error)}; what has come down is kept, the same command goes on") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error


def _continue(url: str, part: Path, advance: Callable[[int], None]) -> None:
    """Append to `part` what it lacks of the file at `url`; a server without ranges sends all of it again."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "tunecost"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            advance(have)  # nothing is left to ask for: the checksum decides
            return
        raise
    with answer:
        resumed = answer.status == http.client.PARTIAL_CONTENT
        if resumed:
            advance(have)
        with open(part, "ab" if resumed else "wb") as file:
            got = 0
            while piece := answer.read(CHUNK):
                file.write(piece)
                advance(len(piece))
                got += len(piece)
            file.flush()
            os.fsync(file.fileno())
        if answer.length:  # what was announced and did not come
            raise http.client.IncompleteRead(b"", answer.length)


def _unpack(archive: Path, download: Download, target: Path) -> None:
    """The archive's members of known names, and nothing else of it."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in download.members:
                content = tar.extractfile(f"{download.folder}/{member}")
                if content is None:
                    raise KeyError(member)
                with whole_file(target / member) as path, open(path, "wb") as file:
                    while piece := content.read(CHUNK):
                        file.write(piece)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise Unreachable(f"{archive}: not the archive it should be ({error})") from error


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection broke off"
    reason = getattr(error, "reason", None) or error
    return f"cannot be reached ({getattr(reason, 'strerror', None) or reason})"
