"""Figures of runtime profiles."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.figures import ecdf
from analysis.figures.style import styled
from analysis.profiles import many_targets
from analysis.replays import split
from grids.errors import BadInput

TARGETS = many_targets((0.5, 1.0))


def test_runtime_profiles_by_surface(table: pd.DataFrame, assert_legible: Callable[[Figure], None]) -> None:
    with styled():
        figure, rows = ecdf.draw(split(table), TARGETS)
        assert_legible(figure)
    assert [axes.get_title() for axes in figure.axes] == ["adam", "avagrad"]
    assert {row["searcher"] for row in rows} == {"random", "gld", "cgld"}
    for surface in ("task/adam", "task/avagrad"):
        own = [row for row in rows if row["surface"] == surface and row["searcher"] == "gld"]
        assert [row["share"] for row in own] == sorted(row["share"] for row in own)
        assert 0 < own[-1]["share"] <= 1


@pytest.mark.parametrize("surfaces", [1, 5])
def test_any_number_of_surfaces(table: pd.DataFrame, surfaces: int, assert_legible: Callable[[Figure], None]) -> None:
    one = table[table["surface"] == "task/adam"]
    frame = pd.concat([one.assign(surface=f"s{i}", optimizer=f"o{i}") for i in range(surfaces)])
    with styled():
        figure, _ = ecdf.draw(split(frame), [1.0])
        assert_legible(figure)
    with pytest.raises(BadInput, match="at most 12"):
        ecdf.draw(split(pd.concat([one.assign(surface=f"s{i}") for i in range(13)])), [1.0])


def test_a_surface_of_one_cell_has_a_profile(played: Callable[..., pd.DataFrame]) -> None:
    figure, _ = ecdf.draw(split(played([[0], [0]], np.array([3.0]))), TARGETS)
    (line,) = figure.axes[0].get_lines()
    assert line.get_xdata().tolist() == [1, 2]
    assert line.get_ydata().tolist() == [1, 1]
