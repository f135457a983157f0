"""Figure 2: what tuning costs. Left, trials to a target for each searcher; right, mean suboptimality against trials.

One row of two panels for each task in the replay table.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from analysis.figures import bars, curves
from analysis.figures.contenders import contenders
from analysis.figures.names import searcher_labels
from analysis.figures.style import caption, cost_label, in_words, sheet
from analysis.levels import held_to
from analysis.replays import Group, common_targets
from grids.errors import BadInput
from grids.target import Count
from grids.units import in_parentheses

_CURVES = 5.2
"""Inches for the curves."""


def draw(
    groups: Sequence[Group],
    target: float | None = None,
    mark: float | None = None,
    count: Count = Count.trials,
    *,
    level: float | None = None,
    seed: int = 0,
    exact: Mapping[tuple[str, str], curves.Exact] | None = None,
) -> tuple[Figure, list[dict[str, Any]]]:
    """The sheet, and the numbers drawn: one row for each bar and for each point of a curve.

    Args:
        target: the suboptimality that the bars' searchers must reach; the first of a task's targets where not given.
        mark: the suboptimality at which the curves' crossings are marked; the largest of them where not given.
        level: in place of a target, the value that the bars' searchers must reach, in the metric's own sense.
        seed: of the bootstrap.
        exact: by surface and searcher; their curves stand in place of the replays', their means on the bars.

    Raises:
        BadInput: surfaces of one task in different units, or a mark of 0.
    """
    tasks = list(dict.fromkeys(group.task for group in groups))
    width = _width(searcher_labels(groups).values(), max(len(contenders(groups, task)) for task in tasks))
    figure = sheet(width + _CURVES, 0.6 + 3.9 * len(tasks))
    panels = figure.subplots(len(tasks), 2, squeeze=False, width_ratios=(width, _CURVES))
    rows: list[dict[str, Any]] = []
    for (left, right), task in zip(panels, tasks, strict=True):
        own = [group for group in groups if group.task == task]
        who = contenders(groups, task)
        goal, crossed = goals(own, target, mark)
        if level is None:
            rows += bars.draw(left, own, who, goal, count, seed, exact or {})
            reached = f"suboptimality ≤ {goal:g}"
        else:
            held = [held_to(group, level) for group in own]
            rows += [row | {"target": level} for row in bars.draw(left, held, who, 0.0, count, seed, {})]
            about = own[0].about
            reached = f"{about.metric} {'≥' if about.maximized else '≤'} {level:g}{in_parentheses(about.unit)}"
        rows += curves.draw(right, own, who, crossed, count, seed, exact or {})
        left.set_title(f"{task}: expected {cost_label(count, own)} to {reached}", loc="left")
        right.set_title("mean suboptimality of the best cell so far", loc="left")
    many = in_words([group.repeats for group in groups])
    said = f"{many} replays of each searcher on each surface; intervals and bands: 95%, bootstrap over replays"
    figure.suptitle(caption(said, groups, count), fontsize=8)
    return figure, rows


def goals(groups: Sequence[Group], target: float | None, mark: float | None) -> tuple[float, float]:
    """What one task's bars and curves are held to: what was asked for, else its surfaces' common targets.

    Raises:
        BadInput: no mark is given and the only target is 0, which no curve falls below.
    """
    own = common_targets(groups)
    if mark is None and max(own) == 0:
        raise BadInput(f"{groups[0].surface}: its only target is 0; name a --mark above 0")
    return own[0] if target is None else target, max(own) if mark is None else mark


def _width(labels: Collection[str], who: int) -> float:
    """Inches for the bars: room for each bar, and for the longest line of a searcher's label."""
    letters = max(len(line) for label in labels for line in label.split("\n"))
    return min(max(4.6, 0.8 + len(labels) * max(0.2 * (who + 1), 0.07 * letters + 0.1)), 12.0)
