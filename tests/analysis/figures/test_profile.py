"""Figures of performance profiles, and captions that several kinds of figures share."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.figures import ecdf, figure2, profile
from analysis.figures.style import styled
from analysis.profiles import many_targets
from analysis.replays import Group, split
from grids.replay_header import Judged
from grids.surface_facts import SurfaceFacts

TARGETS = many_targets((0.5, 1.0))


def test_sheets_say_what_judged_the_replays_where_that_is_not_the_rule(
    table: pd.DataFrame, assert_legible: Callable[[Figure], None]
) -> None:
    groups = [replace(group, judged=Judged("worst", "best", "seed")) for group in split(table)]
    words = "\njudged by worst over seeds, best epoch, seed noise"
    with styled():
        for sheets in (
            lambda some: ecdf.draw(some, TARGETS)[0],
            lambda some: profile.draw(some, [1.0])[0],
            lambda some: figure2.draw(some)[0],
        ):
            figure = sheets(groups)
            assert_legible(figure)
            assert any(words in text.get_text() for text in figure.findobj(Text))
            assert not any("judged" in text.get_text() for text in sheets(split(table)).findobj(Text))


@pytest.mark.parametrize("surfaces", [1, 3])
def test_long_names_of_searchers_stay_on_the_sheet(
    table: pd.DataFrame, surfaces: int, assert_legible: Callable[[Figure], None]
) -> None:
    one = table[table["surface"] == "task/adam"].replace({"searcher": {"gld": "gld:radius_max=10,ball=clip"}})
    more = [one, one.assign(searcher="optuna:" + one["searcher"].str[:4] + "SamplerOfSomeone")]
    frame = pd.concat([part.assign(surface=f"s{i}", optimizer=f"o{i}") for part in more for i in range(surfaces)])
    with styled():
        for figure, _ in (ecdf.draw(split(frame), TARGETS), profile.draw(split(frame), [1.0])):
            assert_legible(figure)


def test_performance_profiles(
    table: pd.DataFrame, labelled: Callable[[pd.DataFrame], list[Group]], assert_legible: Callable[[Figure], None]
) -> None:
    with styled():
        figure, rows = profile.draw(labelled(table), [0.5, 1.0])
        assert_legible(figure)
    assert len(rows) == 2 * 2 * 3
    for line in range(0, 12, 3):
        assert min(row["ratio"] for row in rows[line : line + 3]) == 1
    (axes,) = figure.axes
    assert {line.get_label() for line in axes.get_lines()} == {"random", "GLD", "CGLD"}


def test_each_surface_is_held_to_its_own_targets(table: pd.DataFrame, assert_legible: Callable[[Figure], None]) -> None:
    facts = {"adam": SurfaceFacts(unit="nats", targets=(2.0, 4.0)), "avagrad": SurfaceFacts(unit="%")}
    groups = [replace(group, about=facts[group.optimizer]) for group in split(table)]
    with styled():
        figure, rows = profile.draw(groups)
        assert_legible(figure)
        assert figure.axes[0].get_title() == "4 problems: 2 surfaces × the targets of each"
        problems = dict.fromkeys((row["surface"], row["target"]) for row in rows)
        assert list(problems) == [("task/adam", 2.0), ("task/adam", 4.0), ("task/avagrad", 0.5), ("task/avagrad", 1.0)]
        figure, _ = ecdf.draw(groups)
        assert_legible(figure)
        (said,) = (text.get_text() for text in figure.findobj(Text) if "targets" in text.get_text()[:10])
        assert said.startswith("21 targets around each surface's own")
    same = [replace(group, about=SurfaceFacts()) for group in groups]
    assert ecdf.draw(same)[1] == ecdf.draw(same, TARGETS)[1]
    assert profile.draw(same)[0].axes[0].get_title().endswith("× suboptimality 0.5, 1")
