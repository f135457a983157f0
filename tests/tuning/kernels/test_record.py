"""The compiled record of replays against the readable one."""

import numpy as np
import pytest

from grids.space import Axis, Space
from tuning.kernels.record import record
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.table import table_rows


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("distinct", [3, 1000])
def test_rows_are_those_of_the_readable_form(columns: int, distinct: int) -> None:
    rng = np.random.default_rng(columns)
    space = Space((Axis("a", tuple(range(6)), "linear"), Axis("b", tuple(range(5)), "linear")))
    value = rng.integers(0, distinct, 30) / 7.0
    told = value[:, None] if columns == 1 else value[:, None] + rng.integers(0, distinct, (30, columns))
    problem = TabularProblem("label", "opt", "task", space, value, told[..., None], float(value.min()))
    matrix = rng.integers(0, 30, (200, 50)).astype(np.int32)
    lengths = rng.integers(1, 51, 200)
    lengths[0] = 50
    matrix[np.arange(50) >= lengths[:, None]] = -1
    drawn = rng.integers(0, columns, matrix.shape).astype(np.int32)
    plain = table_rows(Played(matrix, drawn), problem, 17)
    fast = record(Played(matrix, drawn), problem, 17)
    assert list(fast) == list(plain)
    for name, column in plain.items():
        assert fast[name].dtype == column.dtype
        np.testing.assert_array_equal(fast[name], column, err_msg=name)
