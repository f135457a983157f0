"""The paper's equation 11, a problem on which Adam does not converge, simulated for many settings at a time.

f_s(w) = 999·w²/2 with probability 1/500 and −w otherwise, w in [0, 1]: ∇f(w) = (999·w − 499)/500, zero at 499/999.
The rare gradient is the large one. It raises v, and so shrinks its own step, more than any other: Adam walks to the
border. Methods run as the paper writes them, with β1 = 0 and without bias correction, w clipped to [0, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from grids.errors import BadInput, unknown

RARE = 1.0 / 500.0
METHODS = ("adam", "amsgrad", "delayed-adam", "dynamic-adam")


@dataclass(frozen=True)
class Setting:
    """One method at one learning rate.

    Args:
        method: one of `METHODS`.
        alpha: α, the same at every step.
        epsilon: ε, or for dynamic-adam that of the first step.
        power: p of dynamic-adam's ε_t = ε·t^p; 0 otherwise.
        scale: S of the problem S·f_s: gradients are S times as large, and ε weighs S times less against them.
    """

    method: str
    alpha: float
    epsilon: float
    power: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise unknown("method", self.method, METHODS)
        if not (self.alpha > 0 and self.epsilon > 0 and self.power >= 0 and self.scale > 0):
            raise BadInput(f"{self.method}: alpha, epsilon and scale must be above 0, and the power not below 0")


def samples(seed: int, seeds: int, steps: int) -> np.ndarray:
    """The steps that draw the rare sample, bool `[seeds, steps]`; a run's depend on `seed` and its number alone."""
    streams = np.random.SeedSequence(seed).spawn(seeds)
    return np.stack([np.random.Generator(np.random.PCG64(stream)).random(steps) < RARE for stream in streams])


def points(steps: int, count: int = 120) -> np.ndarray:
    """Steps at which to look, evenly spaced on a log scale, the last one included; int64, rising."""
    return np.unique(np.geomspace(1, steps, min(count, steps)).round().astype(np.int64))


def simulate(
    settings: Sequence[Setting], rare: np.ndarray, at: np.ndarray, *, start: float = 0.0, beta2: float = 0.99
) -> np.ndarray:
    """The mean of ‖∇f(w)‖² over the first t iterates, for t in `at`; of f itself, whatever its scale.

    Args:
        settings: what to run; all on the same samples.
        rare: bool `[seeds, steps]` from `samples`.
        at: int64, rising, from 1 to steps.
        start: w_1.
        beta2: β2.

    Returns:
        float64 `[settings, seeds, points]`.
    """
    steps = np.arange(1, rare.shape[1] + 1, dtype=np.float64)
    means = [
        _run(rare, METHODS.index(s.method), s.alpha, s.epsilon * steps**s.power, start, beta2, at, s.scale)
        for s in settings
    ]
    return np.stack(means)


@njit
def _run(  # type: ignore[no-untyped-def]
    rare, method, alpha, epsilons, start, beta2, at, scale
):
    seeds, steps = rare.shape
    means = np.empty((seeds, len(at)))
    for seed in range(seeds):
        w, v, largest, total, point = start, 0.0, 0.0, 0.0, 0
        for t in range(steps):
            slope = (999.0 * w - 499.0) / 500.0
            total += slope * slope
            if point < len(at) and at[point] == t + 1:
                means[seed, point] = total / (t + 1)
                point += 1
            g = scale * (999.0 * w if rare[seed, t] else -1.0)
            before = v
            v = beta2 * v + (1.0 - beta2) * g * g
            largest = max(largest, v)
            used = v
            if method == 1:
                used = largest
            elif method == 2:
                used = before
            w = min(1.0, max(0.0, w - alpha * g / (np.sqrt(used) + epsilons[t])))
    return means
