"""The files of blocks in a folder: for each a result, sealed Parquet with a row a cell, and while it trains a state and
a lock."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from grids.errors import BadInput, Damaged
from grids.sealed import SealedFile, write_sealed
from grids.surface_file import table_of
from trainers.blocks.block import Block, Record, Result
from trainers.blocks.locks import is_locked
from trainers.blocks.saved_state import KIND

FORMAT = 2
"""Of results and of a sweep's `sweep.json`; the first had results in a format of their own."""

ENDING = ".parquet"


class BlockFile(NamedTuple):
    """A result as read back: its columns, the names of the further numbers among them, and the record."""

    table: pa.Table
    numbers: tuple[str, ...]
    record: Record


def block_file(columns: Mapping[str, Any], result: Result, record: Record) -> BlockFile:
    """A block's file, from what its columns say of its cells (see `Block`)."""
    known = {name: getattr(result, name) for name in ("value", "diverged", "curve", "train_loss", "seconds")}
    measured = {name: column for name, column in known.items() if column is not None}
    return BlockFile(table_of({**columns, **measured, **result.numbers}), tuple(result.numbers), record)


@dataclass(frozen=True)
class BlockStore:
    """The blocks of one training, in one folder.

    Args:
        folder: where; made with the first file.
        identity: everything that determines what a block gives, besides the block itself, as JSON.
    """

    folder: Path
    identity: Mapping[str, Any]

    @cached_property
    def id(self) -> str:
        """The identity's digest: the same wherever the same thing is trained."""
        text = json.dumps(self.identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def result(self, name: str) -> Path:
        return self.folder / f"{name}{ENDING}"

    def lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def state(self, name: str) -> Path:
        return self.folder / f"{name}.{KIND}"

    def is_done(self, name: str) -> bool:
        """Whether a block's result is there, whole or not."""
        return self.result(name).exists()

    def write(self, name: str, file: BlockFile) -> None:
        """Write a block's result, whole.

        Raises:
            BadInput: it cannot be written.
        """
        header = {"format": FORMAT, "kind": "shard", "sweep": self.id, "shard": name}
        header |= {"numbers": list(file.numbers), "record": asdict(file.record)}
        write_sealed(self.result(name), file.table, header)

    def read(self, name: str) -> BlockFile | None:
        """A block's result, checked; None where there is none yet.

        Raises:
            Damaged: cut short, altered, or with other contents than its name says.
            BadInput: of another training, or not readable.
        """
        path = self.result(name)
        if not path.exists():
            return None
        file = SealedFile(path)
        if file.header.get("kind") != "shard":
            raise Damaged(f"{path}: not a shard")
        file.check_format(FORMAT)
        file.check_seal()
        if file.header["sweep"] != self.id:
            raise BadInput(f"{path}: belongs to another sweep; move it out of this folder, or start over with --fresh")
        if file.header["shard"] != name:
            raise Damaged(f"{path}: holds {file.header['shard']}, not what its name says")
        return BlockFile(file.table, tuple(file.header["numbers"]), Record(**file.header["record"]))

    def whole(self, name: str, say: Callable[[str], None]) -> BlockFile | None:
        """Read as `read` does, but set a damaged result aside, so that it is trained again and can still be looked at.

        Args:
            name: of the block.
            say: gets a line where that happens.

        Raises:
            BadInput: of another training, or not readable.
        """
        try:
            return self.read(name)
        except Damaged as damage:
            aside = self.result(name).with_suffix(".damaged")
            with contextlib.suppress(FileNotFoundError):
                self.result(name).replace(aside)
            say(f"{damage}; set aside as {aside.name}")
            return None

    def names(self) -> list[str]:
        """The blocks whose results are there, in order."""
        return sorted(path.stem for path in self.folder.glob(f"*{ENDING}") if not path.name.startswith("."))

    def forget(self, block: Block) -> None:
        """Remove a block's result and state, so that it is trained again."""
        for path in (self.result(block.name), self.state(block.name)):
            path.unlink(missing_ok=True)

    def tidy(self, names: Iterable[str]) -> None:
        """Remove what blocks that are done leave: locks, saved states, and drafts of killed workers.

        Every draft is written under a lock, so one that was there before no lock was held is nobody's. What cannot be
        removed stays, and does no harm: a file that another machine has open, in a folder of NFS.
        """
        drafts = list(self.folder.glob(".writing-*"))
        if not any(map(is_locked, self.folder.glob("*.lock"))):
            for draft in drafts:
                _remove(draft)
        for name in names:
            if not is_locked(self.lock(name)):
                _remove(self.lock(name))
            _remove(self.state(name))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
