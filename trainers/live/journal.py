"""What live trainings gave, kept as soon as a block of them is done, so that a killed run goes on from there.

A folder holds `study`, which says what is trained there, and a file for each block that is done. A training is known by
its cell and its seed, whatever block it was part of.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grids.errors import BadInput, Damaged
from trainers import state_file
from trainers.differences import difference
from trainers.saved_state import KIND

STUDY, DONE = "study", "trainings"
"""Kinds of files, and their endings."""


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
        self.folder = folder
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}
        self.block = self._adopt(json.loads(json.dumps(identity)), block)
        for path in sorted(folder.glob(f"*.{DONE}")):
            try:
                _, payload = state_file.read(path, DONE)
            except Damaged as damage:
                say(f"{damage}: trained again")
                continue
            for cell, seed, value, diverged in json.loads(payload):
                self._known[cell, seed] = value, diverged

    def __len__(self) -> int:
        return len(self._known)

    def get(self, cell: int, seed: int) -> tuple[float, bool] | None:
        """A training's value and whether it diverged; None where it is not done."""
        return self._known.get((cell, seed))

    def add(self, cells: Sequence[int], seeds: Sequence[int], values: np.ndarray, diverged: np.ndarray) -> None:
        """Keep what a block gave: values float64 `[cells]`, diverged bool `[cells]`.

        Raises:
            BadInput: it cannot be written.
        """
        rows = [list(row) for row in zip(cells, seeds, values.tolist(), diverged.tolist(), strict=True)]
        content = json.dumps(rows).encode()
        name = hashlib.sha256(content).hexdigest()[:16]
        state_file.write(self.folder / f"{name}.{DONE}", DONE, {"trainings": len(rows)}, content)
        self._known |= {(cell, seed): (value, lost) for cell, seed, value, lost in rows}

    def clear(self) -> None:
        """Remove the folder, once all is written elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _adopt(self, identity: dict[str, Any], block: Callable[[], int]) -> int:
        """Make the folder this study's, or go on with the one that is there; the block that it began with."""
        path = self.folder / STUDY
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
                f"{self.folder}: holds another study ({difference(identity, there['identity'])}); "
                f"--out FILE keeps both, --fresh starts over"
            )
        return int(there["block"])


def forget(folder: Path) -> None:
    """Remove what is kept of earlier studies, so that all is trained anew.

    Raises:
        BadInput: a file cannot be removed.
    """
    for pattern in (STUDY, f"*.{DONE}", f"*.{KIND}"):
        for path in folder.glob(pattern):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise BadInput(f"{path}: cannot be removed ({error.strerror or error})") from error
