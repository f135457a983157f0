"""Pools: spaces that are a list of configurations instead of a grid, such as the trials of a random search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Axis, Cell, Space, axis_values, value_text


@dataclass(frozen=True, eq=False)
class Pool(Space):
    """A space that is a list of configurations, which have no neighbours. A cell is a tuple of one index into the list.

    The axes hold the values that each hyperparameter takes. The list need not be their product, and may hold a
    configuration several times.

    >>> pool = Pool((Axis("lr", (0.1, 1.0)), Axis.labels("opt", ("adam", "sgd"))), np.array([[0, 0], [1, 1], [1, 1]]))
    >>> pool.shape, pool.size, pool.describe((2,))
    ((3,), 3, 'lr=1, opt=sgd')

    Args:
        axes: the hyperparameters, each with all its values that occur.
        members: int64 `[size, axes]`, each configuration's index on each axis.

    Raises:
        BadInput: as `Space`, or no configuration.
    """

    members: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.members.ndim != 2 or self.members.shape[1] != len(self.axes) or not len(self.members):
            raise BadInput(f"a pool needs an index on each of its {len(self.axes)} axes for one configuration or more")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pool) and self.axes == other.axes and np.array_equal(self.members, other.members)

    def __hash__(self) -> int:
        return hash(self.axes)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (len(self.members),)

    @cached_property
    def size(self) -> int:
        return len(self.members)

    @property
    def is_pool(self) -> bool:
        return True

    def values(self, cell: Sequence[int]) -> dict[str, Any]:
        (place,) = cell
        member = self.members[place].tolist()
        return {axis.name: axis.values[index] for axis, index in zip(self.axes, member, strict=True)}

    def cell(self, flat: int) -> Cell:
        return (int(flat),)

    def flat(self, cell: Sequence[int]) -> int:
        (place,) = cell
        return int(place)

    def columns(self) -> dict[str, np.ndarray]:
        return {axis.name: axis_values(axis)[self.members[:, i]] for i, axis in enumerate(self.axes)}

    def rows(self) -> Space:
        """The indices into the list as a space of one axis, for searchers that choose from a list."""
        return Space((Axis("configuration", tuple(range(self.size)), "linear"),))


def pool_order(
    axes: Sequence[Axis], columns: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, tuple[int, ...], np.ndarray]:
    """The row of each cell and seed: row numbers (seeds fastest), the seeds, and `Pool.members`.

    With one seed, every row is a cell. With several, the rows of one configuration with different seeds are one cell;
    a configuration that is repeated with the same seed is another cell.

    Args:
        axes: the pool's.
        columns: each axis's value and `seed`, an array `[rows]` each.

    Raises:
        BadInput: a value that is not on its axis, or a cell without one of the seeds.
    """
    index = np.stack([axis.indices(columns[axis.name]) for axis in axes], axis=1)
    if (index < 0).any():
        row, which = (int(i) for i in np.argwhere(index < 0)[0])
        value = value_text(columns[axes[which].name][row])
        raise BadInput(f"row {row + 1}: {axes[which].name}={value} is not a value of that axis")
    seeds, seed_index = np.unique(columns["seed"], return_inverse=True)
    if len(seeds) <= 1:
        return np.arange(len(index)), tuple(int(seed) for seed in seeds), index
    cell, _ = by_appearance(np.column_stack([index, occurrence(np.column_stack([index, seed_index]))]))
    counts = np.bincount(cell)
    if (counts != len(seeds)).any():
        short = int(np.argmax(counts != len(seeds)))
        first = int(np.argmax(cell == short))
        lacking = sorted(set(range(len(seeds))) - set(seed_index[cell == short].tolist()))
        where = ", ".join(f"{axis.name}={axis.text(index[first, i])}" for i, axis in enumerate(axes))
        raise BadInput(f"cell {where}, seed {int(seeds[lacking[0]])} is missing")
    order = np.lexsort((seed_index, cell))
    return order, tuple(int(seed) for seed in seeds), index[order[:: len(seeds)]]


def by_appearance(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal rows of `keys` `[rows, n]`, numbered 0, 1, … in order of appearance.

    Returns:
        The number of each row, int64 `[rows]`, and the first row of each number, int64 ascending.

    >>> by_appearance(np.array([[5, 0], [3, 0], [5, 0]]))
    (array([0, 1, 0]), array([0, 1]))
    """
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number.ravel()], np.sort(first)


def occurrence(keys: np.ndarray) -> np.ndarray:
    """Count the equal rows before each row of `keys` `[rows, n]`: int64 `[rows]`.

    >>> occurrence(np.array([[5], [3], [5], [5]]))
    array([0, 0, 1, 2])
    """
    number, _ = by_appearance(keys)
    order = np.argsort(number, kind="stable")
    counts = np.bincount(number)
    times = np.empty(len(number), np.int64)
    times[order] = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
    return times
