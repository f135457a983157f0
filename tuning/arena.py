"""What replays are played on: a surface's table, made ready once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from grids.surface import Surface


@dataclass(frozen=True)
class Arena:
    """A surface as replays see it; small and picklable, since it travels to every worker.

    Args:
        label: the surface's name or path, as the user gave it.
        optimizer, task: from its provenance.
        space: its space.
        value: float64 `[cells]` in C order, finite: what a cell is judged by.
        told: float64 `[cells, columns]`, finite: what a searcher may be told of a cell. Without noise one column,
            `value` itself; with noise one for each seed.
    """

    label: str
    optimizer: str
    task: str
    space: Space
    value: np.ndarray
    told: np.ndarray

    @classmethod
    def of(cls, label: str, surface: Surface, seed_statistic: str = "mean", noise: bool = False) -> "Arena":
        """The arena of a surface, judged by a statistic over its seeds.

        A diverged cell whose value is not finite counts as the worst finite value of the surface.

        Raises:
            BadInput: an unknown statistic, or noise asked of a surface with one seed.
        """
        if noise and len(surface.seeds) < 2:
            raise BadInput(f"{label}: noise between seeds needs a surface with two seeds or more; this one has one")
        value = surface.table(seed_statistic).ravel()
        told = surface.finite.reshape(surface.space.size, -1) if noise else value[:, None]
        provenance = surface.provenance
        return cls(label, provenance.optimizer, provenance.task, surface.space, value, told)

    @property
    def name(self) -> str:
        """`task/optimizer`: what names its random streams."""
        return f"{self.task}/{self.optimizer}"

    @property
    def noisy(self) -> bool:
        return self.told.shape[1] > 1

    @cached_property
    def lowest(self) -> float:
        """The surface's lowest value."""
        return float(self.value.min())

    @property
    def stop(self) -> float:
        """A value at which a replay has nothing left to find; −inf with noise, where one told value proves nothing."""
        return -np.inf if self.noisy else self.lowest
