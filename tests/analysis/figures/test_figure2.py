"""Figure 2: bars, curves, crossings, whatever the table holds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from analysis.anytime import crossing, horizon, mean_curve
from analysis.cost import cost_rows
from analysis.figures import figure2
from analysis.figures.contenders import contenders
from analysis.figures.curves import Exact
from analysis.figures.style import styled
from analysis.replays import Group, split
from grids.errors import BadInput
from grids.surface_facts import SurfaceFacts
from grids.target import Count

Check = Callable[[Figure], None]


Labelled = Callable[[pd.DataFrame], list[Group]]


def drawn(rows: list[dict], panel: str) -> list[dict]:
    return [row for row in rows if row["panel"] == panel]


def legend(axes) -> list[str]:  # type: ignore[no-untyped-def]
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_bars_are_the_cost_tables_numbers(table: pd.DataFrame) -> None:
    groups = split(table)
    figure, rows = figure2.draw(groups, target=1.0, seed=5)
    costs = {(row["surface"], row["searcher"]): row for row in cost_rows(groups, [1.0], seed=5)}
    bars = drawn(rows, "bars")
    assert len(bars) == 6
    for bar in bars:
        cost = costs[bar["surface"], bar["searcher"]]
        assert (bar["value"], bar["low"], bar["high"]) == (cost["ert"], cost["ert_low"], cost["ert_high"])
    heights = [patch.get_height() for c in figure.axes[0].containers if isinstance(c, BarContainer) for patch in c]
    assert sorted(heights) == sorted(bar["value"] for bar in bars)


def test_curves_are_gld_and_cgld_with_their_crossings(table: pd.DataFrame, labelled: Labelled) -> None:
    groups = labelled(table)
    figure, rows = figure2.draw(groups, mark=1.0)
    assert {row["searcher"] for row in drawn(rows, "curves")} == {"gld", "cgld"}
    said = []
    for optimizer, surface in (("Adam", "task/adam"), ("AvaGrad", "task/avagrad")):
        for searcher in ("gld", "cgld"):
            (group,) = (g for g in groups if g.surface == surface and g.searcher == searcher)
            curve = mean_curve(group, horizon(group))
            own = [
                row for row in rows if row["panel"] == "curves" and (row["surface"], row["searcher"]) == group.key[::3]
            ]
            assert [row["value"] for row in own] == pytest.approx(curve)
            assert all(row["low"] - 1e-6 <= row["value"] <= row["high"] + 1e-6 for row in own)
            said.append(f"{optimizer}, {searcher.upper()}: {crossing(curve, 1.0) or 'never'}")
    assert legend(figure.axes[1]) == said


def test_without_gld_every_searcher_has_a_curve(table: pd.DataFrame) -> None:
    _, rows = figure2.draw(split(table[table["searcher"] == "random"]))
    assert {row["searcher"] for row in drawn(rows, "curves")} == {"random"}


def renamed(table: pd.DataFrame, count: int) -> pd.DataFrame:
    names = [f"optimizer{i}" for i in range(count)]
    return pd.concat([table[table["optimizer"] == "adam"].assign(optimizer=n, surface=f"task/{n}") for n in names])


@pytest.mark.parametrize("change", ["as it is", "one", "ten", "two tasks", "options", "two surfaces of one optimizer"])
def test_any_table_is_legible(table: pd.DataFrame, change: str, assert_legible: Check) -> None:
    frame = {
        "as it is": table,
        "one": table[(table["optimizer"] == "adam") & (table["searcher"] == "random")],
        "ten": renamed(table, 10),
        "two tasks": pd.concat([table, table.assign(task="other", surface="other/" + table["optimizer"])]),
        "options": table.replace({"searcher": {"gld": "gld:radius_max=10,ball=clip"}}),
        "two surfaces of one optimizer": table.assign(optimizer="adam"),
    }[change]
    with styled():
        figure, _ = figure2.draw(split(frame))
        assert_legible(figure)


def test_two_surfaces_of_one_optimizer_are_told_apart(table: pd.DataFrame) -> None:
    who = contenders(split(table.assign(optimizer="adam")), "task")
    assert [one.label for one in who] == ["task/adam", "task/avagrad"]


def with_hits(table: pd.DataFrame, hits: dict[str, int]) -> pd.DataFrame:
    """The same replays, of which only so many of each searcher were granted the lowest value, the rest cut before."""
    granted = table["repeat"] < table["searcher"].map(hits)
    kept = table[granted | (table["suboptimality"] > 0)]
    last = ~kept.duplicated(["surface", "searcher", "repeat"], keep="last")
    return kept.assign(end=last)


def test_censoring_is_shown(table: pd.DataFrame, assert_legible: Check) -> None:
    groups = split(with_hits(table, {"random": 0, "gld": 3, "cgld": 20}))
    with styled():
        figure, rows = figure2.draw(groups, target=0.0)
        assert_legible(figure)
    bars = drawn(rows, "bars")
    hits = [bar["hits"] for bar in bars]
    assert hits[:4] == [0, 0, 3, 3]
    assert min(hits[4:]) >= 5
    solid = [p for c in figure.axes[0].containers if isinstance(c, BarContainer) for p in c]
    assert len(solid) == sum(hit > 0 for hit in hits)
    assert sum(bool(patch.get_hatch()) for patch in solid) == sum(5 <= hit < 40 for hit in hits)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sum("no hit" in text for text in texts) == hits.count(0)
    assert all(bar["value"] != bar["value"] for bar in bars if bar["hits"] == 0)
    assert {"% of replays hit", "fewer than 5 hits"} <= set(legend(figure.axes[0]))


def test_exact_laws_take_the_replays_place(table: pd.DataFrame, labelled: Labelled) -> None:
    groups = labelled(table)
    law = Exact(np.geomspace(10, 0.01, 30), 12.5)
    figure, rows = figure2.draw(groups, exact={("task/adam", "gld"): law}, target=10.0)
    own = [row for row in drawn(rows, "curves") if (row["surface"], row["searcher"]) == ("task/adam", "gld")]
    assert [row["value"] for row in own] == law.curve.tolist()
    assert all("low" not in row for row in own)
    assert legend(figure.axes[1])[0] == "Adam, GLD, exact: 11"
    (bar,) = (row for row in drawn(rows, "bars") if "exact" in row)
    assert bar["exact"] == 12.5
    assert "exact mean" in legend(figure.axes[0])


def test_a_curve_that_comes_to_nothing_leaves_by_the_foot_of_the_scale(played: Callable[..., pd.DataFrame]) -> None:
    frame = played([[0, 1], [1]], np.array([4.0, 0.0]), searcher="gld")
    figure, _ = figure2.draw(split(frame))
    axes = figure.axes[1]
    (line,) = (line for line in axes.get_lines() if line.get_label().startswith("adam"))
    assert line.get_ydata()[0] == 2.0
    assert 0 < line.get_ydata()[1] < axes.get_ylim()[0]


@pytest.mark.filterwarnings("error")
def test_a_surface_of_equals_is_drawn(played: Callable[..., pd.DataFrame], assert_legible: Check) -> None:
    with styled():
        figure, _ = figure2.draw(split(played([[0], [0]], np.array([3.0]), searcher="gld")))
        assert_legible(figure)
    low, high = figure.axes[1].get_ylim()
    assert low < 1.0 < high


def test_the_legend_makes_way_for_curves_that_stay_high(played: Callable[..., pd.DataFrame]) -> None:
    frame = played([[0] * 40] * 3, np.array([50.0, 0.0]), searcher="gld")
    with styled():
        figure, _ = figure2.draw(split(frame))
        figure.draw_without_rendering()
    axes = figure.axes[1]
    box = axes.get_legend().get_window_extent()
    assert box.y1 < axes.transData.transform((1, 50.0))[1]


def test_distinct_cells_can_be_counted(table: pd.DataFrame) -> None:
    figure, rows = figure2.draw(split(table), count=Count.unique)
    assert {row["count"] for row in drawn(rows, "bars")} == {"unique"}
    assert figure.axes[1].get_xlabel() == "distinct cells"
    assert "expected distinct cells to" in figure.axes[0].get_title(loc="left")


def told(groups: list[Group], **facts: SurfaceFacts) -> list[Group]:
    return [replace(group, about=facts[group.optimizer]) for group in groups]


def test_targets_and_unit_are_the_surfaces(table: pd.DataFrame) -> None:
    adam = SurfaceFacts(unit="nats", targets=(2.0, 4.0), optimizer_label="ADAM")
    avagrad = SurfaceFacts(unit="nats", targets=(3.0, 3.5))
    figure, rows = figure2.draw(told(split(table), adam=adam, avagrad=avagrad))
    assert {row["target"] for row in drawn(rows, "bars")} == {3.0}
    assert figure.axes[1].get_legend().get_title().get_text() == "falls below 4 after"
    assert figure.axes[1].get_ylabel() == "suboptimality (nats)"
    assert legend(figure.axes[0])[:2] == ["ADAM", "avagrad"]
    _, asked = figure2.draw(told(split(table), adam=adam, avagrad=avagrad), target=1.0)
    assert {row["target"] for row in drawn(asked, "bars")} == {1.0}


def test_one_scale_has_one_unit(table: pd.DataFrame) -> None:
    groups = told(split(table), adam=SurfaceFacts(unit="nats"), avagrad=SurfaceFacts(unit="%"))
    with pytest.raises(BadInput, match=r"figure 2 needs values of one unit, not task/adam in nats, task/avagrad in %"):
        figure2.draw(groups)
    apart = [replace(group, task=group.optimizer) for group in groups]
    figure, _ = figure2.draw(apart)
    assert [axes.get_ylabel() for axes in figure.axes[1::2]] == [
        "suboptimality (nats)",
        "suboptimality (percentage points)",
    ]


def test_a_target_of_0_alone_needs_a_level(table: pd.DataFrame) -> None:
    groups = told(split(table), adam=SurfaceFacts(targets=(0.0,)), avagrad=SurfaceFacts(targets=(0.0,)))
    with pytest.raises(BadInput, match="its only target is 0; name a --mark above 0"):
        figure2.draw(groups)
    assert figure2.goals(groups, None, 0.5) == (0.0, 0.5)
