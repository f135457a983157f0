"""One creator, whether or not the file system knows links."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grids.errors import BadInput
from trainers.sweep import exclusive


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "no links here")


@pytest.mark.parametrize("links", [True, False])
def test_one_of_many_creates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a" / "file"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda k: exclusive.create(path, str(k)), range(50)))
    assert sum(made) == 1
    assert path.read_text() == str(made.index(True))
    assert list(path.parent.iterdir()) == [path]


def test_other_trouble_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        exclusive.create(tmp_path / "file" / "below", "")
