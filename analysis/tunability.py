"""The value that an optimizer reaches with a budget: expected best of random search, and default against tuned.

All numbers are values, not suboptimality relative to the surface's own lowest value. So a poor optimizer whose surface
is flat, and therefore cheap to tune to its own best, is still poor here.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.noiseless import draws, shifts
from grids.errors import BadInput
from grids.space import Space
from grids.surface import Surface

if TYPE_CHECKING:
    from analysis.replays import Group


def expected_best(values: np.ndarray, trials: int, repetition: bool = False) -> np.ndarray:
    """The exact mean of the lowest of k values drawn at random, for k = 1 … `trials`: float64 `[trials]`.

    With Y₁ ≤ … ≤ Yₙ it is Y₁ + Σ_{i≥2} P(all k drawn are the i-th or above) · (Yᵢ − Yᵢ₋₁), where that probability is
    ((n − i + 1)/n)^k with repetition (Dodge et al. 2019, equation 3) and C(n − i + 1, k)/C(n, k) without (Tang et al.
    2020, equation 3), which is 0 once k exceeds n − i + 1.

    Args:
        values: of all cells, any shape, finite, lower is better.
        trials: the largest k.
        repetition: whether to draw with replacement.

    >>> expected_best(np.array([3.0, 1.0, 2.0]), 3)
    array([2.        , 1.33333333, 1.        ])
    """
    ordered = np.sort(values, axis=None).astype(np.float64)
    n = len(ordered)
    steps = np.diff(ordered)
    above = np.arange(n - 1, 0, -1)  # how many values are at or above the second, the third, …
    share, found = np.ones(n - 1), np.empty(trials)
    for k in range(trials):
        if repetition:
            share = share * above / n
        elif k < n:
            share = share * np.maximum(above - k, 0) / (n - k)
        else:
            share = np.zeros(n - 1)
        found[k] = ordered[0] + share @ steps
    return found


def early_average(curve: np.ndarray) -> float:
    """The average of a curve `[trials]` with weights that fall linearly to 0 at the last trial.

    ω_k ∝ K − k for k = 1 … K (Sivaprasad et al. 2020, section 4, "CPE"); for one trial, its value.
    """
    weights = np.arange(len(curve) - 1, -1, -1, dtype=np.float64)
    return float(curve @ weights / weights.sum()) if len(curve) > 1 else float(curve[0])


_DRAWS = 200


@dataclass(frozen=True)
class Curve:
    """The expected best on one surface after 1, 2, … trials.

    Args:
        mean: for the statistic over seeds, float64 `[trials]`.
        seeds: for the values of each seed, float64 `[seeds, trials]`; empty where there is one seed.
        interval: two float64 `[trials]`, where the curve is estimated from replays.
    """

    mean: np.ndarray
    seeds: np.ndarray
    interval: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def band(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The lowest and the highest single seed at each trial, or the interval of replays; None for one seed.

        The mean over seeds, whose best cells are less lucky than those of a single seed, may lie beyond every one of
        these: the band then reaches to it.
        """
        if self.interval is not None:
            return self.interval
        if not len(self.seeds):
            return None
        return np.minimum(self.seeds.min(axis=0), self.mean), np.maximum(self.seeds.max(axis=0), self.mean)

    def negated(self) -> "Curve":
        """The curve of negated values, for a metric that is maximized."""
        swapped = None if self.interval is None else (-self.interval[1], -self.interval[0])
        return Curve(-self.mean, -self.seeds, swapped)


def curve_of(surface: Surface, trials: int, repetition: bool, statistic: str) -> Curve:
    """The expected best of random search on a surface, in the metric's own direction.

    Args:
        surface: the surface.
        trials: the largest number of trials.
        repetition: whether cells are drawn with replacement.
        statistic: over seeds.
    """
    count = len(surface.seeds)
    singles = [expected_best(surface.finite[..., one], trials, repetition) for one in range(count) if count > 1]
    found = Curve(
        expected_best(surface.table(statistic), trials, repetition), np.array(singles).reshape(len(singles), trials)
    )
    return found.negated() if surface.provenance.maximized else found


def curve_without_noise(surface: Surface, trials: int, repetition: bool, rng: np.random.Generator) -> Curve:
    """As `curve_of`, the mean over surfaces without the noise of the seeds, with a 95 % interval over what they allow.

    What seeds do to all cells alike is part of the interval.

    Raises:
        BadInput: one seed.
    """
    tables = draws(surface, _DRAWS, rng) + shifts(surface, 0, _DRAWS).reshape(-1, *(1 for _ in surface.space.shape))
    curves = np.array([expected_best(table, trials, repetition) for table in tables])
    low, high = np.quantile(curves, (0.025, 0.975), axis=0)
    found = Curve(curves.mean(axis=0), np.empty((0, trials)), (low, high))
    return found.negated() if surface.provenance.maximized else found


def curve_of_replays(group: "Group", trials: int, seed: int = 0) -> Curve:
    """The mean best value after k = 1 … `trials` trials of a searcher, from its replays, in the metric's own direction.

    The interval is a 95 % bootstrap over replays. For random search with repetition this estimates `expected_best`.

    Raises:
        BadInput: some replays ended before `trials` without reaching the lowest value.
    """
    from analysis.anytime import horizon, mean_curve, mean_interval
    from analysis.ert import stream

    known = int(horizon(group))
    if trials > known and not group.arrived.all():
        raise BadInput(
            f"{group.surface}, {group.searcher}: its replays know of {known} trials: --trials {known} at most"
        )
    values = replace(group, suboptimality=group.best)
    interval = mean_interval(values, trials, stream(seed, *group.key, "tunability"))
    found = Curve(mean_curve(values, trials), np.empty((0, trials)), interval)
    return found.negated() if group.about.maximized else found


