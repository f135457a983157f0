"""The table that replays query: a surface, made ready once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Space
from grids.surface import Surface
from grids.target import ROUNDING


@dataclass(frozen=True)
class Arena:
    """A surface as replays see it; small and picklable, since it travels to every worker.

    Args:
        label: the surface's name or path, as the user gave it.
        optimizer, task: from its provenance.
        space: what searchers propose cells of.
        value: float64 `[cells]` in C order, finite: what a cell is judged by.
        told: float64 `[cells, columns]`, finite: what a searcher may be told of a cell. Without noise one column,
            `value` itself; with noise one for each seed.
        lowest: the value from which suboptimality is measured; the lowest of `value` where not narrower.
        answers: int64 `[space.size]`, the cell that answers each proposal; None where proposals are the cells.
    """

    label: str
    optimizer: str
    task: str
    space: Space
    value: np.ndarray
    told: np.ndarray
    lowest: float
    answers: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        label: str,
        surface: Surface,
        seed_statistic: str = "mean",
        noise: bool = False,
        *,
        lowest: float | None = None,
        nearest: bool = False,
    ) -> "Arena":
        """The arena of a surface, judged by a statistic over its seeds.

        A diverged cell whose value is not finite counts as the worst finite value of the surface.

        Args:
            lowest: measured from, where that is not the surface's own lowest value.
            nearest: of a pool, take proposals on a grid and answer with the nearest configuration; otherwise the
                searcher chooses from the list.

        Raises:
            BadInput: an unknown statistic, noise asked of a surface with one seed, or a pool too wide for `nearest`.
        """
        if noise and len(surface.seeds) < 2:
            raise BadInput(f"{label}: noise between seeds needs a surface with two seeds or more; this one has one")
        value = surface.table(seed_statistic).ravel()
        told = surface.finite.reshape(surface.space.size, -1) if noise else value[:, None]
        space, answers = surface.space, None
        if isinstance(space, Pool):
            from tuning.nearest import proposals

            space, answers = proposals(space) if nearest else (space.rows(), None)
        about = surface.provenance
        least = float(value.min()) if lowest is None else lowest
        return cls(label, about.optimizer, about.task, space, value, told, least, answers)

    @property
    def name(self) -> str:
        """`task/optimizer`: what names its random streams."""
        return f"{self.task}/{self.optimizer}"

    @property
    def noisy(self) -> bool:
        return self.told.shape[1] > 1

    @cached_property
    def asked(self) -> np.ndarray:
        """What a searcher may be told of each proposal: float64 `[space.size, columns]`."""
        return self.told if self.answers is None else self.told[self.answers]

    def answered(self, matrix: np.ndarray) -> np.ndarray:
        """The cells that answered proposals: integers in the shape and type of `matrix`, −1 where nothing was asked."""
        if self.answers is None:
            return matrix
        return np.where(matrix >= 0, self.answers[matrix], -1).astype(matrix.dtype)

    @property
    def stop(self) -> float:
        """A value at which a replay has nothing left to find; −inf with noise, where one told value proves nothing.

        It is `lowest` and what differs from it by rounding alone. In a part of a space that does not hold the lowest
        value, no replay comes to it.
        """
        return -np.inf if self.noisy else self.lowest + ROUNDING * abs(self.lowest)
