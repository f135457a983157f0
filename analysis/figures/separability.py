"""Figure of separability: for each pair of axes the ridge, the two-step loss and the shares of variance.

Each pair has a row of three panels: the surface with the best value of the first axis in every column and the fitted
slopes; the loss of tuning the first axis at a fixed value of the second, and then the second, from each start; and the
shares of variance. See `analysis.separability`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure

from analysis.figures.style import axis_label, axis_symbol, colour, folded, judged_words, plain, sheet
from analysis.figures.ticks import label_cells
from analysis.separability import Pair, at_edge, coordinates, regimes, ridge, ridge_rows, ridge_slope, two_step
from grids.errors import BadInput
from grids.metric import common_unit
from grids.replay_header import Judged

MOST = 6
"""Largest number of pairs."""
_LEVELS = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_RIDGE, _LINE = "#d0021b", "#000000"
_SHARES = (("first_share", 0), ("second_share", 2), ("interaction_share", 1))


def draw(
    pairs: Sequence[Pair],
    rows: Sequence[Mapping[str, Any]],
    split_of: Callable[[Pair], float | None],
    judged: Judged | None = None,
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure, and the numbers drawn: one row for each column of each pair.

    Args:
        pairs: one for each row of panels.
        rows: the `separability_row` of each pair, whose level the middle panels mark.
        split_of: gives the value of a pair's second axis at which the slope may change.
        judged: the options under which cells were valued, shown where they are not the default.

    Raises:
        BadInput: no pair, more than `MOST`, or surfaces of different units.
    """
    if not 1 <= len(pairs) <= MOST:
        raise BadInput(f"a picture of separability takes 1 to {MOST} pairs of axes, not {len(pairs)}")
    units = [(pair.surface.name, pair.surface.provenance.unit) for pair in pairs]
    common_unit(units, "a picture of separability, which has one scale,")
    figure = sheet(11.5, 0.5 + 3.1 * len(pairs))
    panels = figure.subplots(len(pairs), 3, squeeze=False, width_ratios=(3.6, 3.2, 1.6))
    far = max(float(np.quantile(pair.suboptimality, 0.9)) for pair in pairs)
    step = 10.0 ** math.floor(math.log10(far / 10.0)) if far > 0 else 1.0
    edges = [edge * step for edge in _LEVELS]
    norm = BoundaryNorm(edges, len(edges) - 1)
    greys = colormaps["Greys"]
    palette = ListedColormap(greys(np.linspace(0.02, 0.62, len(edges) - 1))).with_extremes(over=greys(0.75))
    for line, (pair, row) in enumerate(zip(pairs, rows, strict=True)):
        left, middle, right = panels[line]
        image = _ridge(left, pair, split_of(pair), palette, norm)
        bar = figure.colorbar(image, ax=left, ticks=edges, extend="max", fraction=0.05, pad=0.02)
        bar.ax.set_yticklabels([f"{edge:g}" for edge in edges])
        bar.ax.set_ylabel("above the lowest", fontsize=8)
        _losses(middle, pair, row["level"])
        _shares(right, pair, row)
    if judged is not None and judged != Judged():
        figure.suptitle(judged_words([judged]), fontsize=8)
    named = {"surface": None, "first": None, "second": None}
    return figure, [
        {name: row[name] for name in named} | _generic(pair, column)
        for pair, row in zip(pairs, rows, strict=True)
        for column in ridge_rows(pair, row["level"])
    ]


