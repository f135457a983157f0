"""Anytime curves, against a loop over replays and trials."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.anytime import crossing, horizon, levels, mean_curve, mean_interval
from analysis.replays import Group, split
from grids.target import Count


def slow_levels(table: pd.DataFrame, last: int, count: Count) -> np.ndarray:
    """The suboptimality after each trial, replay by replay; what came last stays."""
    curves, column = [], "trial" if count == Count.trials else "unique"
    for _, rows in table.groupby("repeat"):
        curve, now = [], np.inf
        for spent in range(1, last + 1):
            reached = rows[rows[column] <= spent]
            now = reached["suboptimality"].iloc[-1] if len(reached) else now
            curve.append(now)
        curves.append(curve)
    return np.array(curves)


@pytest.fixture
def one(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["surface"] == "task/adam") & (table["searcher"] == "gld")]


@pytest.mark.parametrize("count", [Count.trials, Count.unique])
def test_levels_are_what_a_loop_finds(one: pd.DataFrame, count: Count) -> None:
    (group,) = split(one)
    slow = slow_levels(one, 35, count)
    assert (levels(group, np.arange(1, 36), count) == slow).all()
    assert (levels(group, np.arange(8, 21), count) == slow[:, 7:20]).all()


def test_means_in_blocks_of_any_size(one: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    (group,) = split(one)
    slow = slow_levels(one, 25, Count.trials)
    for block in (1, 200, 10**6):
        monkeypatch.setattr("analysis.anytime.BLOCK", block)
        assert mean_curve(group, 25) == pytest.approx(slow.mean(axis=0))


def test_before_a_first_row_nothing_is_known(played: Callable[..., pd.DataFrame]) -> None:
    """Other programs may leave out what they did first."""
    table = played([[0, 1, 1, 2]], np.array([3.0, 2.0, 1.0]))
    (group,) = split(table[table["trial"] > 1])
    assert levels(group, np.arange(1, 6)).tolist() == [[np.inf, 1, 1, 0, 0]]


def test_a_curve_never_rises(table: pd.DataFrame) -> None:
    for group in split(table):
        assert (np.diff(mean_curve(group, horizon(group))) <= 1e-12).all()


def group_of(played: Callable[..., pd.DataFrame], cells: list[list[int]]) -> Group:
    return split(played(cells, np.array([3.0, 2.0, 1.0])))[0]


def test_the_horizon_is_the_shortest_budget_unless_all_found_the_lowest(played: Callable[..., pd.DataFrame]) -> None:
    assert horizon(group_of(played, [[0, 1, 2], [0, 0, 1, 1, 0]])) == 5
    assert horizon(group_of(played, [[0, 1, 2], [2]])) == 3
    ended = group_of(played, [[0, 1, 2], [2]])
    assert levels(ended, np.arange(1, 6)).tolist() == [[2, 1, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_the_band_is_that_of_drawing_whole_replays(one: pd.DataFrame) -> None:
    (group,) = split(one)
    low, high = mean_interval(group, 20, np.random.default_rng(0), resamples=4000)
    slow = slow_levels(one, 20, Count.trials)
    drawn = slow[np.random.default_rng(1).integers(0, 40, (4000, 40))].mean(axis=1)
    spread = drawn.std(axis=0) + 1e-9
    assert (np.abs(low - np.quantile(drawn, 0.025, axis=0)) < 0.25 * spread).all()
    assert (np.abs(high - np.quantile(drawn, 0.975, axis=0)) < 0.25 * spread).all()


def test_where_a_curve_crosses() -> None:
    curve = np.array([4.0, 1.0, 0.9, 0.2])
    assert crossing(curve, 1.0) == 3
    assert crossing(curve, 5.0) == 1
    assert crossing(curve, 0.1) is None


@pytest.mark.filterwarnings("error")
def test_a_table_whose_first_rows_are_not_there_has_no_band_before_them(played: Callable[..., pd.DataFrame]) -> None:
    frame = played([[0, 1, 2], [0, 0, 2]], np.array([3.0, 2.0, 1.0]))
    (group,) = split(frame[(frame["trial"] > 1) | (frame["repeat"] == 1)])
    low, high = mean_interval(group, 3, np.random.default_rng(0))
    assert (low[0], high[0]) == (np.inf, np.inf)
    assert (low[1:] <= high[1:]).all()
    assert np.isfinite(high[1:]).all()
