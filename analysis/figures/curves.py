"""The right panel of figure 2: mean suboptimality against trials, with bands and the crossings of a level."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from analysis.anytime import crossing, grid, horizon, mean_curve, mean_interval
from analysis.ert import stream
from analysis.figures.contenders import Contender
from analysis.figures.names import on_one_line, searcher_labels
from analysis.figures.style import LINES, cost_label, light_grid, number, number_log_axis, plain
from analysis.replays import Group, unit_of
from grids.target import Count
from grids.units import in_parentheses, of_difference

_SHOWN = ("cgld", "gld")
_FLOOR = 20
"""The vertical scale ends this many times below the level."""

_LOG_FROM = 60
"""The horizontal axis is logarithmic from this many trials on, since curves fall mostly at the beginning."""
_CROWD = 8
"""More curves than this are drawn without bands and dots, with the legend outside; the CSV holds all numbers."""


@dataclass(frozen=True, eq=False)
class Exact:
    """Exact results for one searcher on one surface.

    Args:
        curve: float64 `[trials]`, the mean suboptimality after 1, 2, … trials.
        runtime: the expected number of trials to the bars' target; infinite where it may never be reached.
    """

    curve: np.ndarray
    runtime: float


@dataclass(frozen=True, eq=False)
class Curve:
    """One line: its mean and, unless it is exact, its band at `costs`, float64 `[costs]` each."""

    group: Group
    label: str
    colour: str
    line: Any
    costs: np.ndarray
    mean: np.ndarray
    band: tuple[np.ndarray, np.ndarray] | None
    crossing: float | None


def draw(
    axes: Axes,
    groups: Sequence[Group],
    who: Sequence[Contender],
    level: float,
    count: Count,
    seed: int,
    exact: Mapping[tuple[str, str], Exact],
) -> list[dict[str, Any]]:
    """Draw the curves of GLD and CGLD, or without these of every searcher, onto `axes`; returns the numbers drawn.

    Args:
        axes: the panel.
        groups: the replays of one task.
        who: the task's surfaces.
        level: suboptimality at which crossings are marked.
        count: the kind of cost.
        seed: of the bootstrap.
        exact: by surface and searcher; their curves replace those of replays.
    """
    named = [group for group in groups if group.searcher.partition(":")[0] in _SHOWN]
    lines = _curves(named or groups, who, level, count, seed, exact)
    unit = unit_of(groups, "figure 2")
    floor = level / _FLOOR
    stepwise = count not in (Count.trials, Count.unique)
    first = min(float(curve.costs[0]) for curve in lines) if stepwise else 1.0
    for curve in lines:
        # A curve that falls to 0 leaves the panel at the bottom; it starts where every replay has found a cell.
        shown = np.where(np.isfinite(curve.mean), np.maximum(curve.mean, floor / 10), np.nan)
        axes.plot(
            curve.costs,
            shown,
            drawstyle="steps-post" if stepwise else "default",
            color=curve.colour,
            linestyle=curve.line,
            label=curve.label,
        )
        if curve.band and len(lines) <= _CROWD:
            low, high = (np.where(np.isfinite(s), np.maximum(s, floor / 10), np.nan) for s in curve.band)
            axes.fill_between(
                curve.costs, low, high, step="post" if stepwise else None, color=curve.colour, alpha=0.18, linewidth=0
            )
    axes.axhline(level, color="#333333", linewidth=0.8, zorder=1)
    reach = _reach(lines, floor)
    if len(lines) <= _CROWD:
        _crossings(axes, lines, level, first, reach)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    if reach > _LOG_FROM:
        axes.set_xscale("log")
        number_log_axis(axes.xaxis, (1.0, 2.0, 5.0))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    highest = max(float(curve.mean[np.isfinite(curve.mean)].max(initial=level)) for curve in lines)
    axes.set_ylim(floor, 1.5 * highest)
    axes.set_xlim(first, reach)
    axes.set_xlabel(cost_label(count, groups))
    axes.set_ylabel("suboptimality" + plain(in_parentheses(of_difference(unit))))
    light_grid(axes, "both")
    place: Any = {"loc": "best"}
    if len(lines) > _CROWD:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "fontsize": 7}
    axes.legend(**place, title=f"falls below {level:g} after", title_fontsize=8, alignment="left")
    return [row for curve in lines for row in _rows(curve, count)]


def _curves(
    groups: Sequence[Group],
    who: Sequence[Contender],
    level: float,
    count: Count,
    seed: int,
    exact: Mapping[tuple[str, str], Exact],
) -> list[Curve]:
    searchers = searcher_labels(groups)
    found = {(group.surface, group.searcher): group for group in groups}
    lines = []
    for contender in who:
        for place, searcher in enumerate(searchers):
            group = found.get((contender.surface, searcher))
            if group is None:
                continue
            last = horizon(group, count)
            law = exact.get((contender.surface, searcher))
            mean = law.curve if law else mean_curve(group, last, count)
            costs = np.arange(1, len(mean) + 1) if law else grid(group, last, count)
            band = None if law else mean_interval(group, last, stream(seed, *group.key, "mean"), count)
            at = crossing(mean, level, costs)
            kind = plain(on_one_line(searchers[searcher])) + (", exact" if law else "")
            label = f"{contender.label}, {kind}: {'never' if at is None else number(at)}"
            line = LINES[(len(searchers) - 1 - place) % len(LINES)]
            lines.append(Curve(group, label, contender.colour, line, costs, mean, band, at))
    return lines


def _crossings(axes: Axes, lines: Sequence[Curve], level: float, first: float, reach: float) -> None:
    """Mark where each curve falls below the level by a dot and its trial, placed so that labels do not overlap."""
    taken: list[tuple[int, float]] = []
    slots = [offset for step in range(len(lines)) for offset in (-12 - 11 * step, 6 + 11 * step)]
    for curve in lines:
        if curve.crossing is None:
            continue
        point = (curve.crossing, level)
        axes.plot(*point, marker="o", color=curve.colour, markersize=5, markeredgecolor="white", zorder=4)
        place = _place(curve.crossing, first, reach)
        near = {slot for slot, other in taken if abs(place - other) < 0.06}
        slot = next(slot for slot in slots if slot not in near)
        taken.append((slot, place))
        said = number(curve.crossing)
        text = axes.annotate(said, point, (0, slot), textcoords="offset points", ha="center", zorder=5)
        text.set(color=curve.colour, weight="bold", path_effects=[withStroke(linewidth=2.5, foreground="white")])


def _place(cost: float, first: float, reach: float) -> float:
    """The position of a cost along the axis, from 0 to 1."""
    if reach > _LOG_FROM:
        return math.log(cost / first) / math.log(reach / first)
    return (cost - first) / (reach - first)


def _reach(lines: Sequence[Curve], floor: float) -> float:
    """The largest cost shown: where the slowest curve reaches the bottom of the scale, or ends."""
    ends = [crossing(curve.mean, floor, curve.costs) or float(curve.costs[-1]) for curve in lines]
    return max(2.0, 1.03 * max(ends))


def _rows(curve: Curve, count: Count) -> list[dict[str, Any]]:
    group = curve.group
    name = "trial" if count in (Count.trials, Count.unique) else str(count)
    rows = []
    for place, (cost, mean) in enumerate(zip(curve.costs.tolist(), curve.mean.tolist(), strict=True)):
        row: dict[str, Any] = {"panel": "curves", **group.names, name: cost, "value": _known(mean)}
        if curve.band:
            row |= {"low": _known(curve.band[0][place]), "high": _known(curve.band[1][place])}
        rows.append(row)
    return rows


def _known(number: float) -> float | None:
    """The number, or None where it is infinite, before every replay has found a cell."""
    return float(number) if math.isfinite(number) else None
