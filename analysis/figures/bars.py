"""The left panel of figure 2: grouped bars of the expected runtime of each searcher, with intervals and censoring."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.cost import expected_cost
from analysis.ert import FEW_HITS, stream
from analysis.figures.contenders import Contender
from analysis.figures.curves import Exact
from analysis.figures.names import searcher_labels
from analysis.figures.style import cost_label, light_grid, plain
from analysis.replays import Group, Runtimes
from grids.target import Count

_LOG_FROM = 30
"""The scale is logarithmic where the highest bar is this many times the lowest; it starts at one trial or below."""
_EXACT = "exact mean"
_DIAMOND: Any = {
    "marker": "D",
    "markersize": 4.5,
    "color": "none",
    "markerfacecolor": "white",
    "markeredgecolor": "#222222",
}
_LABELLED = 16
"""Bars carry their numbers up to this many bars."""


def draw(
    axes: Axes,
    groups: Sequence[Group],
    who: Sequence[Contender],
    target: float,
    count: Count,
    seed: int,
    exact: Mapping[tuple[str, str], Exact],
) -> list[dict[str, Any]]:
    """Draw one bar for each searcher and contender onto `axes`; returns the numbers drawn, one row for each bar.

    Where every replay hit, so that ERT estimates the mean, the exact mean is marked on the bar if it is known.

    Args:
        axes: the panel.
        groups: the replays of one task.
        who: the task's surfaces.
        target: suboptimality.
        count: the kind of cost.
        seed: of the bootstrap.
        exact: by surface and searcher.
    """
    searchers = searcher_labels(groups)
    found = {(group.searcher, group.surface): group for group in groups}
    width = 0.8 / len(who)
    rows, marks = [], []
    for place, searcher in enumerate(searchers):
        for index, contender in enumerate(who):
            group = found.get((searcher, contender.surface))
            if group is None:
                continue
            runtimes = group.runtimes(target, count)
            height, low, high = expected_cost(group, runtimes, stream(seed, *group.key, target, count))
            middle = place + (index - (len(who) - 1) / 2) * width
            marks.append((middle, contender.colour, runtimes, height, low, high))
            rows.append(_row(group, target, count, runtimes, height, low, high))
            law = exact.get((contender.surface, searcher))
            if law:
                rows[-1]["exact"] = law.runtime if np.isfinite(law.runtime) else None
                if runtimes.hits == runtimes.repeats:
                    axes.plot(middle, law.runtime, label=_EXACT, zorder=4, **_DIAMOND)
    ceiling, log = _scale(rows)
    if log:
        axes.set_yscale("log")
        foot = min(1.0, *(row["value"] if row["hits"] else row["budget"] for row in rows))
        axes.set_ylim(foot, 1.4 * foot * (ceiling / foot) ** 1.12)
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_ylim(0, 1.17 * ceiling)
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    for mark in marks:
        _bar(axes, width, ceiling, *mark, labelled=len(marks) <= _LABELLED)
    axes.set_xticks(range(len(searchers)), [plain(label) for label in searchers.values()])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(searchers) - 0.4)
    axes.set_ylabel(cost_label(count, groups))
    light_grid(axes)
    handles = _legend(who, rows)
    if _EXACT in axes.get_legend_handles_labels()[1]:
        handles.append(Line2D([], [], label=_EXACT, **_DIAMOND))
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1.07),
        ncols=4,
        borderaxespad=0,
        columnspacing=1.2,
        handlelength=1.6,
    )
    return rows


def _row(
    group: Group, target: float, count: Count, runtimes: Runtimes, height: float, low: float, high: float
) -> dict[str, Any]:
    return {
        "panel": "bars",
        **group.names,
        "target": target,
        "count": str(count),
        "repeats": runtimes.repeats,
        "hits": runtimes.hits,
        "value": height,
        "low": low,
        "high": high if np.isfinite(high) else None,
        "budget": group.budget if group.budget and count == Count.trials else runtimes.time.max().item(),
    }


def _scale(rows: Sequence[dict[str, Any]]) -> tuple[float, bool]:
    """The highest value to draw, and whether the scale is logarithmic."""
    drawn = [row["value"] if row["hits"] else row["budget"] for row in rows]
    ends = drawn + [row["high"] for row in rows if row["high"] is not None and row["hits"] >= FEW_HITS]
    return max(ends), max(ends) > _LOG_FROM * min(drawn)


def _bar(
    axes: Axes,
    width: float,
    ceiling: float,
    middle: float,
    shade: str,
    runtimes: Runtimes,
    height: float,
    low: float,
    high: float,
    *,
    labelled: bool,
) -> None:
    size = 0.92 * width
    if not runtimes.hits:
        # All that is known is a lower bound: an arrow from the budget upwards instead of a bar.
        budget = runtimes.time.max()
        axes.plot(middle, budget, marker="^", color=shade, markersize=5)
        axes.annotate("no hit", (middle, budget), (0, 5), **_ABOVE, rotation=90, fontsize=7)
        return
    few = runtimes.hits < FEW_HITS
    whole = runtimes.hits == runtimes.repeats
    style: dict[str, Any] = {"facecolor": shade, "edgecolor": "white", "linewidth": 0}
    if few:
        style = {"facecolor": "white", "edgecolor": shade, "linewidth": 1.0, "linestyle": "--"}
    elif not whole:
        style["hatch"] = "////"
    axes.bar(middle, height, size, **style)
    end = min(high, ceiling)
    axes.vlines(middle, low, end, color="#222222", linewidth=1.0)
    if end < high:
        axes.plot(middle, end, marker="^", color="#222222", markersize=3)
    if labelled or not whole:
        said = f"{height:.0f}" if height >= 9.95 else f"{height:.1f}"
        share = "" if whole else f"{runtimes.hits} hit{'s' * (runtimes.hits > 1)}" if few else _percent(runtimes)
        text = "\n".join(part for part in ((said if labelled else ""), share) if part)
        axes.annotate(text, (middle, end), (0, 2), **_ABOVE, fontsize=7)


_ABOVE: Any = {"textcoords": "offset points", "ha": "center", "va": "bottom"}


def _percent(runtimes: Runtimes) -> str:
    # Rounded down, so that 199 of 200 is not shown as 100%.
    return f"{int(100 * runtimes.hits / runtimes.repeats)}%"


def _legend(who: Sequence[Contender], rows: Sequence[dict[str, Any]]) -> list[Artist]:
    handles: list[Artist] = [Patch(facecolor=contender.colour, label=contender.label) for contender in who]
    if any(FEW_HITS <= row["hits"] < row["repeats"] for row in rows):
        handles.append(
            Patch(facecolor="#999999", edgecolor="white", hatch="////", linewidth=0, label="% of replays hit")
        )
    if any(0 < row["hits"] < FEW_HITS for row in rows):
        label = f"fewer than {FEW_HITS} hits"
        handles.append(Patch(facecolor="white", edgecolor="#555555", linestyle="--", linewidth=1, label=label))
    return handles
