"""Costs over surfaces drawn without noise: the uncertainty that seeds leave, apart from that of replays."""

import math
from collections.abc import Sequence

import numpy as np

from analysis.replays import Runtimes


def log_costs(runtimes: Sequence[Runtimes]) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of ERT on each surface and its variance from few replays: float64 `[surfaces]` each.

    Half a hit is added to the hits, which may be none. The variance is that of the ratio Σ time / hits to first order.
    """
    values, variances = [], []
    for one in runtimes:
        hits, spent = one.hits + 0.5, float(one.time.sum())
        rest = one.time / (spent / one.repeats) - one.hit / (hits / one.repeats)
        values.append(math.log(spent / hits))
        variances.append(float(rest.var(ddof=1)) / one.repeats if one.repeats > 1 else 1.0)
    return np.array(values), np.array(variances)


def of_draws(values: np.ndarray, own: np.ndarray) -> tuple[float, float, float]:
    """The mean of a number over surfaces, the standard error that seeds leave in it, and that of replays.

    The spread over surfaces less what their replays add is what the seeds leave open (DerSimonian and Laird 1986).

    Args:
        values: the number on each surface, float64 `[surfaces]`.
        own: the variance of each from replays, float64 `[surfaces]`.
    """
    total = float(values.var(ddof=1))
    between = max(total - float(own.mean()), 0.0)
    return float(values.mean()), math.sqrt(between), math.sqrt(total / len(values))
