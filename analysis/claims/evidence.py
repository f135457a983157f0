"""What statements are held against: one task's surfaces, their replays and exact laws, the counterexample's runs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from analysis.claims.finding import Estimate
from analysis.replays import Group
from grids.metric import binomial_deviation, validation_size
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
        replays: by optimizer and searcher, a group for each of the surface's `tables`; each replay's budget is the
            number of cells.
        survival: P(runtime to `target` > t), exactly, by optimizer and searcher: float64 `[tables, budget + 1]`, a
            row for each of the surface's `tables`.
        curves: the mean suboptimality of the best cell after 1, 2, … trials, exactly: float64 `[tables, trials]`.
        counterexample: by method and power of t with which its ε grows.
        searchers: those that the paper compares, in its order: each one's name within a sentence.
        methods: optimizers that the paper compares; empty for all that have a surface.
        target: suboptimality at which costs are compared, in the surfaces' unit.
        level: suboptimality below which mean curves are read, in the surfaces' unit.
        unit: of all the surfaces.
        seed: of the bootstrap.
    """

    task: str
    surfaces: Mapping[str, Surface]
    replays: Mapping[Key, Sequence[Group]] = field(default_factory=dict)
    survival: Mapping[Key, np.ndarray] = field(default_factory=dict)
    curves: Mapping[Key, np.ndarray] = field(default_factory=dict)
    counterexample: Mapping[tuple[str, float], Descent] = field(default_factory=dict)
    searchers: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[str] = ()
    target: float = 0.5
    level: float = 1.0
    unit: str = ""
    seed: int = 0

    def in_words(self, suboptimality: float) -> str:
        """A suboptimality with its unit: `0.5%`."""
        return with_unit(f"{suboptimality:g}", self.unit)

    def plane(self, optimizer: str) -> Surface | None:
        """The optimizer's surface, if there is one over α and ε, both of more than one value."""
        surface = self.surfaces.get(optimizer)
        return surface if surface is not None and is_plane(surface) else None


def is_plane(surface: Surface) -> bool:
    """Whether the surface's axes are α and ε, in this order, of two values or more."""
    return surface.space.names == AXES and min(surface.space.shape) > 1


def tables(surface: Surface) -> list[np.ndarray]:
    """The mean over seeds first, then each seed's own table where there are several; float64 `[*shape]` each."""
    several = len(surface.seeds) > 1
    return [surface.mean, *(surface.finite[..., number] for number in range(len(surface.seeds)) if several)]


def over_tables(surface: Surface, measure: Callable[[np.ndarray], float]) -> Estimate:
    """`measure` of the mean table; its interval is the range over that and each seed's own table."""
    return spread([measure(table) for table in tables(surface)])


def spread(values: "list[float] | np.ndarray") -> Estimate:
    """The first value, with the range of all where there are several."""
    if len(values) == 1:
        return Estimate(float(values[0]))
    return Estimate(float(values[0]), float(np.min(values)), float(np.max(values)))


def noise(surface: Surface) -> tuple[float, str]:
    """A difference of two good cells' values that chance alone makes in one of twenty cases, and how it is known.

    With several seeds: Student's t on their standard deviation, that of the middle one of the better tenth of the
    cells, where some that hardly train would outweigh all others in a mean. With one seed: the binomial law of its
    validation examples at the lowest value (`one_seed_noise`). 0 where neither is known.
    """
    seeds = len(surface.seeds)
    if seeds > 1:
        good = surface.mean <= np.quantile(surface.mean, 0.1)
        middle = float(np.median(surface.finite[good].var(axis=-1, ddof=1)))
        # The median of a sample variance lies below the variance, by a known factor where values are normal.
        deviation = math.sqrt(middle * (seeds - 1) / float(stats.chi2.median(seeds - 1)))
        freedom = int(good.sum()) * (seeds - 1)
        return float(stats.t.ppf(0.975, freedom)) * deviation * math.sqrt(2 / seeds), f"spread of {seeds} seeds"
    return one_seed_noise(surface, float(surface.mean.min()))


def one_seed_noise(surface: Surface, value: float) -> tuple[float, str]:
    """`noise` between two values near `value` of one seed each, by the binomial law; 0 where it does not apply."""
    deviation = binomial_deviation(surface.provenance, value)
    if deviation is None:
        return 0.0, "one seed, noise unknown"
    words = f"one seed, {validation_size(surface.provenance)} validation examples"
    return float(stats.norm.ppf(0.975)) * deviation * math.sqrt(2), words


def seeds_in_words(surface: Surface) -> str:
    """What the interval of `over_tables` is."""
    seeds = len(surface.seeds)
    return f"interval: range over {seeds} seeds" if seeds > 1 else "one seed: its own noise is not in this"
