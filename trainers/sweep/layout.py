"""Where a sweep's files lie: `DIR/TASK/OPT.parquet` is the surface, `DIR/TASK/OPT.shards/` what it is merged from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grids.errors import BadInput

SHARDS = ".shards"


def file_name(optimizer: str) -> str:
    """An optimizer's text as a file name that every shell and file system takes.

    >>> file_name("adam"), file_name("avagrad:variant=authors,beta2=0.99"), file_name("my/rules.py:mine")
    ('adam', 'avagrad-variant=authors,beta2=0.99', 'my-rules.py-mine')
    """
    return re.sub(r"[^\w.,=+-]+", "-", optimizer, flags=re.ASCII).strip(".-") or "optimizer"


@dataclass(frozen=True)
class Layout:
    """The files of one sweep."""

    shards: Path
    """The folder `OPT.shards`."""

    @classmethod
    def of(cls, out: Path, task: str, optimizer: str) -> "Layout":
        return cls(out / task / f"{file_name(optimizer)}{SHARDS}")

    @property
    def surface(self) -> Path:
        return self.shards.with_name(self.shards.name.removesuffix(SHARDS) + ".parquet")

    @property
    def manifest(self) -> Path:
        return self.shards / "sweep.json"

    def shard(self, name: str) -> Path:
        return self.shards / f"{name}.shard"

    def claim(self, name: str) -> Path:
        return self.shards / f"{name}.claim"

    def snapshot(self, name: str) -> Path:
        return self.shards / f"{name}.snapshot"


def find_sweeps(folder: Path) -> Iterator[Layout]:
    """Every sweep at or below `folder`: a shards folder itself, a task's folder, or a folder of tasks.

    Raises:
        BadInput: no such folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    if (folder / "sweep.json").is_file():
        yield Layout(folder)
        return
    for pattern in (f"*{SHARDS}", f"*/*{SHARDS}"):
        for shards in sorted(folder.glob(pattern)):
            if (shards / "sweep.json").is_file():
                yield Layout(shards)
