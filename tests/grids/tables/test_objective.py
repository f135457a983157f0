"""A surface as the objective of an Optuna study."""

import warnings
from dataclasses import replace

import pytest
from surfaces_made import bowl
from tables_made import rich

from grids.errors import BadInput


@pytest.mark.parametrize("by", ["value", "index"])
def test_a_surface_as_an_objective(by: str) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    surface = replace(rich(), curve=None, fidelity=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is experimental
        sampler = optuna.samplers.BruteForceSampler()
    found = optuna.create_study(direction="maximize", sampler=sampler)
    found.optimize(surface.objective(by=by), n_trials=50)
    assert found.best_value == pytest.approx(-surface.mean.min())
    assert tuple(found.best_trial.user_attrs["cell"]) == surface.best_cell
    if by == "value":
        expected = {n: v if v != "" else None for n, v in surface.space.values(surface.best_cell).items()}
        assert found.best_params == expected
    with pytest.raises(BadInput, match="lower values are better"):
        optuna.create_study(direction="maximize").optimize(bowl().objective(), n_trials=1)
