"""The data by which statements are judged: a task's surfaces and replays, and simulations of equation 11."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.claims.uncertainty import Noise, noise_within
from analysis.replays import Group
from analysis.shared_seeds import on_shared_seeds
from grids.surface import Surface
from grids.units import with_unit

AXES = ("alpha", "epsilon")
Key = tuple[str, str]
"""An optimizer and a searcher."""


@dataclass(frozen=True, eq=False)
class CounterexampleRuns:
    """One method's runs on the counterexample, at several learning rates.

    Args:
        rates: the values of α, constant in each run.
        chosen: the index of the one that is judged.
        share: the mean squared gradient over all steps, divided by that of the first step: float64 `[rates, runs]`.
        steps: the number of steps of each run.
    """

    rates: tuple[float, ...]
    chosen: int
    share: np.ndarray
    steps: int


@dataclass(frozen=True, eq=False)
class Mathematics:
    """Simulations of equation 11, which are the same whatever the task.

    Args:
        counterexample: runs by method and by the power of t with which its ε grows.
        rates: by method: the numbers of steps T, int64 `[horizons]`, and the mean squared gradient of runs of T steps,
            float64 `[horizons, runs]`.
        family: on problems that depend on ε, by ε: `CounterexampleRuns.share` of Adam, float64 `[runs]`.
        regimes: values of ε, and the best α at each, float64 `[epsilons]` each.
    """

    counterexample: Mapping[tuple[str, float], CounterexampleRuns] = field(default_factory=dict)
    rates: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    family: Mapping[float, np.ndarray] = field(default_factory=dict)
    regimes: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """All data on one task.

    Args:
        task: its name.
        surfaces: by optimizer.
        wide: surfaces of the same task on a wider network, by optimizer; empty where there is none.
        draws: for Adam and AvaGrad, tables that may be the surface without its noise (`analysis.noiseless`), on the
            seeds that both have: float64 `[draws, alpha, epsilon]`.
        replays: by optimizer and searcher, a group for each of the first of `draws`; a replay's budget is the number
            of cells.
        searchers: those that the paper compares, in its order, and what a sentence calls them.
        methods: the optimizers that the paper compares, and the default ε of each that has one; empty for all that
            have a surface.
        target: the suboptimality at which costs are compared, in the surfaces' unit.
        level: the suboptimality that mean curves must fall below, in the surfaces' unit.
        unit: the unit of all surfaces.
    """

    task: str
    surfaces: Mapping[str, Surface]
    wide: Mapping[str, Surface] = field(default_factory=dict)
    draws: Mapping[str, np.ndarray] = field(default_factory=dict)
    replays: Mapping[Key, Sequence[Group]] = field(default_factory=dict)
    searchers: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, float | None] = field(default_factory=dict)
    target: float = 0.5
    level: float = 1.0
    unit: str = ""

    def in_words(self, suboptimality: float) -> str:
        """A suboptimality with its unit: `0.5%`."""
        return with_unit(f"{suboptimality:g}", self.unit)

    def noise_within(self, surface: Surface) -> Noise | None:
        """The noise between cells of a surface, estimated from all surfaces of the task; see `uncertainty`."""
        return noise_within(surface, self.surfaces.values())

    def plane(self, optimizer: str) -> Surface | None:
        """The optimizer's surface, if it is over α and ε (`is_plane`); otherwise None."""
        surface = self.surfaces.get(optimizer)
        return surface if surface is not None and is_plane(surface) else None

    def seeds(self, optimizer: str) -> int:
        """The number of seeds behind an optimizer's `draws`."""
        return len(pair(self.surfaces)[optimizer].seeds)


PAIR = ("adam", "avagrad")
"""The optimizers whose tuning costs the paper compares."""


def pair(surfaces: Mapping[str, Surface]) -> dict[str, Surface]:
    """The surfaces of `PAIR` that are over α and ε, each with the seeds that both have; unchanged where none is."""
    return on_shared_seeds({name: surfaces[name] for name in PAIR if name in surfaces and is_plane(surfaces[name])})


def is_plane(surface: Surface) -> bool:
    """Whether the surface's axes are α and ε, in this order, with two values or more each."""
    return surface.space.names == AXES and min(surface.space.shape) > 1
