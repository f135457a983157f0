"""Runtime and performance profiles, against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.profiles import cost_matrix, cost_ratios, many_targets, performance_profile, runtime_profile
from analysis.replays import Runtimes, split
from grids.errors import BadInput


def test_a_runtime_profile_counts_pairs() -> None:
    near = Runtimes(np.array([4, 9]), np.array([True, False]))
    far = Runtimes(np.array([2, 4]), np.array([True, True]))
    steps, share, end = runtime_profile([near, far])
    assert steps.tolist() == [2, 4]
    assert share.tolist() == [0.25, 0.75]
    assert end == 9
    assert runtime_profile([far])[2] == np.inf


def test_it_ends_where_the_first_budget_does() -> None:
    """Beyond the shortest budget the share is unknown, and hits there would be counted from fewer replays."""
    sample = Runtimes(np.array([3, 5, 8, 7]), np.array([True, False, True, False]))
    steps, share, end = runtime_profile([sample])
    assert steps.tolist() == [3]
    assert share.tolist() == [0.25]
    assert end == 5


def test_every_replay_and_target_weighs_the_same(table: pd.DataFrame) -> None:
    groups = split(table)
    targets = (10.0, 1.0, 0.1)
    runs = [group.runtimes(target) for group in groups for target in targets]
    steps, share, _ = runtime_profile(runs)
    for moment, found in zip(steps, share, strict=True):
        hits = sum(int((run.hit & (run.time <= moment)).sum()) for run in runs)
        assert found == pytest.approx(hits / (len(runs) * 40))


def test_ratios_and_profile_by_hand() -> None:
    costs = np.array([[2.0, 4.0], [9.0, 3.0], [np.nan, 5.0], [np.nan, np.nan]])
    ratios = cost_ratios(costs)
    assert ratios.tolist() == [[1, 2], [3, 1], [np.inf, 1], [np.inf, np.inf]]
    steps, share = performance_profile(ratios[:, 0])
    assert steps.tolist() == [1, 3]
    assert share.tolist() == [0.25, 0.5]
    steps, share = performance_profile(ratios[:, 1])
    assert steps.tolist() == [1, 2]
    assert share.tolist() == [0.5, 0.75]


def test_a_solver_that_solves_nothing_stays_at_zero() -> None:
    steps, share = performance_profile(np.array([np.inf, np.inf]))
    assert steps.tolist() == [1]
    assert share.tolist() == [0]


def test_only_surfaces_that_all_searchers_played_are_problems(table: pd.DataFrame) -> None:
    partly = table[~((table["surface"] == "task/avagrad") & (table["searcher"] == "cgld"))]
    problems, searchers, costs, few = cost_matrix(split(partly), [0.5, 1.0])
    assert problems == [("task/adam", 0.5), ("task/adam", 1.0)]
    assert searchers == ["random", "gld", "cgld"]
    assert costs.shape == (2, 3)
    assert few == 0
    none = partly[~((partly["surface"] == "task/adam") & (partly["searcher"] == "gld"))]
    with pytest.raises(BadInput, match="no surface"):
        cost_matrix(split(none), [0.5])


def test_many_targets_lie_around_the_default_ones() -> None:
    found = many_targets((0.02, 0.04))
    assert (found[0], found[-1], len(found)) == (0.4, 0.004, 21)
    assert many_targets((0.0, 1.0)) == many_targets((1.0,))
    with pytest.raises(BadInput, match="name others with --target"):
        many_targets((0.0,))
