"""TPE as Optuna's `TPESampler` does it, with every option said, so that Optuna's changing defaults change nothing."""

import inspect
import math
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.searchers.optuna_any import OptunaSearcher


def gamma(finished: int) -> int:
    """How many of the finished trials count as good: ⌈n/10⌉, at most 25 (Optuna's `default_gamma`)."""
    return min(math.ceil(0.1 * finished), 25)


def weights(count: int) -> np.ndarray:
    """Weights `[count]` of the observations, oldest first: the newest 25 weigh 1, older ones ramp up from 1/count.

    Optuna's `default_weights`, after Bergstra et al. 2013.
    """
    if count < 25:
        return np.ones(count)
    return np.concatenate([np.linspace(1.0 / count, 1.0, num=count - 25), np.ones(25)])


class TPE(OptunaSearcher):
    """Optuna's `TPESampler` on integer parameters, as it is by default in Optuna 5, one trial after another.

    Args:
        n_startup_trials: random trials before the model is used.
        n_ei_candidates: points drawn from the good density, of which the one of largest ratio is tried.
        multivariate: model all axes jointly; each axis by itself where false (Optuna's default before version 5).
    """

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        n_startup_trials: int = 10,
        n_ei_candidates: int = 24,
        multivariate: bool = True,
    ) -> None:
        import optuna

        if n_startup_trials < 0:
            raise BadInput(f"n_startup_trials must be 0 or more, not {n_startup_trials}")
        if n_ei_candidates < 1:
            raise BadInput(f"n_ei_candidates must be 1 or more, not {n_ei_candidates}")
        explicit: dict[str, Any] = {
            "consider_prior": True,
            "prior_weight": 1.0,
            "consider_magic_clip": True,
            "consider_endpoints": False,
            "n_startup_trials": n_startup_trials,
            "n_ei_candidates": n_ei_candidates,
            "gamma": gamma,
            "weights": weights,
            "multivariate": multivariate,
            "group": False,
            "warn_independent_sampling": False,
            # Matters only where trials run at the same time; here one is told before the next is asked.
            "constant_liar": False,
            "constraints_func": None,
        }
        # Optuna has announced to drop the first four, gamma and weights, and to keep what they say here.
        taken = inspect.signature(optuna.samplers.TPESampler).parameters
        options = {name: value for name, value in explicit.items() if name in taken}
        super().__init__(space, rng, lambda seed: optuna.samplers.TPESampler(seed=seed, **options))
