"""What statements are held against: one task's surfaces, their replays and exact laws, the counterexample's runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.claims.precision import Noise, noise
from analysis.replays import Group
from grids.surface import Surface
from grids.units import with_unit

AXES = ("alpha", "epsilon")
Key = tuple[str, str]
"""An optimizer and a searcher."""


@dataclass(frozen=True, eq=False)
class Descent:
    """One method's runs on the counterexample, at many learning rates.

    Args:
        rates: α, constant in each run.
        chosen: which of them is judged.
        share: the mean of the squared gradient over all steps, over that of the first: float64 `[rates, runs]`.
        steps: of each run.
    """

    rates: tuple[float, ...]
    chosen: int
    share: np.ndarray
    steps: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known of one task.

    Args:
        task: its name.
        surfaces: by optimizer.
        wide: surfaces of the same task on a wider network, by optimizer; empty where there is none.
        replays: by optimizer and searcher, a group for each of the surface's `precision.tables`; each replay's
            budget is the number of cells.
        survival: P(runtime to `target` > t), exactly, by optimizer and searcher: float64 `[tables, budget + 1]`, a
            row for each of the surface's `precision.tables`.
        curves: the mean suboptimality of the best cell after 1, 2, … trials, exactly: float64 `[tables, trials]`.
        counterexample: by method and power of t with which its ε grows.
        rates: on the same problem, by method: T, int64 `[horizons]`, and the mean squared gradient of trainings of so
            many steps, float64 `[horizons, runs]`.
        family: on problems that depend on ε, by ε: as `Descent.share`, of Adam, float64 `[runs]`.
        regimes: ε, and the best α there, float64 `[epsilons]` each.
        searchers: those that the paper compares, in its order: each one's name within a sentence.
        methods: optimizers that the paper compares; empty for all that have a surface.
        target: suboptimality at which costs are compared, in the surfaces' unit.
        level: suboptimality below which mean curves are read, in the surfaces' unit.
        unit: of all the surfaces.
        seed: of the bootstrap.
    """

    task: str
    surfaces: Mapping[str, Surface]
    wide: Mapping[str, Surface] = field(default_factory=dict)
    replays: Mapping[Key, Sequence[Group]] = field(default_factory=dict)
    survival: Mapping[Key, np.ndarray] = field(default_factory=dict)
    curves: Mapping[Key, np.ndarray] = field(default_factory=dict)
    counterexample: Mapping[tuple[str, float], Descent] = field(default_factory=dict)
    rates: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    family: Mapping[float, np.ndarray] = field(default_factory=dict)
    regimes: tuple[np.ndarray, np.ndarray] | None = None
    searchers: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[str] = ()
    target: float = 0.5
    level: float = 1.0
    unit: str = ""
    seed: int = 0

    def in_words(self, suboptimality: float) -> str:
        """A suboptimality with its unit: `0.5%`."""
        return with_unit(f"{suboptimality:g}", self.unit)

    def noise(self, surface: Surface, value: float | None = None, seeds: int | None = None) -> Noise:
        """The noise between two of a surface's cells, by all that the surfaces say of it; see `precision.noise`."""
        return noise(surface, self.surfaces.values(), value, seeds)

    def plane(self, optimizer: str) -> Surface | None:
        """The optimizer's surface, if there is one over α and ε, both of more than one value."""
        surface = self.surfaces.get(optimizer)
        return surface if surface is not None and is_plane(surface) else None


def is_plane(surface: Surface) -> bool:
    """Whether the surface's axes are α and ε, in this order, of two values or more."""
    return surface.space.names == AXES and min(surface.space.shape) > 1
