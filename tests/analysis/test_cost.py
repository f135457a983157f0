"""The cost table's rows."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.cost import COLUMNS, cost_rows
from analysis.replays import split
from grids.errors import BadInput
from grids.target import Count


def test_keys_stand_in_the_promised_order(table: pd.DataFrame) -> None:
    rows = list(cost_rows(split(table), [0.5, 1.0]))
    assert len(rows) == 12
    expected = "surface optimizer task searcher target count repeats hits mean median q25 q75 ert ert_low ert_high"
    assert all(list(row)[:15] == expected.split() == list(COLUMNS)[:15] for row in rows)
    assert [row["target"] for row in rows[:2]] == [0.5, 1.0]
    assert {row["count"] for row in rows} == {"trials"}
    assert list(rows[0])[15] == COLUMNS[15] == "unit"


def test_numbers_follow_from_the_rows_of_the_table(table: pd.DataFrame) -> None:
    for row in cost_rows(split(table), [1.0], Count.unique):
        own = table[(table["surface"] == row["surface"]) & (table["searcher"] == row["searcher"])]
        spent = own[own["end"]].set_index("repeat")["unique"].astype(float)
        first = own[own["suboptimality"] <= 1.0].groupby("repeat")["unique"].first()
        spent.update(first)
        assert row["hits"] == len(first)
        assert row["repeats"] == 40
        assert row["ert"] == pytest.approx(spent.sum() / len(first))
        assert row["ert_low"] < row["ert"] < row["ert_high"]
        assert row["restricted_mean"] == pytest.approx(spent.mean())
        if len(first) > 20:
            assert row["median"] == np.median(spent.where(spent.index.isin(first.index), np.inf))


def test_a_target_that_none_reaches_is_censored(table: pd.DataFrame) -> None:
    table = table[table["suboptimality"] > 0.05]
    ends = table.groupby(["surface", "searcher", "repeat"])["trial"].transform("max") == table["trial"]
    rows = list(cost_rows(split(table.assign(end=ends)), [0.01]))
    for row in rows:
        assert row["hits"] == 0
        assert all(math.isnan(row[key]) for key in ("mean", "median", "q25", "q75", "ert", "ert_low", "ert_high"))
        assert row["note"].startswith("no hit within")


def test_a_row_does_not_depend_on_the_others(table: pd.DataFrame) -> None:
    together = list(cost_rows(split(table), [0.5, 1.0], seed=3))
    alone = list(cost_rows(split(table[table["searcher"] == "gld"]), [1.0], seed=3))
    assert [row for row in together if row["searcher"] == "gld" and row["target"] == 1.0] == alone
    assert alone != list(cost_rows(split(table[table["searcher"] == "gld"]), [1.0], seed=4))


def test_relative_targets_are_percent_of_the_lowest_value(table: pd.DataFrame) -> None:
    group = split(table)[0]
    (relative,) = cost_rows([group], [50.0], relative=True)
    (absolute,) = cost_rows([group], [0.5 * group.lowest()])
    assert relative["ert"] == absolute["ert"]
    assert relative["target"] == 50.0
    with pytest.raises(BadInput, match="other than 0"):
        list(cost_rows(split(table.assign(best=table["suboptimality"])), [0.5], relative=True))


def test_distinct_cells_are_cut_at_a_common_horizon() -> None:
    """Stuck replays end with few distinct cells: each of them counts as behind all that hit, not as soon unknown."""
    from analysis.replays import Runtimes
    from analysis.survival import mean, quantiles

    time = np.array([5, 6, 7, 8, 9, 10, 11, 20, 12, 13])
    hit = np.array([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], bool)
    known = Runtimes(time, hit).cut(12)
    assert known.time.tolist() == [5, 6, 7, 8, 9, 10, 11, 12, 12, 12]
    assert known.hit.tolist() == [True] * 7 + [False] * 3
    assert np.isnan(mean(known))
    assert quantiles(known, (0.5,)) == [9.5]
    assert Runtimes(time[:8], hit[:8]).cut(np.inf).time.tolist() == time[:8].tolist()
