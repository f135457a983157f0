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
from analysis.replays import Group, common_targets
from grids.errors import BadInput
from grids.target import Count

_CURVES = 5.2
"""Inches for the curves."""


def draw(
    groups: Sequence[Group],
    target: float | None = None,
    level: float | None = None,
    count: Count = Count.trials,
    *,
    seed: int = 0,
    exact: Mapping[tuple[str, str], curves.Exact] | None = None,
) -> tuple[Figure, list[dict[str, Any]]]:
    """The sheet, and the numbers drawn: one row for each bar and for each point of a curve.

    Args:
        target: the suboptimality that the bars' searchers must reach; the first of a task's targets where not given.
        level: the suboptimality at which the curves' crossings are marked; the largest of them where not given.
        seed: of the bootstrap.
        exact: by surface and searcher; their curves stand in place of the replays', their means on the bars.

    Raises:
        BadInput: surfaces of one task in different units, or a level of 0.
    """
    tasks = list(dict.fromkeys(group.task for group in groups))
    width = _width(searcher_labels(groups).values(), max(len(contenders(groups, task)) for task in tasks))
    figure = sheet(width + _CURVES, 0.6 + 3.9 * len(tasks))
    panels = figure.subplots(len(tasks), 2, squeeze=False, width_ratios=(width, _CURVES))
    rows: list[dict[str, Any]] = []
    for (left, right), task in zip(panels, tasks, strict=True):
        own = [group for group in groups if group.task == task]
        who = contenders(groups, task)
        goal, mark = goals(own, target, level)
        rows += bars.draw(left, own, who, goal, count, seed, exact or {})
        rows += curves.draw(right, own, who, mark, count, seed, exact or {})
        left.set_title(f"{task}: expected {cost_label(count, own)} to suboptimality ≤ {goal:g}", loc="left")
        right.set_title("mean suboptimality of the best cell so far", loc="left")
    many = in_words([group.repeats for group in groups])
    said = f"{many} replays of each searcher on each surface; intervals and bands: 95%, bootstrap over replays"
    figure.suptitle(caption(said, groups, count), fontsize=8)
    return figure, rows


def goals(groups: Sequence[Group], target: float | None, level: float | None) -> tuple[float, float]:
    """What one task's bars and curves are held to: what was asked for, else its surfaces' common targets.

    Raises:
        BadInput: no level is given and the only target is 0, which no curve falls below.
    """
    own = common_targets(groups)
    if level is None and max(own) == 0:
        raise BadInput(f"{groups[0].surface}: its only target is 0; name a --level above 0")
    return own[0] if target is None else target, max(own) if level is None else level


def _width(labels: Collection[str], who: int) -> float:
    """Inches for the bars: room for each bar, and for the longest line of a searcher's label."""
    letters = max(len(line) for label in labels for line in label.split("\n"))
    return min(max(4.6, 0.8 + len(labels) * max(0.2 * (who + 1), 0.07 * letters + 0.1)), 12.0)
