"""`figure 3 --rates`: rates of convergence on the counterexample, and the best learning rate against ε."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from analysis.figures.style import colour, footnote, light_grid, line_style, sheet

LABELS = {
    "adam": "Adam, ε = 1e-8, α ∝ 1/√T",
    "adam-large-epsilon": "Adam, ε = 1e4, α ∝ 1/√T",
    "dynamic-adam": "Adam, ε ∝ √t, α constant",
    "delayed-adam": "Delayed Adam, α ∝ 1/√T",
}


def draw(
    rates: Sequence[Mapping[str, Any]], regimes: Sequence[Mapping[str, Any]], gradient: float, caption: str
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure and its numbers, the rows of both arguments with `panel` first.

    Args:
        rates: rows of `method, steps, mean, low, high`: the mean of ‖∇f‖² over all steps of a training of `steps`
            steps, as mean, lowest and highest over runs.
        regimes: rows of `epsilon, alpha, mean`: the best α at an ε, and the mean of ‖∇f‖² there.
        gradient: the largest gradient of the problem.
        caption: the settings.
    """
    figure = sheet(8.6, 3.9)
    left, right = figure.subplots(1, 2)
    methods = list(dict.fromkeys(row["method"] for row in rates))
    for index, method in enumerate(methods):
        rows = [row for row in rates if row["method"] == method]
        steps, mean, low, high = (np.array([row[key] for row in rows]) for key in ("steps", "mean", "low", "high"))
        style = line_style(index)
        left.plot(steps, mean, marker="o", markersize=3, label=LABELS.get(method, method), **style)
        left.fill_between(steps, low, high, color=style["color"], alpha=0.15, linewidth=0)
    steps = np.unique([row["steps"] for row in rates])
    lowest = min(row["mean"] for row in rates)
    guide = lowest * np.sqrt(steps[-1] / steps) / 2
    left.plot(steps, guide, color="#333333", linewidth=0.8, linestyle=":")
    middle = len(steps) // 2
    left.annotate("1/√T", (steps[middle], guide[middle]), textcoords="offset points", xytext=(-26, -9), fontsize=8)
    left.set(
        xscale="log", yscale="log", xlabel="steps T, each a training of its own", ylabel="mean of ‖∇f(w)‖² over it"
    )
    left.set_ylim(lowest / 4, 3.0)
    left.set_title("Rates", loc="left")
    left.legend(loc="upper right", fontsize=7, ncols=2)
    epsilon, alpha = (np.array([row[key] for row in regimes]) for key in ("epsilon", "alpha"))
    right.plot(epsilon, alpha, color=colour(0), marker="o", markersize=3)
    right.axvline(gradient, color="#333333", linewidth=0.8, linestyle=":")
    right.annotate("largest gradient", (gradient, alpha.min()), textcoords="offset points", xytext=(4, 0), fontsize=8)
    right.set(xscale="log", yscale="log", xlabel="ε", ylabel="best α of AMSGrad")
    right.set_title("Regimes", loc="left")
    for axes in (left, right):
        light_grid(axes, "both")
    footnote(figure, caption)
    return figure, [{"panel": "rates", **row} for row in rates] + [{"panel": "regimes", **row} for row in regimes]
