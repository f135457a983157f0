"""A block of cells that are trained together, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, eq=False)
class Block:
    """Cells that one worker trains together and whose results it writes whole. Picklable, for worker processes.

    Args:
        name: of its files.
        columns: what these say of each cell besides its result, `[cells]` each.
        hyper: the hyperparameters that differ between cells, float64 `[cells]` by name.
        seeds: of initialisation, data order and augmentation, int64 `[cells]`.
        fold: which of the training's data sets, where it has several.
    """

    name: str
    columns: Mapping[str, np.ndarray]
    hyper: Mapping[str, np.ndarray]
    seeds: np.ndarray
    fold: int = 0

    @property
    def cells(self) -> int:
        return len(self.seeds)


class Result(NamedTuple):
    """The result of training a block.

    Args:
        value: float64 `[cells]`.
        diverged: bool `[cells]`.
        curve: float32 `[cells, epochs]`.
        train_loss: float64 `[cells]`.
        numbers: further numbers by name, float64 `[cells]`.
        seconds: what each cell took, float64 `[cells]`; None where it was not measured.
    """

    value: np.ndarray
    diverged: np.ndarray
    curve: np.ndarray
    train_loss: np.ndarray
    numbers: Mapping[str, np.ndarray]
    seconds: np.ndarray | None = None


@dataclass(frozen=True)
class Record:
    """Where and how fast a block was trained: peak memory in bytes, and how often it was resumed."""

    device: str
    memory: int
    software: Mapping[str, str]
    seconds: float = 0.0
    resumed: int = 0
