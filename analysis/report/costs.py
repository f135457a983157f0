"""The report's data of replay tables: the rows of `tunecost cost`, and curves of mean suboptimality."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.anytime import grid, horizon, mean_curve, mean_interval
from analysis.cost import NARROW, cost_rows
from analysis.ert import stream
from analysis.figures.contenders import contenders
from analysis.figures.names import on_one_line, searcher_labels
from analysis.figures.style import cost_label, cost_words, judged_words
from analysis.replays import Group
from grids.target import Count

MOST_COSTS = 80
"""Largest number of points of a curve: the first 20, and others evenly spaced on a log scale."""
_FIRST = 20


def packed(groups: Sequence[Group], targets: Sequence[float] | None, count: Count, *, seed: int = 0) -> dict[str, Any]:
    """The page's data of replays.

    Args:
        groups: of one or more tables.
        targets: suboptimality; each surface's own where None.
        count: the kind of cost.
        seed: of the bootstrap.

    Returns:
        `rows`: as of `tunecost cost --format json`; `columns`: those that are shown; `groups`: one for each surface and
        searcher, with its label and its `curve`, the mean suboptimality with its interval at up to `MOST_COSTS` costs,
        in four digits; `searchers`: the labels of searchers; `count`, `counted`, `said`: the kind of cost, its label,
        and remarks.
    """
    labels = {text: on_one_line(label) for text, label in searcher_labels(groups).items()}
    tasks = dict.fromkeys(group.task for group in groups)
    called = {one.surface: one.label for task in tasks for one in contenders(groups, task)}
    return {
        "count": str(count),
        "columns": [*NARROW[:-1], "unit", "note"],
        "counted": cost_label(count, groups),
        "rows": list(cost_rows(groups, targets, count, seed=seed)),
        "searchers": labels,
        "groups": [
            {
                **group.names,
                "label": called[group.surface],
                "repeats": group.repeats,
                "unit": group.about.unit,
                "curve": _curve(group, count, seed),
            }
            for group in groups
        ],
        "said": [words for words in (judged_words([one.judged for one in groups]), cost_words(groups, count)) if words],
    }


def _curve(group: Group, count: Count, seed: int) -> dict[str, list[float]]:
    """The curve of figure 2 at up to `MOST_COSTS` of its costs."""
    last = horizon(group, count)
    costs = grid(group, last, count)
    mean = mean_curve(group, last, count)
    low, high = mean_interval(group, last, stream(seed, *group.key, "mean"), count)
    places = _places(len(costs))
    numbers = {"at": costs, "mean": mean, "low": low, "high": high}
    return {name: [_four(number) for number in column[places].tolist()] for name, column in numbers.items()}


def _places(count: int) -> np.ndarray:
    """The indices of the points that are kept out of `count`, int64 ascending, with the first and the last."""
    if count <= MOST_COSTS:
        return np.arange(count)
    further = np.geomspace(_FIRST, count, MOST_COSTS - _FIRST).round().astype(np.int64) - 1
    return np.unique(np.concatenate([np.arange(_FIRST), further]))


def _four(number: float) -> float:
    return float(f"{number:.4g}") if not float(number).is_integer() else number
