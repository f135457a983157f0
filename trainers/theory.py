"""The predictions of the paper's theorems on the problem of equation 11, measured: rates, families, regimes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainers.counterexample import Setting, samples, simulate

HORIZONS = tuple(int(steps) for steps in np.unique(np.geomspace(1e3, 1e6, 13).round().astype(np.int64)))
"""T: four to a decade."""
LARGE_HORIZONS = tuple(steps for steps in HORIZONS if steps >= 10_000)
"""T at which all rates are judged, since they are of large T.

From 10,000 on, dynamic Adam's ε ends above √v after a rare gradient, √(1 − β2)·999: Theorem 2 asks for an ε that large.
"""
EPSILONS = (1e-8, 1e-6, 1e-4, 1e-2, 1.0)

Of_horizon = Callable[[int], Setting]

RATES: Mapping[str, Of_horizon] = {
    # Theorem 3: η independent of the sample, α = α'/√T.
    "delayed-adam": lambda steps: Setting("delayed-adam", 0.1 / np.sqrt(steps), 1e-8),
    # Theorem 2: an ε that grows as √t, α constant; or one that is large from the start, with α = γ·ε/√T.
    "dynamic-adam": lambda steps: Setting("dynamic-adam", 0.03, 1.0, 0.5),
    "adam-large-epsilon": lambda steps: Setting("adam", 100.0 / np.sqrt(steps), 1e4),
    # Theorem 1: what converges nowhere.
    "adam": lambda steps: Setting("adam", 0.1 / np.sqrt(steps), 1e-8),
}
"""By name, a method's setting for each horizon."""


@dataclass(frozen=True, eq=False)
class Rate:
    """The mean of ‖∇f‖² over T steps, each T a training of its own unless its setting is that of another.

    Args:
        steps: T, int64 `[horizons]`.
        means: float64 `[horizons, runs]`.
    """

    steps: np.ndarray
    means: np.ndarray


def rates(seed: int, runs: int, horizons: Sequence[int] | None = None) -> dict[str, Rate]:
    """Each of `RATES` over the given numbers of steps (`HORIZONS`), all on the same samples."""
    horizons = HORIZONS if horizons is None else horizons
    rare = samples(seed, runs, max(horizons))
    return {name: Rate(np.array(horizons), _means(of, rare, horizons)) for name, of in RATES.items()}


def _means(of: Of_horizon, rare: np.ndarray, horizons: Sequence[int]) -> np.ndarray:
    """The mean of ‖∇f‖² for each horizon, float64 `[horizons, runs]`; horizons with the same setting share a run."""
    shared: dict[Setting, list[int]] = {}
    for steps in sorted(set(horizons)):
        shared.setdefault(of(steps), []).append(steps)
    found: dict[int, np.ndarray] = {}
    for setting, ends in shared.items():
        means = simulate([setting], rare[:, : ends[-1]], np.array(ends))[0]
        found |= dict(zip(ends, means.T, strict=True))
    return np.array([found[steps] for steps in horizons])


def family(
    seed: int, runs: int, steps: int, alpha: float = 1e-4, epsilons: Sequence[float] = EPSILONS
) -> dict[float, np.ndarray]:
    """Theorem 1: for every ε a problem on which Adam fails, S·f with S = ε/1e-8.

    Adam's step on S·f with ε is its step on f with ε/S, so that no ε helps against all problems.

    Returns:
        By ε, the mean of ‖∇f‖² over all steps over that of the first: float64 `[runs]`.
    """
    rare, ends = samples(seed, runs, steps), np.array([1, steps])
    found = {}
    for epsilon in epsilons:
        means = simulate([Setting("adam", alpha, epsilon, scale=epsilon / 1e-8)], rare, ends)[0]
        found[epsilon] = means[:, 1] / means[:, 0]
    return found


@dataclass(frozen=True, eq=False)
class Ridge:
    """For every ε the best α, and the mean of ‖∇f‖² there: float64 `[epsilons]` each."""

    epsilon: np.ndarray
    alpha: np.ndarray
    mean: np.ndarray


def ridge(seed: int, runs: int, steps: int) -> Ridge:
    """The two regimes of equation 8, α' of order 1/H: ε does not matter below the gradients' size, and scales α beyond.

    By AMSGrad, among values of α six to a decade, for ε two to a decade from 1e-8 to 1e8.
    """
    rare, ends = samples(seed, runs, steps), np.array([steps])
    epsilons, alphas = np.geomspace(1e-8, 1e8, 33), np.geomspace(1e-6, 1e6, 73)
    best, least = [], []
    for epsilon in epsilons:
        means = simulate([Setting("amsgrad", alpha, epsilon) for alpha in alphas], rare, ends)[..., 0].mean(axis=1)
        best.append(alphas[int(means.argmin())])
        least.append(means.min())
    return Ridge(epsilons, np.array(best), np.array(least))
