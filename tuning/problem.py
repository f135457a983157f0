"""The table that replays query: a surface, made ready once."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Space
from grids.surface import SEED_STATISTICS, Fidelity, Surface
from grids.target import ROUNDING
from tuning.searchers.fidelities import Fidelities


@dataclass(frozen=True)
class TabularProblem:
    """A surface as replays see it; small and picklable, since it travels to every worker.

    Args:
        label: the surface's name or path, as the user gave it.
        optimizer, task: from its provenance.
        space: what searchers propose cells of.
        value: float64 `[cells]` in C order, finite: what a cell is judged by.
        told: float64 `[cells, columns, points]`, finite: what a searcher may be told of a cell. Without noise one
            column, with noise one for each seed. The last point is the whole training; the others are there only for
            searchers that ask for them. Without noise `told[:, 0, -1]` is `value`.
        lowest: the value from which suboptimality is measured; the lowest of `value` where not narrower.
        answers: int64 `[space.size]`, the cell that answers each proposal; None where proposals are the cells.
        fidelity: what trainings are measured in, where the surface has curves.
        seconds: float64 `[cells, columns]`, how long the whole training took, where known.
    """

    label: str
    optimizer: str
    task: str
    space: Space
    value: np.ndarray
    told: np.ndarray
    lowest: float
    answers: np.ndarray | None = None
    fidelity: Fidelity | None = None
    seconds: np.ndarray | None = None

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
        curves: bool = False,
    ) -> "TabularProblem":
        """The problem of a surface, judged by a statistic over its seeds.

        A diverged cell whose value is not finite counts as the worst finite value of the surface.

        Args:
            lowest: measured from, where that is not the surface's own lowest value.
            nearest: of a pool, take proposals on a grid and answer with the nearest configuration; otherwise the
                searcher chooses from the list.
            curves: hold the values of shorter trainings too, where the surface has curves.

        Raises:
            BadInput: an unknown statistic, noise asked of a surface with one seed, or a pool too wide for `nearest`.
        """
        if noise and len(surface.seeds) < 2:
            raise BadInput(f"{label}: noise between seeds needs a surface with two seeds or more; this one has one")
        value = surface.table(seed_statistic).ravel()
        space, answers = surface.space, None
        if isinstance(space, Pool):
            from tuning.nearest import proposals

            space, answers = proposals(space) if nearest else (space.rows(), None)
        about = surface.provenance
        least = float(value.min()) if lowest is None else lowest
        told = surface.finite.reshape(surface.space.size, -1) if noise else value[:, None]
        problem = cls(label, about.optimizer, about.task, space, value, told[..., None], least, answers)
        fidelity = surface.fidelity if surface.fidelity is not None and surface.fidelity.values else None
        if curves and fidelity is not None:
            problem = replace(problem, told=_along_curves(surface, seed_statistic, noise, told))
        return replace(problem, fidelity=fidelity, seconds=_seconds(surface, noise))

    @property
    def name(self) -> str:
        """`task/optimizer`: what names its random streams."""
        return f"{self.task}/{self.optimizer}"

    @property
    def noisy(self) -> bool:
        return self.told.shape[1] > 1

    @property
    def points(self) -> int:
        """How many amounts of training may be asked for; the last is the whole."""
        return self.told.shape[2]

    @property
    def amounts(self) -> tuple[float, ...] | None:
        """The amount of training at each point of `told`, ascending; None where the surface has no curves."""
        return None if self.fidelity is None else self.fidelity.values[-self.points :]

    @property
    def whole(self) -> float:
        """What a whole training is charged; NaN where the surface has no curves."""
        return float("nan") if self.fidelity is None else self.fidelity.values[-1]

    @cached_property
    def final(self) -> np.ndarray:
        """What a searcher may be told of a whole training: float64 `[cells, columns]`."""
        return np.ascontiguousarray(self.told[..., -1])

    @cached_property
    def durations(self) -> np.ndarray:
        """How long whole trainings take, float64 `[cells, columns]`: seconds where known, else epochs, else 1 each."""
        if self.seconds is not None:
            return self.seconds
        return np.full(self.told.shape[:2], 1.0 if self.fidelity is None else self.whole)

    @property
    def clock(self) -> str:
        """What elapsed time is measured in: seconds, the surface's fidelity in the plural, or trainings."""
        if self.seconds is not None:
            return "seconds"
        return "trainings" if self.fidelity is None else f"{self.fidelity.name}s"

    def fidelities(self, pauses: bool) -> Fidelities | None:
        """What a searcher over fidelities is told of the curves; None where there are none."""
        if self.amounts is None or self.fidelity is None:
            return None
        return Fidelities(self.amounts, self.fidelity.name, pauses)

    @cached_property
    def asked(self) -> np.ndarray:
        """What a searcher may be told of each proposal: float64 `[space.size, columns, points]`."""
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


def _along_curves(surface: Surface, statistic: str, noise: bool, final: np.ndarray) -> np.ndarray:
    """`final`, `[cells, columns]`, with the values of shorter trainings before it: `[cells, columns, points]`.

    What is not finite on a curve is worth failure, or the worst value of the surface where the file does not say. Where
    a run is worth its best epoch, a shorter one is worth the best so far.
    """
    assert surface.curve is not None
    levels, places = np.unique(surface.curve, return_inverse=True)
    # By way of text, which takes a float32 for the decimal number that it was rounded from.
    curve = levels.astype(str).astype(np.float64)[places].reshape(surface.space.size, len(surface.seeds), -1)
    failure = surface.provenance.failure
    worst = float(surface.finite.max()) if failure is None else failure
    curve[~np.isfinite(curve)] = worst
    if surface.provenance.fixed.get("value_of") == "best epoch":
        curve = np.minimum.accumulate(curve, axis=-1)
    if not noise:
        curve = SEED_STATISTICS[statistic](curve, axis=1)[:, None, :]
    curve[..., -1] = final
    return np.ascontiguousarray(curve)


def _seconds(surface: Surface, noise: bool) -> np.ndarray | None:
    """Seconds of each cell, `[cells, columns]`: of each seed with noise, their mean without; None where not known.

    A run whose time is not known took as long as the others on average.
    """
    if surface.seconds is None:
        return None
    seconds = surface.seconds.reshape(surface.space.size, -1)
    known = np.isfinite(seconds) & (seconds >= 0)
    if not known.any():
        return None
    filled = np.where(known, seconds, seconds[known].mean())
    return np.ascontiguousarray(filled) if noise else np.asarray(filled.mean(axis=1, keepdims=True))
