"""Figure of tunability: the expected best of several optimizers against the number of trials."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import LINES, colour, footnote, light_grid, plain, sheet
from analysis.tunability import Contestant, leaders
from grids.errors import BadInput
from grids.units import in_parentheses

_LOG_FROM = 60
"""The horizontal axis is logarithmic from this many trials on."""
_CROWD = 6
"""More curves than this are drawn without bands, with the legend beside them."""


def draw(contestants: Sequence[Contestant], repetition: bool, statistic: str) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure, with a panel for each task, and its numbers: one row for each contestant and number of trials.

    Args:
        contestants: the curves.
        repetition: whether random search draws with replacement, for the caption.
        statistic: over seeds, for the caption.
    """
    tasks = list(dict.fromkeys(one.task for one in contestants))
    columns = min(len(tasks), 2)
    rows = -(-len(tasks) // columns)
    banded = [task for task in tasks if sum(one.task == task for one in contestants) <= _CROWD]
    figure = sheet((4.6 if banded == tasks else 5.8) * columns + 0.6, 3.5 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    numbers: list[dict[str, Any]] = []
    for axes, task in zip(panels, tasks, strict=False):
        numbers += _panel(axes, task, [one for one in contestants if one.task == task])
    for axes in list(panels)[len(tasks) :]:
        axes.set_visible(False)
    way = "with" if repetition else "without"
    said = []
    if not all(one.searcher for one in contestants):
        seeds = any(one.curve.band is not None for one in contestants if one.task in banded and not one.searcher)
        said.append(
            f"Expected best of random search {way} repetition, exact, of the {statistic} over seeds"
            + ("; bands: lowest to highest of single seeds." if seeds else ".")
        )
    if any(one.searcher for one in contestants):
        said.append("Mean best of replays" + ("; bands: 95%, bootstrap over replays." if banded else "."))
    caption = " ".join([*said, "Dots: where another takes the lead."])
    footnote(figure, caption, 75 * columns)
    return figure, numbers


def _panel(axes: Axes, task: str, some: Sequence[Contestant]) -> list[dict[str, Any]]:
    labels, higher = _labels(some), some[0].maximized
    means = [one.curve.mean for one in some]
    lead = leaders(means, higher)
    trials = np.arange(1, len(means[0]) + 1)
    rows = []
    for index, (one, label) in enumerate(zip(some, labels, strict=True)):
        curve = one.curve
        style = {"color": colour(index), "linestyle": LINES[index // 10 % len(LINES)]}
        axes.plot(trials, curve.mean, label=plain(label), **style)
        if curve.band is not None and len(some) <= _CROWD:
            axes.fill_between(trials, *curve.band, color=style["color"], alpha=0.15, linewidth=0)
        for at, trial in enumerate(trials):
            band = (None, None) if curve.band is None else (float(side[at]) for side in curve.band)
            low, high = (None if side is None or not np.isfinite(side) else side for side in band)
            rows.append(
                {
                    "task": task,
                    "surface": one.surface,
                    "optimizer": one.optimizer,
                    "searcher": one.searcher or "random",
                    "trials": int(trial),
                    "expected_best": float(curve.mean[at]) if np.isfinite(curve.mean[at]) else None,
                    "low": low,
                    "high": high,
                    "leads": bool(lead[at] == index),
                }
            )
    taken = (np.flatnonzero(np.diff(lead)) + 1).tolist()
    for at in taken:
        point = (trials[at], means[lead[at]][at])
        axes.plot(*point, marker="o", color=colour(int(lead[at])), markersize=5, markeredgecolor="white", zorder=4)
        axes.annotate(str(trials[at]), point, (0, -11), textcoords="offset points", ha="center", fontsize=7)
    _frame(axes, np.array(means), [means[lead[at]][at] for at in range(taken[-1] + 1)] if taken else [])
    metric = some[0].metric.removeprefix("-") if higher else some[0].metric
    axes.set(xlabel="trials", ylabel=plain(metric + in_parentheses(some[0].unit)))
    axes.set_title(plain(task), loc="left")
    place: Any = {"loc": "best"}
    if len(some) > _CROWD:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    axes.legend(**place)
    return rows


def _labels(some: Sequence[Contestant]) -> list[str]:
    """Distinct labels: the optimizer, or the surface where two share one, with the searcher where these differ."""
    searchers = {one.searcher for one in some}
    of_searcher = [one for one in some if one.searcher == some[0].searcher]
    shared = len({one.optimizer for one in of_searcher}) < len(of_searcher)
    names = [one.surface if shared else one.label for one in some]
    if len(searchers) == 1:
        return names
    return [f"{name}, {one.searcher or 'random (exact)'}" for name, one in zip(names, some, strict=True)]


def _frame(axes: Axes, means: np.ndarray, leads: Sequence[float]) -> None:
    """Set the limits of the axes so that the steep beginning does not hide later differences.

    Trials that change nothing any more, as after every cell was tried, are left out. The leader's values up to where
    the last one takes the lead lie within. A mean is infinite until every replay has trained one cell to the end.
    """
    changes = np.flatnonzero((means[:, 1:] != means[:, :-1]).any(axis=0))
    end = int(changes[-1]) + 2 if changes.size else means.shape[1]
    later = np.append(means[:, end // 5 : end], leads)
    drawn = later[np.isfinite(later)]
    if not drawn.size:
        raise BadInput(f"within {means.shape[1]} trials some replay of each searcher has no value: --trials with more")
    if drawn.min() == drawn.max():
        drawn = means[np.isfinite(means)]
    low, high = float(drawn.min()), float(drawn.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)
    if end > _LOG_FROM:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(1, max(end, 2))
    light_grid(axes, "both")
