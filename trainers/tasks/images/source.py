"""Read an image set from a folder, in any of its usual file layouts, and check its digests.

A set consists of parts. Every layout decodes a part to the same bytes (those of the set's plainest layout), which are
what is hashed: a set has the same sha256 however it was packed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from grids.errors import BadInput
from grids.files import cannot_be


class Images(NamedTuple):
    """A whole set: uint8 images `[examples, channels, height, width]`, int64 classes `[examples]`."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


@dataclass(frozen=True)
class FileLayout:
    """The files of a set in one of the forms in which it is distributed.

    Args:
        folders: where, below the user's folder; the empty one is that folder itself.
        files: the name of each part's file.
        decode: from a file's bytes to the part's; may raise any exception where they are damaged.
        digests: of each file as it is, `algorithm:hex`; where given, they are checked instead of the parts'.
    """

    folders: tuple[str, ...]
    files: tuple[str, ...]
    decode: Callable[[bytes], bytes]
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    """A file on the set's home page.

    Args:
        url: where it is.
        md5: of the file, as published.
        size: bytes.
        folder: where torchvision keeps what is in it, below the user's folder.
        members: files to unpack from an archive; none where the file is kept as it is.
    """

    url: str
    md5: str
    size: int
    folder: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """An image set.

    Args:
        name: what users type.
        title: its usual name.
        home: the page of its authors.
        digests: of each part's bytes, `algorithm:hex`.
        layouts: the forms in which it is distributed.
        parse: from the bytes of all parts to images.
        downloads: where it comes from.
        training: the numbers of the parts that hold training images, where each is a file that may be missing; empty
            where only the whole set can be used.
        sha256: of all parts' bytes one after the other; known for a set that may lack its test images.
    """

    name: str
    title: str
    home: str
    digests: tuple[str, ...]
    layouts: tuple[FileLayout, ...]
    parse: Callable[[Sequence[bytes]], Images]
    downloads: tuple[Download, ...]
    training: tuple[int, ...] = ()
    sha256: str = ""


class Found(NamedTuple):
    """A set that was read.

    Args:
        folder: that it was read from.
        images: the set.
        sha256: of the bytes of all its parts one after the other. Of a set without its test images that of the whole
            one; of one without some of its training images that of what is there.
        missing: files of training images that are not there.
    """

    folder: Path
    images: Images
    sha256: str
    missing: tuple[str, ...] = ()


def read(source: Source, folder: Path, partly: bool = False) -> Found:
    """The set from `folder` or one of the usual places below it.

    Args:
        partly: whether files may be missing, as long as there are any to train on and each holds images of its own.

    Raises:
        BadInput: it is not there, not whole, damaged, or not what was published; the line names the file.
    """
    place, layout = _find(source, folder, partly and bool(source.training))
    whole = hashlib.sha256()
    parts, missing = [], []
    for at, name in enumerate(layout.files):
        path = place / name
        if not path.is_file():
            missing.append(at)
            parts.append(b"")
            continue
        raw, content = _content(path, layout)
        if layout.digests:
            _check(source, path, raw, layout.digests[at])
        else:
            _check(source, path, content, source.digests[at])
        whole.update(content)
        parts.append(content)
    trained = [at for at in missing if at in source.training]
    digest = source.sha256 if missing and not trained else whole.hexdigest()
    return Found(place, source.parse(parts), digest, tuple(layout.files[at] for at in trained))


def _find(source: Source, folder: Path, partly: bool) -> tuple[Path, FileLayout]:
    """The first place that holds every file of a layout; else, if `partly`, the first with some to train on."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; {_advice(source, folder)}")
    incomplete, some = "", None
    for layout in source.layouts:
        for below in layout.folders:
            place = folder / below
            missing = [name for name in layout.files if not (place / name).is_file()]
            if not missing:
                return place, layout
            if len(missing) < len(layout.files) and not incomplete:
                incomplete = f"{place / missing[0]}: missing, while other files of {source.title} are there"
            if some is None and any(layout.files[at] not in missing for at in source.training):
                some = place, layout
    if partly and some is not None:
        return some
    raise BadInput(incomplete or f"{folder}: no {source.title} in it; {_advice(source, folder)}")


def _advice(source: Source, folder: Path) -> str:
    return f"'tunecost data get {source.name} --data {folder}' downloads it, --data names another folder"


def _content(path: Path, layout: FileLayout) -> tuple[bytes, bytes]:
    """A file's bytes, and those of the part in it."""
    with cannot_be("read", path):
        raw = path.read_bytes()
    try:
        return raw, layout.decode(raw)
    except Exception as error:
        # gzip, pickle and numpy raise many kinds of exceptions for a damaged file.
        raise BadInput(f"{path}: damaged ({type(error).__name__}: {error})") from error


def _check(source: Source, path: Path, content: bytes, digest: str) -> None:
    algorithm, _, expected = digest.partition(":")
    found = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise BadInput(f"{path}: not {source.title} as published: {algorithm} expected {expected}, found {found}")
