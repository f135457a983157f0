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
    ("key", "value", "told"),
    [
        ("block", 0, "cut short or altered"),
        ("seeds", 0, "cut short or altered"),
        ("block", "x", "cut short or altered"),
        ("block", 1, "says blocks of 1 cells, which seed0-cells"),
    ],
)
def test_an_altered_manifest_is_refused(folder: SweepFolder, key: str, value: object, told: str) -> None:
    content = json.loads(folder.manifest.read_text())
    folder.manifest.write_text(json.dumps({**content, key: value}))
    with pytest.raises(BadInput) as caught:
        folder.read()
    assert str(caught.value).startswith(f"{folder.manifest}: {told}")


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
