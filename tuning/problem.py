"""The table that replays query, prepared once from a surface."""

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
    """The tabular benchmark problem of one surface; small and picklable, since every worker process gets a copy.

    Args:
        label: the surface's name or path, as the user gave it.
        optimizer, task: from its provenance.
        space: the space whose cells searchers propose.
        value: float64 `[cells]` in C order, finite: the value of each cell in results, lower is better.
        told: float64 `[cells, columns, points]`, finite: the values that a searcher may be told for a cell. One column
            without noise, one for each seed with noise. The last point is the whole training; the others exist only
            for searchers over fidelities. Without noise `told[:, 0, -1]` equals `value`.
        lowest: the value from which suboptimality is measured.
        answers: int64 `[space.size]`, the cell evaluated for each proposal; None where proposals are the cells.
        fidelity: the unit and the recorded amounts of training, where the surface has curves.
        seconds: float64 `[cells, columns]`, the duration of the whole training, where known.
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
        """The problem of a surface; a cell's value is a statistic over its seeds.

        A diverged cell whose value is not finite counts as the worst finite value of the surface.

        Args:
            label: the surface's name or path, for messages and the replay table.
            surface: the surface.
            seed_statistic: a name in `grids.surface.SEED_STATISTICS`.
            noise: searchers are told the values of single seeds.
            lowest: suboptimality is measured from here; the surface's own lowest value where not given.
            nearest: on a pool, searchers propose cells of a grid and the nearest configuration is evaluated; otherwise
                they choose from the list.
            curves: include the values of shorter trainings, where the surface has curves.

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
        """`task/optimizer`, which selects its random streams."""
        return f"{self.task}/{self.optimizer}"

    @property
    def noisy(self) -> bool:
        """Whether searchers are told the values of single seeds."""
        return self.told.shape[1] > 1

    @property
    def points(self) -> int:
        """The number of recorded points that may be asked for; the last is the whole training."""
        return self.told.shape[2]

    @property
    def amounts(self) -> tuple[float, ...] | None:
        """The amount of training at each point of `told`, ascending; None where the surface has no curves."""
        return None if self.fidelity is None else self.fidelity.values[-self.points :]

    @property
    def whole(self) -> float:
        """The charge of a whole training, in the unit of the fidelity; NaN where the surface has no curves."""
        return float("nan") if self.fidelity is None else self.fidelity.values[-1]

    @cached_property
    def final(self) -> np.ndarray:
        """The values that a searcher may be told for a whole training: float64 `[cells, columns]`."""
        return np.ascontiguousarray(self.told[..., -1])

    @cached_property
    def durations(self) -> np.ndarray:
        """Durations of whole trainings, float64 `[cells, columns]`: seconds where known, else epochs, else 1 each."""
        if self.seconds is not None:
            return np.ascontiguousarray(self.seconds)
        return np.full(self.told.shape[:2], 1.0 if self.fidelity is None else self.whole)

    @property
    def clock(self) -> str:
        """The unit of elapsed time: seconds, the surface's fidelity in the plural, or trainings."""
        if self.seconds is not None:
            return "seconds"
        return "trainings" if self.fidelity is None else f"{self.fidelity.name}s"

    def fidelities(self, pauses: bool) -> Fidelities | None:
        """The recorded amounts, for the constructor of a searcher over fidelities; None where there are no curves."""
        if self.amounts is None or self.fidelity is None:
            return None
        return Fidelities(self.amounts, self.fidelity.name, pauses)

    @cached_property
    def asked(self) -> np.ndarray:
        """The values that a searcher may be told for each proposal: float64 `[space.size, columns, points]`."""
        return np.ascontiguousarray(self.told if self.answers is None else self.told[self.answers])

    @cached_property
    def asked_durations(self) -> np.ndarray:
        """Durations of the whole training of the cell evaluated for each proposal: float64 `[space.size, columns]`."""
        return self.durations if self.answers is None else self.durations[self.answers]

    def answered(self, matrix: np.ndarray) -> np.ndarray:
        """The cells evaluated for proposals: integers in the shape and type of `matrix`, −1 where it is −1."""
        if self.answers is None:
            return matrix
        return np.where(matrix >= 0, self.answers[matrix], -1).astype(matrix.dtype)

    @property
    def stop(self) -> float:
        """A told value at or below this ends a replay; −inf with noise, where one told value proves nothing.

        It is `lowest` plus a tolerance for rounding. In a part of a space that does not contain the lowest value, no
        replay reaches it.
        """
        return -np.inf if self.noisy else self.lowest + ROUNDING * abs(self.lowest)


def _along_curves(surface: Surface, statistic: str, noise: bool, final: np.ndarray) -> np.ndarray:
    """`final`, `[cells, columns]`, with the values of shorter trainings before it: `[cells, columns, points]`.

    A value on a curve that is not finite counts as the file's `failure` value, or as the worst finite value of the
    surface where the file gives none. Where a run counts by its best epoch, a shorter one counts by the best so far.
    """
    assert surface.curve is not None
    levels, places = np.unique(surface.curve, return_inverse=True)
    # Convert through text: the shortest decimal number of a float32 is the number that was rounded to it.
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


def unknown_seconds(surface: Surface) -> int:
    """The number of runs whose time is missing or negative, where that of others is known."""
    unknown = ~_timed(surface)
    return 0 if unknown.all() else int(unknown.sum())


def _timed(surface: Surface) -> np.ndarray:
    """The runs whose time is known, bool `[..., seeds]`."""
    seconds = np.full(surface.value.shape, np.nan) if surface.seconds is None else surface.seconds
    return np.asarray(np.isfinite(seconds) & (seconds >= 0))


def _seconds(surface: Surface, noise: bool) -> np.ndarray | None:
    """Seconds of each cell, `[cells, columns]`: of each seed with noise, their mean without; None where not known.

    A run whose time is not known counts as the mean of the known ones.
    """
    known = _timed(surface).reshape(surface.space.size, -1)
    if surface.seconds is None or not known.any():
        return None
    seconds = surface.seconds.reshape(known.shape)
    filled = np.where(known, seconds, seconds[known].mean())
    return np.ascontiguousarray(filled) if noise else np.asarray(filled.mean(axis=1, keepdims=True))
