"""Best cells: the values of two optimizers' best cells compared, and where a surface's best cell lies."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.claims.evidence import Evidence
from analysis.claims.finding import TAIL, Estimate
from analysis.claims.row import Measured
from analysis.claims.uncertainty import Censored, Noise, Student, noise_of_values, noise_within, seeds_in_words
from analysis.noiseless import draws
from analysis.shared_seeds import on_shared_seeds
from grids.surface import Surface

Estimator = Callable[[Evidence], Measured | str]
_FUTURES = 40


def judged_values(surface: Surface, table: Callable[[np.ndarray], np.ndarray] = lambda mean: mean) -> np.ndarray:
    """For each seed, its value in the cell that is best by the mean of the other seeds: float64 `[seeds]`.

    A lowest mean is lower than its cell deserves; a seed that had no part in the choice judges it without that luck.

    Args:
        surface: with two seeds or more.
        table: of a mean, the table in which the best cell is looked for; infinite in cells that do not count.
    """
    found = []
    for seed in range(len(surface.seeds)):
        others = np.delete(surface.finite, seed, axis=-1).mean(axis=-1)
        cell = np.unravel_index(int(np.argmin(table(others))), others.shape)
        found.append(float(surface.finite[*cell, seed]))
    return np.array(found)


def at_edge(surface: Surface) -> bool:
    """True if the best cell has the smallest or the largest α: a better one may lie beyond the grid."""
    if "alpha" not in surface.space.names:
        return False
    place = surface.best_cell[surface.space.names.index("alpha")]
    return place in (0, len(surface.space.axis("alpha")) - 1)


def edge_in_words(surface: Surface) -> str:
    """`the best α of avagrad, 20, is at the edge of its grid`."""
    alpha = surface.space.axis("alpha").values[surface.best_cell[surface.space.names.index("alpha")]]
    return f"the best α of {surface.provenance.optimizer}, {alpha:g}, is at the edge of its grid"


def compared(one: str, other: str, *, ratio: bool = False, planes: bool = True) -> Estimator:
    """An estimator of the value of `one` at its best cell less that of `other`; or, with `ratio`, over it.

    With seeds in common: Student's t on the differences of `judged_values`; the cells that seeds choose differ in truth
    by about the noise of their means, which is added to the error. With one seed: the difference of the lowest
    values, with the noise of the task's other surfaces; without an interval where that is not known either. A best cell
    at the edge of its grid tells only the side that a wider grid cannot change.

    Args:
        one, other: optimizers.
        ratio: whether to divide.
        planes: whether surfaces must be over α and ε.
    """

    def estimate(evidence: Evidence) -> Measured | str:
        there = {name: evidence.plane(name) if planes else evidence.surfaces.get(name) for name in (one, other)}
        lacking = [name for name, surface in there.items() if surface is None]
        if lacking:
            return f"needs a surface of {' and '.join(lacking)}{' over alpha and epsilon' if planes else ''}"
        return compare(evidence, *(surface for surface in there.values() if surface is not None), ratio=ratio)

    return estimate


def compare(evidence: Evidence, one: Surface, other: Surface, *, ratio: bool = False) -> Measured:
    """As `compared`, of two surfaces."""
    why = " against ".join(f"{_lowest(surface)} ({surface.provenance.label})" for surface in (one, other))
    shared = list(on_shared_seeds({"one": one, "other": other}).values())
    seeds = len(shared[0].seeds)
    lowest = [float(surface.mean.min()) for surface in (one, other)]
    ratio_of = lowest[0] / lowest[1] if lowest[1] else math.nan
    if seeds > 1 and shared[0].seeds == shared[1].seeds:
        first, second = (judged_values(surface) for surface in shared)
        both = np.log(first / second) if ratio else first - second
        chosen = [noise.deviation for noise in map(noise_within, shared) if noise is not None]
        if ratio:
            chosen = [part / float(surface.mean.min()) for part, surface in zip(chosen, shared, strict=True)]
        error = math.sqrt((float(both.var(ddof=1)) + float(np.sum(np.square(chosen)))) / seeds)
        ours = Student(float(both.mean()), error, seeds, lambda many: many - 1.0, ratio).estimate()
        why += f"; {seeds_in_words(seeds)}, each judging the cells chosen by the others"
    else:
        known = noise_of_values(evidence.surfaces.values())
        if known is None:
            return Measured(Estimate(ratio_of if ratio else lowest[0] - lowest[1]), f"{why}; {seeds_in_words(1)}")
        deviation, freedom, lenders = known
        each = [deviation / math.sqrt(len(surface.seeds)) for surface in (one, other)]
        error = (
            math.hypot(*(part / value for part, value in zip(each, lowest, strict=True)))
            if ratio
            else math.hypot(*each)
        )
        value = math.log(ratio_of) if ratio else lowest[0] - lowest[1]
        ours = Student(value, error, 1, lambda _: freedom, ratio).estimate()
        why += f"; interval: one seed in common or none, noise of {lenders} surfaces of the task with several"
    edges = [at_edge(surface) for surface in (one, other)]
    if any(edges) and ours.source is not None:
        ours = Censored(ours.source, low=edges[0], high=edges[1]).estimate()
        why += "; " + " and ".join(edge_in_words(s) for s, edge in zip((one, other), edges, strict=True) if edge)
    return Measured(ours, why)


def _lowest(surface: Surface) -> str:
    return f"{surface.mean.min():.4g} at {surface.describe(surface.best_cell)}"


@dataclass(frozen=True, eq=False)
class Range:
    """The value of an axis in the best cell, and in all cells that noise cannot tell from it.

    Args:
        surface: over a grid.
        axis: the number of the axis.
        noise: between its cells.
    """

    surface: Surface
    axis: int
    noise: Noise

    @property
    def seeds(self) -> int:
        """Of the surface."""
        return len(self.surface.seeds)

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`."""
        return self._of(self.surface.mean, self.noise.margin(tail))

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`: more seeds of surfaces that the present ones may come from; none where there is one."""
        if self.seeds < 2:
            return ()
        rng = np.random.default_rng(seeds)
        margin, error = self.noise.margin(TAIL, seeds), self.noise.deviation / math.sqrt(seeds)
        return [self._of(table + error * rng.standard_normal(table.shape), margin) for table in self._truths]

    @functools.cached_property
    def _truths(self) -> np.ndarray:
        return draws(self.surface, _FUTURES, np.random.default_rng(0))

    def _of(self, mean: np.ndarray, margin: float) -> Estimate:
        values = np.array(self.surface.space.axes[self.axis].values, np.float64)
        near = values[np.argwhere(mean <= mean.min() + margin)[:, self.axis]]
        best = values[np.unravel_index(int(np.argmin(mean)), mean.shape)[self.axis]]
        return Estimate(float(best), float(near.min()), float(near.max()), self)


def best_on(axis: str, optimizer: str, more: Callable[[Surface], str] = lambda surface: "") -> Estimator:
    """An estimator of the best cell's value on an axis, with the range over all cells that noise cannot tell from it.

    Args:
        axis: alpha or epsilon.
        optimizer: with a surface over both.
        more: further words about the surface.
    """

    def estimate(evidence: Evidence) -> Measured | str:
        surface = evidence.plane(optimizer)
        if surface is None:
            return f"needs a surface of {optimizer} over alpha and epsilon"
        noise = evidence.noise_within(surface)
        words = surface.describe(surface.best_cell) + more(surface)
        number = surface.space.names.index(axis)
        if noise is None or at_edge(surface):
            value = float(surface.space.axes[number].values[surface.best_cell[number]])
            return Measured(
                Estimate(value), f"{words}; {edge_in_words(surface) if at_edge(surface) else seeds_in_words(1)}"
            )
        near = int((surface.suboptimality <= noise.margin()).sum())
        ours = Range(surface, number, noise).estimate()
        return Measured(ours, f"{words}; {near} cells within {noise.margin():.2g} of it ({noise.source})")

    return estimate
