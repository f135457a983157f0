"""The constants of CMA-ES that depend only on dimension and population size, as pycma 4 sets them.

Equations and their numbers are those of Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, where pycma
follows it; where it does not, the name of pycma's function is given next to the formula.
"""

import math
from typing import NamedTuple

import numpy as np

from grids.errors import BadInput

LEAST_SIZE = 6
"""Smaller populations are mirrored by pycma (its option `CMA_mirrors`), which has no compiled form."""


class Constants(NamedTuple):
    """The constants of one strategy.

    Args:
        axes: dimension N.
        size: number of points in a generation, λ.
        parents: number of points from which the new mean is made, μ.
        weights: float64 `[size]`, best point first; positive ones sum to 1, the others are negative (active CMA-ES).
        effective: variance effective number of parents, μ_eff.
        path_rate: c_c, of the evolution path of the covariance matrix.
        rank_one: c_1.
        rank_parents: c_μ.
        step_rate: c_σ, of the evolution path of the step size.
        damping: d_σ.
        norm: expected length of N standard normal numbers, χ_N.
        max_generations: generations until pycma stops (`maxiter`).
        patience: generations without progress until it may stop (`tolstagnation`).
        memory: generations whose best value is stored for `tolfun` and `tolfunhist`.
    """

    axes: int
    size: int
    parents: int
    weights: np.ndarray
    effective: float
    path_rate: float
    rank_one: float
    rank_parents: float
    step_rate: float
    damping: float
    norm: float
    max_generations: float
    patience: int
    memory: int


def constants(axes: int, popsize: int | None = None) -> Constants:
    """The constants in `axes` dimensions, two or more; with pycma's own population size where none is given.

    >>> [round(float(weight), 3) for weight in constants(2).weights]
    [0.637, 0.285, 0.078, -0.286, -0.765, -1.156]
    """
    n = axes
    population = 4 + 3 * math.log(n) if popsize is None else popsize  # (48)
    size = int(population)
    raw = np.array([math.log((size + 1) / 2) - math.log(rank) for rank in range(1, size + 1)])  # (49)
    parents = int((raw > 0).sum())
    weights = raw / raw[:parents].sum()
    effective = 1 / (weights[:parents] ** 2).sum()
    path_rate = (4 + effective / n) / (n + 4 + 2 * effective / n)  # (56)
    rank_one = min(1, size / LEAST_SIZE) * 2 / ((n + 1.3) ** 2 + effective)  # (57)
    rank_parents = min(1 - rank_one, 2 * (0.25 + effective + 1 / effective - 2) / ((n + 2) ** 2 + effective))  # (58)
    rest = weights[parents:]
    if rest.any():
        effective_negative = rest.sum() ** 2 / (rest**2).sum()
        limits = (  # (50), (51), (52), by which (53) scales
            1 + rank_one / rank_parents,
            (1 - rank_one - rank_parents) / rank_parents / n,
            1 + 2 * effective_negative / (effective + 2),
        )
        weights[parents:] *= min(limits) / -rest.sum()
    step_rate = min(0.5, (effective + 2) / (n + effective + 3))  # `compute_cs`
    spread = max(1.0, 3 * (1 - 0.5 ** (n / 9)))  # `compute_damps`
    damping = 1 + 2 * max(0.0, spread * math.sqrt((effective - 1) / (n + 1)) - 1) + step_rate
    return Constants(
        axes=n,
        size=size,
        parents=parents,
        weights=weights,
        effective=float(effective),
        path_rate=float(path_rate),
        rank_one=float(rank_one),
        rank_parents=float(rank_parents),
        step_rate=float(step_rate),
        damping=float(damping),
        norm=math.sqrt(2) * math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2)),
        max_generations=float(100 + 150 * (n + 3) ** 2 // population**0.5),
        patience=int(100 + 100 * n**1.5 / population),
        memory=int(10 + 30 * n / size),
    )


def check_options(sigma: float, popsize: int | None) -> None:
    """Raises BadInput where an option is out of range."""
    if not (math.isfinite(sigma) and sigma > 0):
        raise BadInput(f"sigma must be a positive number, not {sigma:g}")
    if popsize is not None and popsize < 2:
        raise BadInput(f"popsize must be at least 2, not {popsize}")
