"""The rows of the replay table, compiled and run by Python, against a plain walk through each replay."""

from typing import Any

import numpy as np
import pytest

from grids.space import Axis, Space
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.table import table_rows


def problem(cells: int, columns: int, rng: np.random.Generator) -> TabularProblem:
    space = Space((Axis("alpha", tuple(range(1, cells + 1)), "linear"),))
    told = rng.integers(0, 6, (cells, columns)).astype(float)
    return TabularProblem(
        "label", "adam", "toy", space, told.mean(axis=1), told[..., None], float(told.mean(axis=1).min())
    )


def walk(cells: list[int], columns: list[int], repeat: int, on: TabularProblem) -> list[dict[str, Any]]:
    rows = []
    lowest_told, incumbent, seen = np.inf, -1, set()
    for trial, (cell, column) in enumerate(zip(cells, columns, strict=True), start=1):
        seen.add(cell)
        if on.told[cell, column] < lowest_told:
            lowest_told, incumbent = on.told[cell, column], cell
            rows.append({"repeat": repeat, "trial": trial, "unique": len(seen), "cell": incumbent, "end": False})
    rows.append({"repeat": repeat, "trial": len(cells), "unique": len(seen), "cell": incumbent, "end": True})
    for row in rows:
        row["best"] = on.value[row.pop("cell")]
        row["suboptimality"] = row["best"] - on.value.min()
    return rows


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize(("replays", "trials"), [(1, 1), (1, 9), (40, 1), (60, 30)])
def test_rows_are_those_of_a_plain_walk(replays: int, trials: int, columns: int) -> None:
    rng = np.random.default_rng(replays + trials)
    on = problem(8, columns, rng)
    told = rng.integers(0, columns, (replays, trials))
    matrix = rng.integers(0, 8, (replays, trials)).astype(np.int32)
    lengths = rng.integers(1, trials + 1, replays)
    matrix[np.arange(trials) >= lengths[:, None]] = -1

    found = table_rows(Played(matrix, told), on, first_repeat=100)
    by_python = table_rows(Played(matrix, told, compiled=False), on, first_repeat=100)
    for name, column in found.items():
        assert by_python[name].dtype == column.dtype
        np.testing.assert_array_equal(by_python[name], column, err_msg=name)

    expected = [
        row
        for i, length in enumerate(lengths)
        for row in walk(matrix[i, :length].tolist(), told[i, :length].tolist(), 100 + i, on)
    ]
    assert np.isnan(found.pop("spent")).all()
    for name, column in found.items():
        assert column.tolist() == [row[name] for row in expected], name
    assert found["repeat"].dtype == found["trial"].dtype == found["unique"].dtype == np.int64
    assert found["end"].dtype == bool
