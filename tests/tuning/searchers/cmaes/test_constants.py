"""The constants of CMA-ES against those that pycma sets."""

import math
import warnings

import cma
import numpy as np
import pytest

from tuning.searchers.cmaes.constants import constants


@pytest.mark.parametrize("popsize", [None, 6, 7, 12, 31])
@pytest.mark.parametrize("axes", [2, 3, 4, 7, 12, 30])
def test_constants_are_pycmas(axes: int, popsize: int | None) -> None:
    options = {"bounds": [[-0.5] * axes, [20.5] * axes], "seed": math.nan, "verbose": -9, "signals_filename": None}
    if popsize is not None:
        options["popsize"] = popsize
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cma.CMAEvolutionStrategy([1.0] * axes, 1.0, options)
    ours, rates, weights = constants(axes, popsize), theirs.sm.parameters(), theirs.sp.weights
    assert (ours.axes, ours.size, ours.parents) == (axes, theirs.sp.popsize, weights.mu)
    assert (ours.max_generations, ours.patience) == (theirs.opts["maxiter"], theirs.opts["tolstagnation"])
    np.testing.assert_allclose(ours.weights, weights, rtol=1e-13)
    found = ours.effective, ours.path_rate, ours.rank_one, ours.rank_parents
    wanted = weights.mueff, theirs.sp.cc, rates["c1"], rates["cmu"]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    found = ours.step_rate, ours.damping, ours.norm  # type: ignore[assignment]
    wanted = theirs.adapt_sigma.cs, theirs.adapt_sigma.damps, cma.utilities.math.Mh.chiN(axes)  # type: ignore[assignment]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
