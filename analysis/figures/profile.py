"""Figure of performance profiles: the share of problems solved at no more than τ times the lowest cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from analysis.figures.names import on_one_line, searcher_labels
from analysis.figures.style import caption, light_grid, line_style, number_log_axis, plain, sheet
from analysis.profiles import cost_matrix, cost_ratios, performance_profile
from analysis.replays import Group
from grids.target import Count


def draw(
    groups: Sequence[Group], targets: Sequence[float] | None = None, count: Count = Count.trials
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure, and the numbers drawn: one row for each problem and searcher.

    Args:
        groups: of one or more replay tables.
        targets: suboptimality; each surface's own where not given.
        count: the kind of cost.

    Raises:
        BadInput: no surface was replayed by every searcher.
    """
    problems, searchers, costs, few = cost_matrix(groups, targets, count)
    ratios, labels = cost_ratios(costs), searcher_labels(groups)
    finite = ratios[np.isfinite(ratios)]
    reach = 1.15 * max(1.2, float(finite.max()) if finite.size else 1.0)
    figure = sheet(5.6, 4.2)
    panel = figure.subplots()
    for index, name in enumerate(labels):
        steps, share = performance_profile(ratios[:, searchers.index(name)])
        panel.step(
            np.append(steps, reach),
            np.append(share, share[-1]),
            where="post",
            **line_style(index),
            label=plain(on_one_line(labels[name])),
        )
    panel.set_xscale("log")
    panel.set(xlim=(1, reach), ylim=(0, 1.03))
    number_log_axis(panel.xaxis, (1.0, 1.2, 1.5, 2.0, 2.5) if reach < 3 else (1.0, 2.0, 5.0))
    panel.set_xlabel("τ: expected runtime over the lowest of any searcher")
    panel.set_ylabel("share of problems solved within τ")
    light_grid(panel, "both")
    panel.legend(loc="lower right")
    surfaces = len(dict.fromkeys(surface for surface, _ in problems))
    title = f"{_many(len(problems), 'problem')}: {_many(surfaces, 'surface')} × "
    levels = list(dict.fromkeys(target for _, target in problems))
    same = len(problems) == surfaces * len(levels)
    title += "suboptimality " + ", ".join(f"{level:g}" for level in levels) if same else "the targets of each"
    if few:
        title += f"\n{few} of {costs.size} costs rest on fewer than 5 hits"
    panel.set_title(caption(title, groups, count), fontsize=8)
    return figure, _rows(problems, searchers, costs, ratios, count)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number > 1)}"


def _rows(
    problems: Sequence[tuple[str, float]], searchers: Sequence[str], costs: np.ndarray, ratios: np.ndarray, count: Count
) -> list[dict[str, Any]]:
    return [
        {
            "surface": surface,
            "target": target,
            "searcher": name,
            "count": str(count),
            "ert": float(costs[line, column]),
            "ratio": float(ratios[line, column]) if np.isfinite(ratios[line, column]) else None,
        }
        for line, (surface, target) in enumerate(problems)
        for column, name in enumerate(searchers)
    ]