@dataclass(frozen=True)
class Contestant:
    """An optimizer on a task with the expected best of random search or of another searcher.

    Args:
        surface, optimizer, task: the names in tables.
        label: the optimizer's name in figures.
        metric, unit: of the curve.
        maximized: whether the metric is maximized.
        curve: the expected best.
        searcher: as typed, where the curve is estimated from replays; empty where it is exact.
    """

    surface: str
    optimizer: str
    task: str
    label: str
    metric: str
    unit: str
    maximized: bool
    curve: Curve
    searcher: str = ""

    @classmethod
    def exact(
        cls, name: str, surface: Surface, trials: int, repetition: bool, statistic: str, noiseless: bool = False
    ) -> "Contestant":
        """Random search on a surface; see `curve_of`, or `curve_without_noise`."""
        about, rng = surface.provenance, np.random.default_rng(0)
        curve = (
            curve_without_noise(surface, trials, repetition, rng)
            if noiseless
            else curve_of(surface, trials, repetition, statistic)
        )
        return cls(name, about.optimizer, about.task, about.label, about.metric, about.unit, about.maximized, curve)

    @classmethod
    def replayed(cls, group: "Group", trials: int, seed: int = 0) -> "Contestant":
        """A searcher's replays on a surface. Raises BadInput as `curve_of_replays`."""
        about, curve = group.about, curve_of_replays(group, trials, seed)
        known = group.surface, group.optimizer, group.task, group.optimizer_label
        return cls(*known, about.metric, about.unit, about.maximized, curve, group.searcher)


def leaders(curves: Sequence[np.ndarray], higher: bool) -> np.ndarray:
    """The index of the best of the curves `[trials]` at each trial, int64 `[trials]`; of ties the first."""
    table = np.array(curves)
    return np.asarray(np.argmax(table, axis=0) if higher else np.argmin(table, axis=0))


def leads(contestants: Sequence[Contestant]) -> list[str]:
    """The numbers of trials at which each contestant is the best on its task, as `1-7, 12-20`.

    Empty where it never is, or where it is alone or in another unit.
    """
    found = [""] * len(contestants)
    for task in dict.fromkeys(one.task for one in contestants):
        places = [place for place, one in enumerate(contestants) if one.task == task]
        if len(places) < 2 or len({contestants[place].unit for place in places}) > 1:
            continue
        lead = leaders([contestants[place].curve.mean for place in places], contestants[places[0]].maximized)
        cuts = [0, *(np.flatnonzero(np.diff(lead)) + 1).tolist(), len(lead)]
        for first, after in itertools.pairwise(cuts):
            place = places[lead[first]]
            span = f"{first + 1}-{after}" if after > first + 1 else f"{after}"
            found[place] = f"{found[place]}, {span}" if found[place] else span
    return found


@dataclass(frozen=True)
class Tunability:
    """The gain of tuning over the default hyperparameters (Probst et al. 2019, equations 5 and 6); lower is better.

    Args:
        default: the value at the default.
        joint: `default` less the lowest value of all cells.
        axes: by axis, `default` less the lowest value with all other axes at their defaults.
    """

    default: float
    joint: float
    axes: Mapping[str, float]


def tunability(table: np.ndarray, space: Space, default: Mapping[str, float | str]) -> Tunability | None:
    """The tunability of a table over a grid; None where the default is not one of its cells.

    Args:
        table: float64 `[*shape]`, lower is better.
        space: the grid.
        default: a value for each axis.
    """
    if space.is_pool or set(default) != set(space.names):
        return None
    cell = []
    for axis in space.axes:
        places = [at for at, value in enumerate(axis.values) if _same(value, default[axis.name])]
        if not places:
            return None
        cell.append(places[0])
    value = float(table[tuple(cell)])
    alone = {}
    for number, axis in enumerate(space.axes):
        line = table[tuple(slice(None) if at == number else place for at, place in enumerate(cell))]
        alone[axis.name] = value - float(line.min())
    return Tunability(value, value - float(table.min()), alone)


def cross_losses(tables: Sequence[np.ndarray]) -> list[float] | None:
    """The loss of each task where one cell is used for all: its value at the cell that is best on average, less its
    lowest one (Adkins et al. 2024, section 3: per-task-tuned against across-task-tuned).

    For the average, values are scaled from 0 at the task's lowest value to 1 at its median and above, so that units do
    not matter.

    Args:
        tables: of tasks over one grid, float64 `[*shape]` each.

    Returns:
        One loss for each, in its own unit; None for fewer than two.
    """
    if len(tables) < 2:
        return None
    shares = []
    for table in tables:
        span = float(np.median(table) - table.min())
        shares.append(np.minimum((table - table.min()) / span, 1.0) if span else (table > table.min()).astype(float))
    cell = np.unravel_index(int(np.argmin(np.mean(shares, axis=0))), tables[0].shape)
    return [float(table[cell] - table.min()) for table in tables]


def _same(value: float | str, wanted: float | str) -> bool:
    if isinstance(value, str) or isinstance(wanted, str):
        return value == wanted
    return bool(np.isclose(value, wanted, rtol=1e-9, atol=0.0))
