"""Ranks over tasks: by hand, by SciPy's tests, and with the uncertainty of few tasks."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from analysis.ranks import chance, rank_rows
from analysis.replays import Group, split
from grids.errors import BadInput


def groups(costs: dict[str, dict[str, float]], repeats: int = 60, searcher: str = "gld") -> list[Group]:
    """By task and optimizer, the mean trials to a target; 0 where no replay hits within 99."""
    rows = []
    for task, each in costs.items():
        for optimizer, cost in each.items():
            times = (
                np.random.default_rng(len(task + optimizer)).geometric(1 / cost, repeats) if cost else np.full(60, 99)
            )
            for repeat, time in enumerate(times):
                names = (f"{task}/{optimizer}", optimizer, task, searcher, repeat)
                value = 0.0 if cost else 7.0
                rows += [(*names, time, time, value, value, end) for end in ((False, True) if cost else (True,))]
    columns = ["surface", "optimizer", "task", "searcher", "repeat", "trial", "unique", "best", "suboptimality", "end"]
    return split(pd.DataFrame(rows, columns=columns))


def test_mean_ranks_by_hand() -> None:
    costs = {task: {"adam": 5.0, "sgd": 80.0, "lion": 0.0} for task in "abcd"}
    costs["d"] = {"adam": 90.0, "sgd": 4.0, "lion": 0.0}
    rows = {row["optimizer"]: row for row in rank_rows(groups(costs), targets=[0.5])}
    assert list(rows) == ["adam", "sgd", "lion"]
    assert [row["mean_rank"] for row in rows.values()] == [1.25, 1.75, 3.0]
    assert [row["best_on"] for row in rows.values()] == [3, 1, 0]
    for row in rows.values():
        assert (row["tasks"], row["target"], row["searcher"]) == (4, 0.5, "gld")
        assert row["rank_low"] <= row["mean_rank"] <= row["rank_high"]
        assert row["note"] == "4 tasks are few: weak evidence"
    assert (rows["lion"]["rank_low"], rows["lion"]["rank_high"]) == (3.0, 3.0)
    # Of four tasks drawn, the one that adam loses comes thrice or more in 5 % of cases, four times in 0.4 %.
    assert (rows["adam"]["rank_low"], rows["adam"]["rank_high"]) == (1.0, 1.75)
    assert rows["adam"]["p"] == pytest.approx(friedmanchisquare([1, 1, 1, 2], [2, 2, 2, 1], [3, 3, 3, 3]).pvalue)


def test_two_that_nobody_hits_share_a_rank() -> None:
    rows = rank_rows(groups({task: {"a": 4.0, "b": 0.0, "c": 0.0} for task in ("x", "y")}), targets=[1.0])
    assert [(row["optimizer"], row["mean_rank"]) for row in rows] == [("a", 1.0), ("b", 2.5), ("c", 2.5)]


def test_searchers_are_ranked_too_and_many_tasks_are_not_called_few() -> None:
    tasks = [f"task{i}" for i in range(12)]
    fast = groups({task: {"adam": 3.0} for task in tasks}, searcher="tpe")
    slow = groups({task: {"adam": 90.0} for task in tasks}, searcher="random")
    rows = rank_rows([*fast, *slow], "searcher", [0.5])
    assert [(row["searcher"], row["mean_rank"], row["test"]) for row in rows] == [
        ("tpe", 1.0, "sign"),
        ("random", 2.0, "sign"),
    ]
    assert rows[0]["p"] == pytest.approx(2 * 0.5**12)
    assert rows[0]["note"] is None


def test_only_what_every_task_has_is_ranked() -> None:
    rows = rank_rows(groups({"x": {"a": 4.0, "b": 9.0, "c": 2.0}, "y": {"a": 4.0, "b": 9.0}}), targets=[1.0])
    assert {row["optimizer"] for row in rows} == {"a", "b"}
    for costs in ({"x": {"a": 4.0, "b": 9.0}}, {"x": {"a": 4.0}, "y": {"b": 9.0}}):
        with pytest.raises(BadInput, match="needs two tasks or more"):
            rank_rows(groups(costs), targets=[1.0])


def test_chance_where_nothing_differs() -> None:
    assert np.isnan(chance(np.full((4, 3), 2.0))[0])
    assert np.isnan(chance(np.full((4, 2), 1.5))[0])
