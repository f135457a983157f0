"""Two optimizers compared at their best cells: the difference and the ratio of their lowest values, with intervals."""

import math

import numpy as np

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate
from analysis.claims.precision import jackknife, seed_parts
from grids.surface import Surface


def difference(evidence: Evidence, one: Surface, other: Surface) -> tuple[Estimate, str]:
    """The lowest value of `one` less that of `other` with a 95 % interval, and what the interval is.

    With seeds in common: Student's t on the differences of each seed's values at the two best cells. With one seed:
    what noise may make of it.
    """
    ours, theirs = _on_shared_seeds(one, other)
    if len(ours) > 1:
        means = [float((ours - theirs)[part].mean()) for part in seed_parts(len(ours))]
        return jackknife(means, len(ours)), f"interval: over {len(ours)} seeds"
    apart = float(one.mean.min() - other.mean.min())
    noise = max((evidence.noise(surface) for surface in (one, other)), key=lambda found: found.margin)
    if not noise.deviation:
        return Estimate(apart), f"interval: none ({noise.source})"

    def with_seeds(seeds: int) -> Estimate:
        return Estimate(apart, apart - noise.with_seeds(seeds), apart + noise.with_seeds(seeds))

    now = with_seeds(noise.seeds)
    return Estimate(apart, now.low, now.high, noise.seeds, with_seeds), f"interval: noise ({noise.source})"


def ratio(evidence: Evidence, one: Surface, other: Surface) -> tuple[Estimate, str]:
    """The lowest value of `one` over that of `other` with a 95 % interval, and what the interval is."""
    ours, theirs = _on_shared_seeds(one, other)
    if len(ours) > 1:
        means = [float(ours[part].mean() / theirs[part].mean()) for part in seed_parts(len(ours))]
        return jackknife(means, len(ours), ratio=True), f"interval: over {len(ours)} seeds"
    values = [float(surface.mean.min()) for surface in (one, other)]
    off = [
        evidence.noise(surface).margin / value / math.sqrt(2)
        for surface, value in zip((one, other), values, strict=True)
    ]
    found, half = values[0] / values[1], math.hypot(*off)
    source = evidence.noise(other).source
    if not half:
        return Estimate(found), f"interval: none ({source})"
    return Estimate(found, found * math.exp(-half), found * math.exp(half)), f"interval: noise ({source})"


def in_words(one: Surface, other: Surface) -> str:
    """`13.8 at alpha=0.005, epsilon=1e-05 against 14.2 at …`: both lowest values and their cells."""
    return " against ".join(
        f"{surface.mean.min():.4g} at {surface.describe(surface.best_cell)}" for surface in (one, other)
    )


def _on_shared_seeds(one: Surface, other: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Each surface's values at its best cell, on the seeds that both have, ascending: float64 `[seeds]` each."""
    shared = sorted(set(one.seeds) & set(other.seeds))
    ours, theirs = (
        surface.finite[surface.best_cell][[surface.seeds.index(seed) for seed in shared]] for surface in (one, other)
    )
    return ours, theirs
