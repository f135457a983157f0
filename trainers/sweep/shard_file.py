"""One file for each finished shard: its results, whose they are, and how long they took."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from grids.errors import BadInput
from trainers.sweep import sealed_file
from trainers.sweep.layout import Layout
from trainers.sweep.sealed_file import Damaged
from trainers.sweep.sweep import Shard, Sweep

KIND = "shard"
_NUMBER = "number "
"""Before the name of a further number's array."""


class Result(Protocol):
    """What training a shard gives; arrays' first dimension is the shard's cells."""

    @property
    def value(self) -> np.ndarray:
        """float64 `[cells]`."""

    @property
    def diverged(self) -> np.ndarray:
        """bool `[cells]`."""

    @property
    def curve(self) -> np.ndarray:
        """float32 `[cells, epochs]`."""

    @property
    def train_loss(self) -> np.ndarray:
        """float64 `[cells]`."""

    @property
    def numbers(self) -> Mapping[str, np.ndarray]:
        """Further numbers by name, float64 `[cells]`."""


@dataclass(frozen=True)
class ShardResult:
    """A shard's results as read back; see `Result`. `record` says where, when and how fast it was trained.

    `seconds`, float64 `[cells]`, is what each cell took; None where they were not measured.
    """

    value: np.ndarray
    diverged: np.ndarray
    curve: np.ndarray
    train_loss: np.ndarray
    numbers: Mapping[str, np.ndarray]
    record: Mapping[str, Any]
    seconds: np.ndarray | None = None


def save(layout: Layout, sweep: Sweep, shard: Shard, result: Result, record: Mapping[str, Any]) -> None:
    """Write a shard's file, whole.

    Raises:
        BadInput: it cannot be written.
    """
    buffer = io.BytesIO()
    seconds = getattr(result, "seconds", None)
    arrays: dict[str, Any] = {
        "value": np.asarray(result.value, np.float64),
        "diverged": np.asarray(result.diverged, bool),
        "curve": np.asarray(result.curve, np.float32),
        "train_loss": np.asarray(result.train_loss, np.float64),
        **{_NUMBER + name: np.asarray(number, np.float64) for name, number in result.numbers.items()},
        **({} if seconds is None else {"seconds": np.asarray(seconds, np.float64)}),
    }
    np.savez(buffer, **arrays)
    header = {"sweep": sweep.id, "seed": shard.seed, "cells": [shard.start, shard.stop], "record": dict(record)}
    sealed_file.write(layout.shard(shard.name), KIND, header, buffer.getvalue())


def load(layout: Layout, sweep: Sweep, shard: Shard) -> ShardResult | None:
    """Read a shard's file, checked; None where there is none yet.

    Raises:
        Damaged: cut short, altered, or with other contents than its name says.
        BadInput: of another sweep, or not readable.
    """
    path = layout.shard(shard.name)
    try:
        header, payload = sealed_file.read(path, KIND)
    except FileNotFoundError:
        return None
    if header["sweep"] != sweep.id:
        raise BadInput(f"{path}: belongs to another sweep; move it out of this folder, or start over with --fresh")
    if (header["seed"], *header["cells"]) != (shard.seed, shard.start, shard.stop):
        first, end = header["cells"]
        raise Damaged(f"{path}: holds seed {header['seed']}, cells {first} to {end - 1}, not what its name says")
    with np.load(io.BytesIO(payload)) as arrays:
        own = {name: arrays[name] for name in arrays.files if not name.startswith(_NUMBER)}
        numbers = {name.removeprefix(_NUMBER): arrays[name] for name in arrays.files if name.startswith(_NUMBER)}
        return ShardResult(record=header["record"], numbers=numbers, **own)


def all_there(layout: Layout, shards: Iterable[Shard]) -> bool:
    """Whether every shard has a file, whole or not."""
    return all(layout.shard(shard.name).exists() for shard in shards)
