"""Replay tables as the report's page holds them: the rows of `tunecost cost`, and curves of suboptimality."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.anytime import grid, horizon, mean_curve, mean_interval
from analysis.cost import cost_rows
from analysis.ert import stream
from analysis.figures.contenders import contenders
from analysis.figures.names import on_one_line, searcher_labels
from analysis.figures.style import cost_label, cost_words, judged_words
from analysis.replays import Group
from grids.target import Count

MOST_COSTS = 80
"""Points of a curve that a page holds: the first 20, and as many more as there is room for, evenly on a log scale."""
_FIRST = 20


def packed(groups: Sequence[Group], targets: Sequence[float] | None, count: Count, *, seed: int = 0) -> dict[str, Any]:
    """What the page shows of replays.

    Args:
        groups: of one or more tables.
        targets: suboptimality to count the cost of; each surface's own where None.
        count: what is counted.
        seed: of the bootstrap.

    Returns:
        `rows` as `tunecost cost --format json` has them; `groups`, one for each surface and searcher, with labels for
        figures and its `curve`: mean suboptimality with its interval at some costs, in four digits.
    """
    labels = {text: on_one_line(label) for text, label in searcher_labels(groups).items()}
    tasks = dict.fromkeys(group.task for group in groups)
    called = {one.surface: one.label for task in tasks for one in contenders(groups, task)}
    return {
        "count": str(count),
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
    """The numbers of figure 2's curve at `MOST_COSTS` of its costs at most."""
    last = horizon(group, count)
    costs = grid(group, last, count)
    mean = mean_curve(group, last, count)
    low, high = mean_interval(group, last, stream(seed, *group.key, "mean"), count)
    places = _places(len(costs))
    numbers = {"at": costs, "mean": mean, "low": low, "high": high}
    return {name: [_four(number) for number in column[places].tolist()] for name, column in numbers.items()}


def _places(count: int) -> np.ndarray:
    """Which of `count` points are kept, int64 ascending, the first and the last among them."""
    if count <= MOST_COSTS:
        return np.arange(count)
    further = np.geomspace(_FIRST, count, MOST_COSTS - _FIRST).round().astype(np.int64) - 1
    return np.unique(np.concatenate([np.arange(_FIRST), further]))


def _four(number: float) -> float:
    return float(f"{number:.4g}") if not float(number).is_integer() else number
