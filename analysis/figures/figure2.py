"""Figure 2, the cost of tuning: trials to a target for each searcher, and mean suboptimality against trials.

Each task of the replay tables has a row of two panels, `bars` and `curves`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from analysis.cost import interval_words
from analysis.figures import bars, curves
from analysis.figures.contenders import contenders
from analysis.figures.names import searcher_labels
from analysis.figures.style import caption, cost_label, in_words, plain, sheet
from analysis.levels import held_to
from analysis.replays import Group, common_targets
from grids.errors import BadInput
from grids.target import Count
from grids.units import in_parentheses

_CURVES = 5.2
"""Width of the right panel in inches."""


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
    """The figure, and the numbers drawn: one row for each bar and for each point of a curve.

    Args:
        groups: of one or more replay tables.
        target: suboptimality of the bars; a task's first common target where not given.
        mark: suboptimality at which crossings of the curves are marked; the largest common target where not given.
        count: the kind of cost.
        level: a value of the metric, in its own direction, that replaces the bars' target.
        seed: of the bootstrap.
        exact: by surface and searcher; their curves replace those of replays, and their means are marked on the bars.

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
        left.set_title(f"{plain(task)}: expected {cost_label(count, own)} to {plain(reached)}", loc="left")
        right.set_title("mean suboptimality of the best cell so far", loc="left")
    many = in_words([group.repeats for group in groups])
    over = " or ".join(dict.fromkeys(interval_words(group) for group in groups))
    said = f"{many} replays of each searcher on each surface; intervals of bars: 95%, {over}; bands: over replays"
    figure.suptitle(caption(said, groups, count), fontsize=8)
    return figure, rows


def goals(groups: Sequence[Group], target: float | None, mark: float | None) -> tuple[float, float]:
    """The suboptimality of the bars and of the mark on the curves: as given, or by the surfaces' common targets.

    Raises:
        BadInput: no mark is given and the only target is 0, below which no curve falls.
    """
    own = common_targets(groups)
    if mark is None and max(own) == 0:
        raise BadInput(f"{groups[0].surface}: its only target is 0; name a --mark above 0")
    return own[0] if target is None else target, max(own) if mark is None else mark


def _width(labels: Collection[str], who: int) -> float:
    """Width of the left panel in inches, for its bars and the longest line of a searcher's label."""
    letters = max(len(line) for label in labels for line in label.split("\n"))
    return min(max(4.6, 0.8 + len(labels) * max(0.2 * (who + 1), 0.07 * letters + 0.1)), 12.0)
