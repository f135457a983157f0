"""Runtimes from replay tables, against a search through the trials one by one."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.replays import split
from grids.errors import BadInput
from grids.target import Count

COUNTS = st.sampled_from((Count.trials, Count.unique))
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[list[int]], np.ndarray]:
    """Some replays of different lengths over a few cells, whose values may tie."""
    cells = draw(st.integers(1, 8))
    values = draw(st.lists(st.integers(0, 6), min_size=cells, max_size=cells))
    asked = draw(st.lists(st.lists(st.integers(0, cells - 1), min_size=1, max_size=12), min_size=1, max_size=6))
    return asked, np.array(values, np.float64) / 2


def first_hit(cells: list[int], values: np.ndarray, target: float, count: Count) -> tuple[int, bool]:
    """The cost of the first trial at the target; else what was spent when the lowest value or the end came."""
    for trial in range(1, len(cells) + 1):
        spent = trial if count == Count.trials else len(set(cells[:trial]))
        if values[cells[:trial]].min() - values.min() <= target:
            return spent, True
    return spent, False


@quick
@given(
    search=searches(), target=st.sampled_from([0.0, 0.5, 1.0, 2.9]), count=st.sampled_from((Count.trials, Count.unique))
)
def test_runtimes_are_the_first_hits(
    played: Callable[..., pd.DataFrame], search: tuple[list[list[int]], np.ndarray], target: float, count: Count
) -> None:
    asked, values = search
    (group,) = split(played(asked, values))
    runtimes = group.runtimes(target, count)
    expected = [first_hit(cells, values, target, count) for cells in asked]
    assert list(zip(runtimes.time.tolist(), runtimes.hit.tolist(), strict=True)) == expected


@quick
@given(search=searches(), low=st.floats(0, 3), more=st.floats(0, 2))
def test_a_nearer_target_never_comes_sooner(
    played: Callable[..., pd.DataFrame], search: tuple[list[list[int]], np.ndarray], low: float, more: float
) -> None:
    (group,) = split(played(*search))
    near, far = group.runtimes(low), group.runtimes(low + more)
    assert (far.time <= near.time).all()
    assert (far.hit >= near.hit).all()
    assert (group.runtimes(low, Count.unique).time <= near.time).all()


@quick
@given(search=searches(), budget=st.integers(1, 12))
def test_a_smaller_budget_only_censors(
    played: Callable[..., pd.DataFrame], search: tuple[list[list[int]], np.ndarray], budget: int
) -> None:
    asked, values = search
    (whole,), (cut,) = split(played(asked, values)), split(played([cells[:budget] for cells in asked], values))
    long, short = whole.runtimes(0.5), cut.runtimes(0.5)
    assert (short.hit == (long.hit & (long.time <= budget))).all()
    assert (short.time == np.minimum(long.time, budget)).all()


def test_rounding_does_not_miss_a_target(played: Callable[..., pd.DataFrame]) -> None:
    values = np.array([1.1, 0.6])
    assert values[0] - values[1] > 0.5
    (group,) = split(played([[0, 0, 0]], values))
    assert group.runtimes(0.5).hit.all()


def test_groups_keep_their_order_and_rows_may_come_in_any(table: pd.DataFrame) -> None:
    groups = split(table)
    assert [group.key for group in groups] == [tuple(key) for key in table.iloc[:, :4].drop_duplicates().to_numpy()]
    shuffled = {group.key: group for group in split(table.sample(frac=1, random_state=1))}
    for group in groups:
        assert (shuffled[group.key].runtimes(0.5).time == group.runtimes(0.5).time).all()


def test_the_lowest_value_is_read_off_the_rows(played: Callable[..., pd.DataFrame]) -> None:
    (group,) = split(played([[0, 1], [1, 1]], np.array([5.0, 4.0, 3.25])))
    assert group.lowest() == 3.25


def spoil(table: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    spoiled = table.copy()
    spoiled.loc[0, column] = value
    return spoiled


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda table: table.iloc[:0], "holds no replays"),
        (lambda table: table[~((table["repeat"] == 3) & table["end"])], "repeat 3 has no end row"),
        (lambda table: pd.concat([table, table]), "repeat 0 has more than one end row"),
        (lambda table: table.assign(trial=table["trial"].where(~table["end"], 1)), "goes on after its end"),
        (lambda table: spoil(table, "suboptimality", np.nan), "repeat 0 has a suboptimality"),
        (lambda table: spoil(table, "trial", 0), "repeat 0 has a trial"),
        (lambda table: spoil(table, "unique", 99), "more unique cells than trials"),
    ],
)
def test_a_broken_table_is_refused(
    table: pd.DataFrame, break_it: Callable[[pd.DataFrame], pd.DataFrame], says: str
) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        split(break_it(table), "replays.parquet")
    assert str(caught.value).startswith("replays.parquet: ")
