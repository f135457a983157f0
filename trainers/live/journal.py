"""Live trainings that are done, kept as soon as a block of them is, so that a killed run goes on from there.

A folder holds `study`, which says what is trained there, and the files of blocks. A training is known by its cell and
its seed, whatever block it was part of.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grids.differences import difference
from grids.errors import BadInput, Damaged
from grids.space import Space
from trainers.blocks import Block, BlockFile, BlockStore, state_file

STUDY = "study"
"""The kind of the file that says what is trained, and its name."""


class Journal:
    """The trainings that are done.

    Args:
        folder: is made where there is none.
        identity: all that values depend on besides cell and seed, as JSON, and whatever else the folder is for.
        block: cells trained together, to be kept where the folder is new.
        say: gets a line where a file is damaged, and its trainings are done again.

    Raises:
        BadInput: the folder holds another study, or cannot be read or written.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, Any], block: Callable[[], int], say: Callable[[str], None]
    ) -> None:
        own: dict[str, Any] = json.loads(json.dumps(identity))
        self.store, self.say = BlockStore(folder, own), say
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}
        self.block = self._adopt(own, block)
        for name in self.store.names():
            self.take(name)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, cell: int, seed: int) -> tuple[float, bool] | None:
        """A training's value and whether it diverged; None where it is not done."""
        return self._known.get((cell, seed))

    def take(self, name: str) -> BlockFile | None:
        """Learn the trainings of a block that is done; None where it is not, or its file is damaged."""
        file = self.store.whole(name, self.say)
        if file is not None:
            columns = [file.table.column(column).to_pylist() for column in ("cell", "seed", "value", "diverged")]
            self._known |= {(cell, seed): (value, lost) for cell, seed, value, lost in zip(*columns, strict=True)}
        return file

    def clear(self) -> None:
        """Remove the folder, once all is written elsewhere."""
        shutil.rmtree(self.store.folder, ignore_errors=True)

    def _adopt(self, identity: dict[str, Any], block: Callable[[], int]) -> int:
        """Make the folder this study's, or go on with the one that is there; the block that it began with."""
        path = self.store.folder / STUDY
        try:
            there, _ = state_file.read(path, STUDY)
        except FileNotFoundError:
            size = block()
            state_file.write(path, STUDY, {"identity": identity, "block": size}, b"")
            return size
        except Damaged as damage:
            raise BadInput(f"{damage}; --fresh starts over") from damage
        if there["identity"] != identity:
            raise BadInput(
                f"{self.store.folder}: holds another study ({difference(identity, there['identity'])}); "
                f"--out FILE keeps both, --fresh starts over"
            )
        return int(there["block"])


def live_block(space: Space, runs: Sequence[tuple[int, int]]) -> Block:
    """The trainings of some cells (flat numbers), each with a seed, as a block; its columns are cell and seed."""
    cells, seeds = (np.array(column, np.int64) for column in zip(*runs, strict=True))
    columns = space.columns()
    hyper = {axis.name: columns[axis.name][cells].astype(np.float64) for axis in space.axes}
    identity = {"cells": cells.tolist(), "seeds": seeds.tolist()}
    name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    return Block(name, {"cell": cells, "seed": seeds}, hyper, seeds)


def forget(folder: Path) -> None:
    """Remove what is kept of earlier studies, so that all is trained anew; the folder's own lock stays.

    Raises:
        BadInput: a file cannot be removed.
    """
    for path in folder.glob("*"):
        if path.name != "lock":
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise BadInput(f"{path}: cannot be removed ({error.strerror or error})") from error
