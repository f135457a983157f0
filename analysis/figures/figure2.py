"""Figure 2: what tuning costs. Left, trials to a target for each searcher; right, mean suboptimality against trials.

One row of two panels for each task in the replay table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from analysis.figures import bars, curves
from analysis.figures.contenders import contenders
from analysis.figures.style import caption, cost_label, in_words, searcher_label, searcher_order, sheet
from analysis.replays import Group
from grids.target import Count

_CURVES = 5.2
"""Inches for the curves."""


def draw(
    groups: Sequence[Group],
    target: float = 0.5,
    level: float = 1.0,
    count: Count = Count.trials,
    *,
    seed: int = 0,
    exact: Mapping[tuple[str, str], curves.Exact] | None = None,
) -> tuple[Figure, list[dict[str, Any]]]:
    """The sheet, and the numbers drawn: one row for each bar and for each point of a curve.

    Args:
        target: the suboptimality that the bars' searchers must reach.
        level: the suboptimality at which the curves' crossings are marked.
        seed: of the bootstrap.
        exact: by surface and searcher; their curves stand in place of the replays', their means on the bars.
    """
    tasks = list(dict.fromkeys(group.task for group in groups))
    searchers = sorted({group.searcher for group in groups}, key=searcher_order)
    width = _width(searchers, max(len(contenders(groups, task)) for task in tasks))
    figure = sheet(width + _CURVES, 0.6 + 3.9 * len(tasks))
    panels = figure.subplots(len(tasks), 2, squeeze=False, width_ratios=(width, _CURVES))
    rows: list[dict[str, Any]] = []
    for (left, right), task in zip(panels, tasks, strict=True):
        own = [group for group in groups if group.task == task]
        who = contenders(groups, task)
        rows += bars.draw(left, own, who, target, count, seed, exact or {})
        rows += curves.draw(right, own, who, level, count, seed, exact or {})
        left.set_title(f"{task}: expected {cost_label(count)} to suboptimality ≤ {target:g}", loc="left")
        right.set_title("mean suboptimality of the best cell so far", loc="left")
    many = in_words([group.repeats for group in groups])
    said = f"{many} replays of each searcher on each surface; intervals and bands: 95%, bootstrap over replays"
    figure.suptitle(caption(said, [group.judged for group in groups]), fontsize=8)
    return figure, rows


def _width(searchers: Sequence[str], who: int) -> float:
    """Inches for the bars: room for each bar, and for the longest line of a searcher's label."""
    letters = max(len(line) for searcher in searchers for line in searcher_label(searcher).split("\n"))
    return min(max(4.6, 0.8 + len(searchers) * max(0.2 * (who + 1), 0.07 * letters + 0.1)), 12.0)
