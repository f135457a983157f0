"""A sweep's folder whose files somebody altered."""

import json
from pathlib import Path

import pytest
import sweep_fakes
from sweep_fakes import ABOUT, FakeTrainer

from grids.errors import BadInput
from trainers.blocks.worker import Worker
from trainers.sweep.folder import SweepFolder
from trainers.sweep.merge import merge
from trainers.sweep.status import status


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    """Of a finished and merged sweep."""
    made, sweep = SweepFolder.of(tmp_path, "fake", "adam"), sweep_fakes.sweep()
    made.adopt(sweep, 1, None, False)
    assert Worker(made.store(sweep), FakeTrainer()).run(sweep_fakes.blocks(sweep, [0]))
    assert merge(made, sweep, [0], "test", print, ABOUT) is not None
    return made


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("block", 0), ("seeds", 0), ("block", "x"), ("block", 1), ("block", [])],
        *[("seeds", 2), ("seeds", 10**9), ("seeds", 1e999), ("seeds", float("nan")), ("backend", "vmap")],
        *[
            ("format", None),
            ("format", "2"),
            ("identity", None),
            ("identity", {"space": [1]}),
            ("sha256", "0"),
            ("x", 1),
        ],
    ],
)
def test_an_altered_manifest_is_refused(folder: SweepFolder, key: str, value: object) -> None:
    content = json.loads(folder.manifest.read_text())
    folder.manifest.write_text(json.dumps({**content, key: value}))
    with pytest.raises(BadInput) as caught:
        folder.read()
    assert str(caught.value).startswith(f"{folder.manifest}: cut short or altered")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff{}", b"[" * 10**5, b'{"format": 1e999}', b'{"format": NaN}']
)
def test_any_other_content_is_refused_in_the_same_line(folder: SweepFolder, content: bytes) -> None:
    folder.manifest.write_bytes(content)
    with pytest.raises(BadInput, match="cut short or altered"):
        folder.read()


def of_an_earlier_version(folder: SweepFolder, **changed: object) -> None:
    """Write the manifest as versions did that gave no digest of it."""
    content = json.loads(folder.manifest.read_text())
    del content["sha256"]
    folder.manifest.write_text(json.dumps(content | changed))


def test_a_manifest_of_an_earlier_version_is_read(folder: SweepFolder) -> None:
    held = folder.read()
    of_an_earlier_version(folder)
    assert folder.read() == held
    folder.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | {"block": 1}))
    with pytest.raises(BadInput, match="says blocks of 1 cells, which seed0-cells"):
        folder.read()


def test_the_status_of_any_number_of_seeds_takes_no_time(folder: SweepFolder) -> None:
    of_an_earlier_version(folder, seeds=10**9)
    (found,) = status(folder.path, print)
    assert found.done == found.cells
    assert found.done + found.running + found.missing == found.cells * 10**9


def test_a_damaged_surface_is_not_merged(folder: SweepFolder) -> None:
    said: list[str] = []
    (whole,) = status(folder.path, said.append)
    assert (whole.done, whole.merged, said) == (whole.cells, True, [])
    content = bytearray(folder.surface.read_bytes())
    content[len(content) // 2] ^= 1
    folder.surface.write_bytes(content)
    (damaged,) = status(folder.path, said.append)
    assert (damaged.done, damaged.merged) == (damaged.cells, False)
    assert said[0].startswith(f"{folder.surface}: ")
    assert said[0].endswith("`grid run` merges it again")
