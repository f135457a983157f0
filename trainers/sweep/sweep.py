"""A sweep: what determines its values, hashed, and its partition into shards (a block of cells × one seed)."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from trainers.blocks.block import Block
from trainers.blocks.store import BlockStore


@dataclass(frozen=True)
class Shard:
    """The cells `start … stop − 1` (flat numbers) of one seed: what one worker trains together and writes whole."""

    seed: int
    start: int
    stop: int

    @property
    def name(self) -> str:
        return f"seed{self.seed}-cells{self.start:05d}-{self.stop - 1:05d}"

    @property
    def cells(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Sweep:
    """The training of every cell of a space.

    Args:
        identity: everything that determines the values, as JSON: `task`, `optimizer`, `space`, `fixed`, `data`, ….
            Seeds are not in it: they are the shards' coordinates, so that more of them only add shards.
        block: cells a shard holds at most. Values do not depend on it, but files of different partitions do not
            fit together, so a folder keeps the one it began with.
        backend: how networks are run, as it was measured to be fastest when the folder was begun; None for the
            device's default.
    """

    identity: Mapping[str, Any]
    block: int
    backend: str | None = None

    def __post_init__(self) -> None:
        if self.block < 1:
            raise BadInput(f"a shard needs at least one cell, not {self.block}")

    @cached_property
    def id(self) -> str:
        """The identity's digest: the same wherever the same thing is trained."""
        return self.store(Path()).id

    def store(self, folder: Path) -> BlockStore:
        """The files of the sweep's blocks, in a folder."""
        return BlockStore(folder, self.identity)

    @cached_property
    def space(self) -> Space:
        return Space.from_json(self.identity["space"])

    @property
    def epochs(self) -> int:
        return int(self.identity["fixed"]["epochs"])

    def shards(self, seeds: Iterable[int]) -> list[Shard]:
        """Every shard, seed by seed: blocks of equal size (to one cell) that hold at most `block` cells."""
        size = self.space.size
        count = math.ceil(size / self.block)
        edges = [size * k // count for k in range(count + 1)]
        return [Shard(seed, a, b) for seed in seeds for a, b in itertools.pairwise(edges)]

    def shard_named(self, name: str) -> Shard | None:
        """The shard of that name; None where this partition has none. It takes no time, however many shards there are.

        >>> space = [{"name": "alpha", "values": [1.0, 2.0, 3.0, 4.0, 5.0], "scale": "linear"}]
        >>> sweep = Sweep({"space": space}, block=2)
        >>> [sweep.shard_named(name) for name in ("seed7-cells00001-00002", "seed7-cells00001-00003")]
        [Shard(seed=7, start=1, stop=3), None]
        """
        numbers = re.fullmatch(r"seed(\d+)-cells(\d+)-(\d+)", name)
        if numbers is None:
            return None
        shard = Shard(int(numbers[1]), int(numbers[2]), int(numbers[3]) + 1)
        size = self.space.size
        count = -(-size // self.block)
        place = -(-shard.start * count // size)
        edges = (size * place // count, size * (place + 1) // count)
        return shard if (shard.start, shard.stop) == edges and place < count and shard.name == name else None

    def block_of(self, shard: Shard) -> Block:
        """The block that a shard is trained as: its columns are the axes and the seed."""
        hyper = {name: column[shard.start : shard.stop] for name, column in self.space.columns().items()}
        seeds = np.full(shard.cells, shard.seed, np.int64)
        return Block(shard.name, {**hyper, "seed": seeds}, hyper, seeds)


def part(shards: list[Shard], index: int, count: int) -> list[Shard]:
    """The `index`-th of `count` parts of the shards, dealt out in turn.

    `index` may count from 0 (0 … count − 1) or from 1 (1 … count): either way the parts make the whole, since
    part `count` is part 0.
    """
    return shards[index % count :: count]
