"""Compiled TPE against Optuna's `TPESampler`: the distribution of trials to a target, on surfaces of six shapes.

Optuna is slow, so ours is played so often that its own error does not count, and Optuna just often enough: so many
replays that a mean 10% off would be noticed with a probability of 80%, in tests that are wrong once in a thousand.
"""

import math
import warnings
from collections.abc import Callable

import numpy as np
import optuna
import pytest
from scipy import stats

from grids.library import load_surface
from grids.space import Axis, Space
from tuning.ledger import Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher

LEVEL, POWER, DIFFERENCE = 0.001, 0.8, 0.10
OURS = 20_000


def shipped() -> np.ndarray:
    return load_surface("digits-mlp/adam").mean


def ridge() -> np.ndarray:
    x, y = np.mgrid[0:21, 0:21].astype(float)
    return np.asarray(abs(x - y) + 0.05 * (x + y))


def plateau() -> np.ndarray:
    """All cells equal but one."""
    values = np.ones((7, 7))
    values[2, 5] = 0
    return values


def noise() -> np.ndarray:
    return np.random.default_rng(0).random((12, 12))


def three_axes() -> np.ndarray:
    x, y, z = np.mgrid[0:8, 0:7, 0:6].astype(float)
    return np.asarray((x - 5) ** 2 + 2 * (y - 2) ** 2 + (z - 4) ** 2 + 0.2 * x * y)


def five_by_forty() -> np.ndarray:
    x, y = np.mgrid[0:5, 0:40].astype(float)
    return np.asarray(3 * (x - 1) ** 2 + abs(y - 27) + 3 * np.sin(y))


# The surface, how many of its cells are good enough, and after how many trials a replay gives up.
CASES = [
    (shipped, 8, 60),
    (ridge, 4, 80),
    (plateau, 1, 100),
    (noise, 4, 60),
    (three_axes, 1, 100),
    (five_by_forty, 1, 100),
]


def our_runtimes(values: np.ndarray, target: float, trials: int, repeats: int) -> np.ndarray:
    space = Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(values.shape)))
    flat = values.ravel()
    problem = TabularProblem("x", "b", "a", space, flat, flat[:, None, None], -math.inf)
    hits = flat[play(problem, get_searcher("tpe"), 1, range(repeats), Limits(trials)).cells] <= target
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, trials)


def optunas_runtime(values: np.ndarray, target: float, trials: int, seed: int) -> int:
    distributions = {f"x{i}": optuna.distributions.IntDistribution(0, n - 1) for i, n in enumerate(values.shape)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for number in range(1, trials + 1):
        trial = study.ask(distributions)
        value = float(values[tuple(trial.params[name] for name in distributions)])
        study.tell(trial, value)
        if value <= target:
            return number
    return trials


def needed(runtimes: np.ndarray) -> int:
    """How many replays of Optuna see a mean that is off by `DIFFERENCE`, with `POWER`, at `LEVEL`."""
    z = stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(POWER)
    return math.ceil((z * runtimes.std() / runtimes.mean() / DIFFERENCE) ** 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("surface", "good", "trials"), CASES)
def test_runtimes_are_distributed_as_optunas(surface: Callable[[], np.ndarray], good: int, trials: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    values = surface()
    target = float(np.sort(values, axis=None)[good - 1])
    ours = our_runtimes(values, target, trials, OURS)
    theirs = np.array([optunas_runtime(values, target, trials, seed) for seed in range(needed(ours))])
    mean = stats.ttest_ind(ours, theirs, equal_var=False)
    shape = stats.ks_2samp(ours, theirs)
    print(
        f"\n{surface.__name__}: mean {ours.mean():.2f} against {theirs.mean():.2f} in {len(theirs)} replays of Optuna, "
        f"p {mean.pvalue:.3f}; distributions p {shape.pvalue:.3f}"
    )
    assert mean.pvalue > LEVEL
    assert shape.pvalue > LEVEL
