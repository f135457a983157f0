"""A finished shard's file: sealed Parquet with a row for each cell, as in the surface that is merged from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from grids.errors import BadInput, Damaged
from grids.sealed import SealedFile, write_sealed
from grids.surface_file import table_of
from trainers.sweep.folder import FORMAT
from trainers.sweep.sweep import Shard, Sweep


class Result(NamedTuple):
    """What training a shard gives.

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
    """Where and how fast a shard was trained: peak memory in bytes, and how often it was resumed."""

    device: str
    memory: int
    software: Mapping[str, str]
    seconds: float = 0.0
    resumed: int = 0


class ShardFile(NamedTuple):
    """A shard as read back: the surface's columns, the names of its further numbers, and the record."""

    table: pa.Table
    numbers: tuple[str, ...]
    record: Record


def write(path: Path, sweep: Sweep, shard: Shard, result: Result, record: Record) -> None:
    """Write a shard's file, whole.

    Raises:
        BadInput: it cannot be written.
    """
    columns = sweep.hyper(shard) | {"seed": np.full(shard.cells, shard.seed, np.int64)}
    for name in ("value", "diverged", "curve", "train_loss", "seconds"):
        column = getattr(result, name)
        if column is not None:
            columns[name] = column
    header = {"format": FORMAT, "kind": "shard", "sweep": sweep.id, "shard": shard.name}
    header |= {"numbers": list(result.numbers), "record": asdict(record)}
    write_sealed(path, table_of(columns | dict(result.numbers)), header)


def read(path: Path, sweep: Sweep, shard: Shard) -> ShardFile | None:
    """A shard's file, checked; None where there is none yet.

    Raises:
        Damaged: cut short, altered, or with other contents than its name says.
        BadInput: of another sweep, or not readable.
    """
    if not path.exists():
        return None
    file = SealedFile(path)
    if file.header.get("kind") != "shard":
        raise Damaged(f"{path}: not a shard")
    file.check_format(FORMAT)
    file.check_seal()
    if file.header["sweep"] != sweep.id:
        raise BadInput(f"{path}: belongs to another sweep; move it out of this folder, or start over with --fresh")
    if file.header["shard"] != shard.name:
        raise Damaged(f"{path}: holds {file.header['shard']}, not what its name says")
    return ShardFile(file.table, tuple(file.header["numbers"]), Record(**file.header["record"]))
