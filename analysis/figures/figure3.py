"""Figure 3: convergence on the paper's counterexample (equation 11), over time and against the learning rate."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.style import LINES, colour, footnote, light_grid, line_style, sheet

MEASURE = "mean of ‖∇f(w)‖²"
_LABELS = {"adam": "Adam", "delayed-adam": "Delayed Adam", "dynamic-adam": "Adam"}


def draw(
    paths: Sequence[Mapping[str, Any]], sweep: Sequence[Mapping[str, Any]], caption: str
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure and its numbers, the rows of both arguments with `panel` first.

    Args:
        paths: rows of `method, power, alpha, epsilon, step, mean, low, high`: the mean of ‖∇f‖² over the first
            `step` iterates, as mean, lowest and highest over seeds; lines are in order of appearance.
        sweep: rows of `method, power, alpha, epsilon, step, mean, low, high, late`: the same after the last step, and
            `late`, the mean over the last tenth of the steps alone.
        caption: the settings.
    """
    figure = sheet(8.6, 3.9)
    left, right = figure.subplots(1, 2, sharey=True)
    for index, (name, rows) in enumerate(_by_line(paths).items()):
        style = line_style(index)
        steps, mean, low, high = (np.array([row[key] for row in rows]) for key in ("step", "mean", "low", "high"))
        left.plot(steps, mean, label=f"{name}, α = {rows[0]['alpha']:g}", **style)
        left.fill_between(steps, low, high, color=style["color"], alpha=0.15, linewidth=0)
    for index, rows in enumerate(_by_line(sweep).values()):
        alpha, mean, late = (np.array([row[key] for row in rows]) for key in ("alpha", "mean", "late"))
        right.plot(alpha, mean, color=colour(index), marker="o", markersize=3)
        right.plot(alpha, late, color=colour(index), linestyle=LINES[2], linewidth=1.0)
    right.plot([], [], color="#333333", marker="o", markersize=3, label="over all steps (colours as on the left)")
    right.plot([], [], color="#333333", linestyle=LINES[2], linewidth=1.0, label="over the last tenth alone")
    drawn = [value for row in (*paths, *sweep) for value in (row["low"], row.get("late", 1.0)) if value > 0]
    left.set_ylim(min(1e-3, min(drawn) / 2), 1.5)
    _finish(left, "step t", f"{MEASURE} over steps 1 to t", "At one learning rate each")
    _finish(right, "learning rate α", MEASURE, "At every learning rate")
    right.tick_params(labelleft=True)
    footnote(figure, caption)
    return figure, [{"panel": "path", **row} for row in paths] + [{"panel": "sweep", **row} for row in sweep]


def label(method: str, power: float) -> str:
    """A method's label; for `dynamic-adam` with the power of t in proportion to which ε grows."""
    name = _LABELS.get(method, method)
    return f"{name}, ε ∝ $t^{{{power:g}}}$" if method == "dynamic-adam" else name


def _by_line(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        lines.setdefault(label(row["method"], row["power"]), []).append(row)
    return lines


def _finish(axes: Axes, across: str, up: str, title: str) -> None:
    axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    axes.set_title(title, loc="left")
    light_grid(axes, "both")
    axes.legend(loc="lower left")
