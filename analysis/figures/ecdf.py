"""Figure of runtime profiles: the share of targets reached against cost, a panel for each surface."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.names import on_one_line, searcher_labels
from analysis.figures.style import caption, colour, cost_label, light_grid, line_style, number_log_axis, plain, sheet
from analysis.profiles import many_targets, runtime_profile
from analysis.replays import Group
from grids.errors import BadInput
from grids.target import Count

MOST = 12
"""Largest number of panels."""
_DECADES = 100
"""From this ratio of the largest to the smallest cost on, only powers of ten are labelled."""


def draw(
    groups: Sequence[Group], targets: Sequence[float] | None = None, count: Count = Count.trials
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure, and the numbers drawn: one row for each step of a line.

    Args:
        groups: of one or more replay tables; one line for each.
        targets: suboptimality; `many_targets` around each surface's own where not given.
        count: the kind of cost.

    Raises:
        BadInput: more surfaces than `MOST`.
    """
    surfaces = list(dict.fromkeys(group.surface for group in groups))
    if len(surfaces) > MOST:
        raise BadInput(f"figure ecdf takes at most {MOST} surfaces, not {len(surfaces)}")
    labels = searcher_labels(groups)
    searchers = list(labels)
    columns = min(len(surfaces), 2 if len(surfaces) in (2, 4) else 3)
    lines = math.ceil(len(surfaces) / columns)
    figure = sheet(0.6 + 3.4 * columns, 0.9 + 2.8 * lines)
    panels = figure.subplots(lines, columns, squeeze=False)
    reach = max(2.0, *(float(group.spent(count).max()) for group in groups))
    first = min(1.0, *(float(group.spent(count).min()) for group in groups)) or 1e-3 * reach
    rows: list[dict[str, Any]] = []
    spans: dict[tuple[float, ...], None] = {}
    several_tasks = len({group.task for group in groups}) > 1
    for place, (panel, surface) in enumerate(zip(panels.flat, surfaces, strict=False)):
        own = sorted((g for g in groups if g.surface == surface), key=lambda g: searchers.index(g.searcher))
        held = tuple(many_targets(own[0].about.targets) if targets is None else targets)
        spans[held] = None
        for group in own:
            text = plain(on_one_line(labels[group.searcher]))
            rows += _line(panel, group, text, searchers.index(group.searcher), held, count, first, reach)
        name = own[0].optimizer_label
        panel.set_title(plain(f"{own[0].task}: {name}" if several_tasks else name))
        panel.set_xscale("log")
        panel.set(xlim=(first, reach), ylim=(0, 1.02))
        number_log_axis(panel.xaxis, (1.0, 2.0, 5.0) if reach < _DECADES * first else ())
        light_grid(panel, "both")
        if place % columns == 0:
            panel.set_ylabel("share of targets reached")
        if place + columns >= len(surfaces):
            panel.set_xlabel(cost_label(count, groups))
    for panel in panels.flat[len(surfaces) :]:
        panel.set_axis_off()
    handles = {line.get_label(): line for panel in panels.flat for line in panel.get_lines() if _named(line)}
    # The width of a legend entry in inches: its line, some space, its letters.
    room = 0.7 + 0.072 * max(map(len, map(str, handles)))
    across = min(6, len(handles), max(1, int(figure.get_figwidth() / room)))
    figure.legend(handles=list(handles.values()), loc="outside lower center", ncols=across)
    targets_said = _targets_in_words(list(spans))
    between = "; " if columns > 1 else "\n"
    said = f"{targets_said}{between}over all replays, as far as the shortest budget (dot)"
    figure.suptitle(caption(said, groups, count), fontsize=8)
    return figure, rows


def _targets_in_words(spans: Sequence[Sequence[float]]) -> str:
    """The targets in words: how many, and their range where all surfaces have the same."""
    first = spans[0]
    many = f"{len(first)} target{'s' * (len(first) > 1)}"
    if len(spans) > 1:
        return f"{many} around each surface's own"
    return f"{many}: suboptimality " + (f"{first[0]:g}" if len(first) == 1 else f"{max(first):g} … {min(first):g}")


def _named(line: Any) -> bool:
    return not str(line.get_label()).startswith("_")


def _line(
    panel: Axes,
    group: Group,
    label: str,
    index: int,
    targets: Sequence[float],
    count: Count,
    first: float,
    reach: float,
) -> list[dict[str, Any]]:
    steps, share, end = runtime_profile([group.runtimes(target, count) for target in targets])
    stop = min(end, reach)
    last = share[-1] if share.size else 0.0
    # Nothing is reached before the first step, unless that is at the left end of the axis.
    lead = int(not steps.size or steps[0] > first)
    panel.step(
        np.concatenate([[first] * lead, steps, [stop]]),
        np.concatenate([[0.0] * lead, share, [last]]),
        where="post",
        **line_style(index),
        label=label,
    )
    if np.isfinite(end):
        panel.plot(end, last, marker="o", markersize=4, color=colour(index), clip_on=False)
    key = {
        **group.names,
        "count": str(count),
    }
    return [{**key, "cost": float(x), "share": float(y)} for x, y in zip(steps, share, strict=True)]