def _generic(pair: Pair, column: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `ridge_rows` with the same keys for every pair."""
    names = {pair.second.name: "second_value", f"best_{pair.first.name}": "best_first_value"}
    return {names.get(name, name): value for name, value in column.items()}


def _ridge(panel: Axes, pair: Pair, split: float | None, palette: Colormap, norm: BoundaryNorm) -> Any:
    image = panel.pcolormesh(pair.suboptimality, cmap=palette, norm=norm, edgecolors="face", linewidth=0.1)
    imported = pair.surface.provenance.imported
    where = ridge(pair)
    censored = at_edge(pair, where)
    columns, ends = np.flatnonzero((where >= 0) & ~censored), np.flatnonzero(censored)
    panel.plot(columns + 0.5, where[columns] + 0.5, "o", color=_RIDGE, markersize=4, markeredgecolor="white",
               markeredgewidth=0.5, label=f"best {axis_label(pair.first.name, imported)}")  # fmt: skip
    panel.plot(ends + 0.5, where[ends] + 0.5, "o", color="white", markersize=4, markeredgecolor=_RIDGE,
               markeredgewidth=0.8)  # fmt: skip
    up, along = coordinates(pair.first), coordinates(pair.second)
    parts = regimes(pair, split)
    if split is not None and len(parts) > 1:
        parts.pop("")
    texts = []
    for keep in parts.values():
        slope = ridge_slope(pair, where, keep)
        if math.isnan(slope.slope):
            continue
        fit = keep & (where >= 0) & ~censored
        middle = np.median(up[where[fit]] - slope.slope * along[fit])
        heights = np.interp(middle + slope.slope * along[fit], up, np.arange(len(up)), left=np.nan, right=np.nan)
        panel.plot(np.flatnonzero(fit) + 0.5, heights + 0.5, color=_LINE, linewidth=1.4)
        texts.append(f"{slope.slope:.2f} [{slope.low:.2f}, {slope.high:.2f}]")
    if split is not None and not pair.second.labelled and pair.second.values[0] <= split < pair.second.values[-1]:
        edge = float(np.searchsorted(pair.second.values, split, side="right"))
        panel.axvline(edge, color=_LINE, linewidth=0.8, linestyle=(0, (4, 3)))
    label_cells(panel.yaxis, pair.first, 11)
    label_cells(panel.xaxis, pair.second, 6)
    panel.set(
        xlabel=axis_label(pair.second.name, imported),
        ylabel=axis_label(pair.first.name, imported),
    )
    panel.set_title(plain(f"{pair.surface.provenance.task}: {pair.surface.provenance.label}"))
    slopes = f"slope of the best: {' then '.join(texts)}" if texts else "too few columns for a slope"
    slopes += f"; at the edge, left out: {len(ends)}" if len(ends) else ""
    panel.annotate(slopes, (0.5, 1.0), xycoords="axes fraction", xytext=(0, 2), textcoords="offset points",
                   ha="center", va="bottom", fontsize=8)  # fmt: skip
    panel.title.set_position((0.5, 1.0))
    panel.set_title(panel.get_title(), pad=16)
    for spine in panel.spines.values():
        spine.set_visible(False)
    return image


def _losses(panel: Axes, pair: Pair, level: float) -> None:
    imported = pair.surface.provenance.imported
    steps = two_step(pair, level)
    at = np.arange(len(pair.second)) + 0.5
    panel.vlines(at, 0, steps.mean, color=colour(0), linewidth=1.2)
    panel.plot(at, steps.mean, "o", color=colour(0), markersize=4, label="mean over ties")
    if not np.allclose(steps.worst, steps.mean):
        panel.plot(at, steps.worst, "_", color=colour(1), markersize=7, markeredgewidth=1.6, label="worst of ties")
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.13), ncols=2)
    panel.axhline(level, color=_LINE, linewidth=0.8, linestyle=(0, (4, 3)))
    top = max(float(steps.worst.max()), level)
    threshold = max(level, 1e-3 * top)
    panel.set_yscale("symlog", linthresh=threshold)
    panel.set_ylim(-0.04 * threshold, top * 1.6 if top > threshold else threshold * 1.4)
    panel.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
    label_cells(panel.xaxis, pair.second, 6)
    panel.set_xlim(0, len(pair.second))
    panel.set_xlabel(f"{axis_label(pair.second.name, imported)} at the start")
    panel.set_ylabel("loss in the end")
    within = 100 * float(steps.within.mean())
    panel.set_title(
        folded(f"tune {axis_symbol(pair.first.name, imported)}, then {axis_symbol(pair.second.name, imported)}"),
        pad=16,
    )
    panel.annotate(f"within {level:g} from {within:.0f}% of starts", (0.5, 1.0), xycoords="axes fraction",
                   xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=8)  # fmt: skip


def _shares(panel: Axes, pair: Pair, row: Mapping[str, Any]) -> None:
    imported = pair.surface.provenance.imported
    names = {
        "first_share": folded(f"{axis_symbol(pair.first.name, imported)} alone"),
        "second_share": folded(f"{axis_symbol(pair.second.name, imported)} alone"),
        "interaction_share": "together",
    }
    values = [row[name] for name, _ in _SHARES]
    places = np.arange(len(values))[::-1]
    known = [0.0 if math.isnan(value) else value for value in values]
    panel.barh(places, known, color=[colour(number) for _, number in _SHARES], height=0.6)
    for place, value in zip(places, values, strict=True):
        text = "–" if math.isnan(value) else f"{100 * value:.1f}%"
        panel.text(0 if math.isnan(value) else value, place, f" {text}", va="center", fontsize=8)
    panel.set_yticks(places, [names[name] for name, _ in _SHARES])
    panel.set(xlim=(0, 1.28), xticks=[0, 0.5, 1], xlabel=f"share of variance ({row['scale']})")
    panel.set_title("variance", pad=16)
