"""Searcher texts: what they mean, and what is said of those that mean nothing."""

import numpy as np
import pytest

from grids.errors import BadInput
from grids.space import PRESETS
from tuning.searchers import get_searcher
from tuning.searchers.balls import radii

READ = {
    "random": {},
    "gld:radius_max=10,radius_min=0.5": {"radius_max": 10.0, "radius_min": 0.5},
    "cgld:radius_max=none,ball=clip": {"radius_max": None, "ball": "clip"},
    "cmaes:popsize=8": {"popsize": 8},
    "tpe:n_startup_trials=3": {"n_startup_trials": 3},
    "optuna:TPESampler": {},
    "optuna:TPESampler:n_startup_trials=5,multivariate=false": {"n_startup_trials": 5, "multivariate": False},
    "optuna:NSGAIISampler,population_size=4,mutation_prob=0.5": {"population_size": 4, "mutation_prob": 0.5},
    "optuna:QMCSampler:qmc_type=halton,scramble=True": {"qmc_type": "halton", "scramble": True},
}
WRONG = {
    "": "unknown searcher ''",
    "Random": "did you mean 'random'",
    "optuna": "unknown Optuna sampler ''",
    "optuna:TPE": "did you mean 'TPESampler'",
    "optuna:PartialFixedSampler": "unknown Optuna sampler",
    "optuna:BaseSampler": "unknown Optuna sampler",
    "optuna:TPESampler:seed=1": "unknown option 'seed'",
    "optuna:TPESampler:n_startup=1": "did you mean 'n_startup_trials'",
    "optuna:NSGAIISampler:population_size=1": "population_size",
    "random:seed=1": "it has no options",
    "gld:radius_max": "written name=value, not 'radius_max'",
    "gld:radius_max=": "written name=value",
    "gld:radius_max=big": "must be a number, not 'big'",
    "gld:radius_max=nan": "radius_max must be",
    "gld:radius_max=1,radius_max=2": "given twice",
    "gld:radius_max=2,radius_min=3": "not less than radius_min=3",
    "gld:ball=square": "one of inside, clip",
    "cmaes:popsize=2.5": "a whole number",
    "cmaes:popsize=1": "popsize must be at least 2",
    "cmaes:sigma=0": "sigma must be",
    "tpe:n_ei_candidates=0": "n_ei_candidates must be 1 or more",
}


@pytest.mark.parametrize("text", READ)
def test_options_are_read_and_taken(text: str) -> None:
    spec = get_searcher(text)
    assert spec.text == text
    assert spec.options == READ[text]
    spec.build(PRESETS["tiny"], np.random.default_rng(0)).ask()


@pytest.mark.parametrize("text", WRONG)
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        get_searcher(text).build(PRESETS["tiny"], np.random.default_rng(0))
    assert WRONG[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_radii_halve_down_to_the_smallest() -> None:
    assert radii((5, 40), None, 1.0) == (39.0, 19.5, 9.75, 4.875, 2.4375, 1.21875)
    assert radii((21, 21), 8.0, 1.0) == (8.0, 4.0, 2.0, 1.0)
    assert radii((1,), None, 1.0) == (1.0,)
    assert radii((21,), 3.0, 3.0) == (3.0,)
