"""Figure 1: error surfaces as heat maps of suboptimality, on one colour scale or on one for each metric.

The first axis is vertical, the second horizontal; over further axes the best cell is shown. A surface with one axis is
a vertical strip.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.bands import bands
from analysis.figures.style import axis_label, axis_symbol, in_words, plain, sheet
from analysis.figures.ticks import label_cells
from grids.errors import BadInput
from grids.metric import common_unit
from grids.space import Axis, Cell, value_text
from grids.surface import Surface
from grids.target import gap
from grids.units import in_parentheses, of_difference, with_unit

MOST = 16
"""Largest number of panels."""
_GREY, _HATCH = "#e4e4e4", "#8a8a8a"
_STAR = "#d0021b"
_MANY_TIES = 12
_NO_BREAK = "\N{NO-BREAK SPACE}"
_WIDEST = 48
"""Largest number of characters in a line above a panel."""
_LONG_NAME = 28


@dataclass(frozen=True, eq=False)
class Slice:
    """The part of a surface in one panel: arrays `[first axis, second axis]`, the second of length 1 if missing.

    Args:
        surface: the surface.
        lowest: its lowest value.
        best_cell: the first cell with that value.
        cell: int64, the flat number of the cell shown, the best over any further axes.
        suboptimality: float64, in the surface's unit.
        diverged: float64, the share of the cell's seeds that diverged.
        filled: float64, the share of the cell's seeds whose value was filled in.
        axes: the one or two axes shown.
    """

    surface: Surface
    lowest: float
    best_cell: Cell
    cell: np.ndarray
    suboptimality: np.ndarray
    diverged: np.ndarray
    filled: np.ndarray
    axes: tuple[Axis, ...]

    @property
    def best(self) -> np.ndarray:
        """Which cells have the lowest value: bool."""
        return np.asarray(self.suboptimality == 0)


def best_slice(surface: Surface, statistic: str = "mean", shown: Sequence[str] = ()) -> Slice:
    """The surface over two axes, with the best cell over all further axes.

    Args:
        surface: over a grid.
        statistic: over seeds.
        shown: the names of the vertical and the horizontal axis; the first two where not given.

    Raises:
        BadInput: a pool, or an axis that the surface lacks.
    """
    space = surface.space
    if space.is_pool:
        raise BadInput(f"{surface.name}: is a pool of configurations; figure 1 draws full grids")
    chosen = [space.names.index(space.axis(name).name) for name in shown] or list(range(min(2, len(space.axes))))
    order = [*chosen, *(number for number in range(len(space.axes)) if number not in chosen)]
    value = surface.table(statistic)
    lowest, best = float(value.min()), space.cell(int(value.argmin()))
    shape = (*(space.shape[number] for number in chosen), 1)[:2]
    deep = gap(value, lowest).transpose(order).reshape(*shape, -1)
    at = deep.argmin(axis=-1)
    flat = np.arange(space.size).reshape(space.shape).transpose(order).reshape(*shape, -1)
    cell = np.take_along_axis(flat, at[..., None], axis=-1)[..., 0]
    diverged, filled = (share.ravel()[cell] for share in (surface.diverged.mean(axis=-1), surface.filled_share))
    axes = tuple(space.axes[number] for number in chosen)
    return Slice(surface, lowest, best, cell, deep.min(axis=-1), diverged, filled, axes)


def bounds(slices: Sequence[Slice]) -> np.ndarray:
    """Edges of the colour bands (`analysis.bands.bands`): float64 `[bands + 1]`.

    They are those of the cells with a value of their own, of which no seed diverged or was filled in, if there are any.
    """
    own = [part.suboptimality[(part.diverged == 0) & (part.filled == 0)] for part in slices]
    trained = [part.suboptimality[part.diverged < 1] for part in slices]
    return bands(np.concatenate(own if any(values.size for values in own) else trained))


def draw(
    surfaces: Sequence[Surface],
    seed_statistic: str = "mean",
    value_of: str = "last",
    shown: Sequence[str] = (),
    scale_each: bool = False,
) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure, and the numbers drawn: one row for each cell shown.

    Args:
        surfaces: one for each panel.
        seed_statistic: over the seeds of a cell.
        value_of: the epoch whose value counts as a run's, for the caption.
        shown: the two axes to show; the first two where not given.
        scale_each: whether each metric has its own colour scale; its surfaces then share a column.

    Raises:
        BadInput: no surface, more than `MOST`, or different units on one scale.
    """
    if not 1 <= len(surfaces) <= MOST:
        raise BadInput(f"figure 1 takes 1 to {MOST} surfaces, not {len(surfaces)}")
    if not scale_each:
        named = [(one.name, one.provenance.unit) for one in surfaces]
        common_unit(named, "figure 1, which has one scale unless --scales each is given,")
    slices = [best_slice(surface, seed_statistic, shown) for surface in surfaces]
    name_task = len({surface.provenance.task for surface in surfaces}) > 1
    groups = _by_metric(slices) if scale_each else [slices]
    if len(groups) == 1:
        columns = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 9: 3}.get(len(slices), 4)
        lines = math.ceil(len(slices) / columns)
        figure = sheet(1.4 + 2.9 * columns, _sheet_height(lines, slices))
        _panels(figure, figure.subplots(lines, columns, squeeze=False), slices, name_task)
    else:
        lines = max(len(group) for group in groups)
        figure = sheet(4.2 * len(groups), _sheet_height(lines, slices))
        parts = figure.subfigures(1, len(groups), squeeze=False)
        for part, group in zip(parts.flat, groups, strict=True):
            _panels(part, part.subplots(lines, 1, squeeze=False), group, name_task)
    figure.legend(handles=_legend(slices), loc="outside lower center", ncols=3)
    figure.suptitle(_above(surfaces, seed_statistic, value_of), fontsize=8)
    judged = {"seed_statistic": seed_statistic, "value_of": value_of}
    return figure, [row | judged for part in slices for row in _rows(part)]


def _by_metric(slices: Sequence[Slice]) -> list[list[Slice]]:
    """The slices of each metric and unit, in order of appearance."""
    groups: dict[tuple[str, str], list[Slice]] = {}
    for part in slices:
        provenance = part.surface.provenance
        groups.setdefault((provenance.metric, provenance.unit), []).append(part)
    return list(groups.values())


def _sheet_height(lines: int, slices: Sequence[Slice]) -> float:
    """Inches for lines of panels with their titles, 3.2 at least for the label of the colour bar."""
    return max(3.2, 0.7 + lines * (0.95 + 2.2 * (max(map(_height, slices)) or 1.0)))


def _height(part: Slice) -> float:
    """A panel's height over its width, 1 at most; a strip's is 0, as it takes that of the others."""
    height, width = part.suboptimality.shape
    if len(part.axes) == 1:
        return 0.0
    return min(height / width, 1.0) if _has_square_cells(part) else 1.0


def _has_square_cells(part: Slice) -> bool:
    height, width = part.suboptimality.shape
    return 1 / 3 <= height / width <= 3


def _panels(figure: FigureBase, panels: np.ndarray, slices: Sequence[Slice], name_task: bool) -> None:
    """Draw surfaces of one colour scale into panels `[lines, columns]`, with the colour bar."""
    edges = bounds(slices)
    palette = ListedColormap(colormaps["viridis_r"](np.linspace(0, 1, len(edges) - 1)))
    norm = BoundaryNorm(edges, palette.N)
    strip_height = max(map(_height, slices)) or 1.0
    for panel, part in zip(panels.flat, slices, strict=False):
        image = _panel(panel, part, palette, norm, name_task, strip_height)
    for panel in panels.flat[len(slices) :]:
        panel.set_axis_off()
    worse = any(part.suboptimality.max() > edges[-1] for part in slices)
    bar = figure.colorbar(
        image,
        ax=panels,
        ticks=edges,
        extend="max" if worse else "neither",
        fraction=0.03 if panels.shape[-1] > 2 else 0.05,
    )
    bar.ax.set_yticklabels([f"{edge:g}" for edge in edges])
    surfaces = [part.surface for part in slices]
    bar.set_label(_scale_label(surfaces, surfaces[0].provenance.unit))


def _panel(
    panel: Axes, part: Slice, palette: ListedColormap, norm: BoundaryNorm, name_task: bool, strip_height: float
) -> Any:
    upright, *rest = part.axes
    trained = np.ma.masked_where(part.diverged == 1, part.suboptimality)
    # Edges in the cells' own colours, so that PDF viewers show no gaps between cells.
    image = panel.pcolormesh(trained, cmap=palette, norm=norm, edgecolors="face", linewidth=0.1)
    _overlay(panel, part.diverged == 1, _GREY, "//////")
    _overlay(panel, (part.diverged > 0) & (part.diverged < 1), "none", "////")
    _dots(panel, part.filled > 0)
    rows, cells = np.nonzero(part.best)
    size, rim = (70, 0.6) if len(rows) <= _MANY_TIES else (16, 0.0)
    panel.scatter(cells + 0.5, rows + 0.5, marker="*", s=size, c=_STAR, edgecolors="white", linewidths=rim, zorder=3)
    label_cells(panel.yaxis, upright, most=11)
    panel.set_ylabel(axis_label(upright.name, part.surface.provenance.imported))
    if rest:
        label_cells(panel.xaxis, rest[0], most=6)
        panel.set_xlabel(axis_label(rest[0].name, part.surface.provenance.imported))
        panel.set_aspect("equal" if _has_square_cells(part) else "auto")
    else:
        # A strip a sixth as wide as the other panels, in the middle of one of their size.
        panel.set(xticks=[], xlim=(-2.5, 3.5), box_aspect=strip_height)
        panel.spines["left"].set_position(("data", 0.0))
    lines = _below_title(part)
    panel.set_title(_name(part, name_task), pad=6 + 11 * len(lines))
    panel.text(0.5, 1.02, "\n".join(lines), transform=panel.transAxes, ha="center", va="bottom", fontsize=8)
    for spine in panel.spines.values():
        spine.set_visible(False)
    return image


def _overlay(panel: Axes, where: np.ndarray, face: str, hatch: str) -> None:
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0)])
    squares = np.argwhere(where)[:, None, ::-1] + corners
    panel.add_collection(PolyCollection(list(squares), facecolor=face, edgecolor=_HATCH, hatch=hatch, linewidth=0))


def _dots(panel: Axes, where: np.ndarray) -> None:
    """A ring in each cell whose value was filled in."""
    rows, cells = np.nonzero(where)
    if rows.size:
        panel.scatter(cells + 0.5, rows + 0.5, marker="o", s=16, facecolors="white", edgecolors="black", linewidths=0.6)


def _name(part: Slice, name_task: bool) -> str:
    provenance = part.surface.provenance
    name = provenance.label
    return plain(f"{provenance.task}: {name}" if name_task else name)


def _below_title(part: Slice) -> list[str]:
    surface = part.surface
    ties = int(part.best.sum()) - 1
    about = surface.provenance
    best = -part.lowest + 0.0 if about.maximized else part.lowest
    lowest = f"{'highest' if about.maximized else 'lowest'} {with_unit(f'{best:.4g}', plain(about.unit))}"
    cell = surface.space.values(part.best_cell).items()
    # A line may end between two hyperparameters, not within one.
    where = ", ".join(
        f"{_clipped(axis_symbol(name, surface.provenance.imported))} = {_short(value)}".replace(" ", _NO_BREAK)
        for name, value in cell
    )
    texts = [f"{lowest} at {where}" + (f" (+{ties}{_NO_BREAK}tie{'s' if ties > 1 else ''})" if ties else "")]
    others = [axis.name for axis in surface.space.axes if axis not in part.axes]
    if others:
        texts.append(f"each cell: the best over {', '.join(map(plain, others))}")
    return [line for text in texts for line in textwrap.wrap(text, _WIDEST, break_on_hyphens=False)]


def _short(value: float | str) -> str:
    return plain(_clipped(value_text(value))) if isinstance(value, str) else f"{value:g}"


def _clipped(name: str) -> str:
    """A name without its middle where it is long; the axis has the whole name as its label."""
    return name if len(name) <= _LONG_NAME else f"{name[:12]}…{name[-12:]}"


def _above(surfaces: Sequence[Surface], seed_statistic: str, value_of: str) -> str:
    """The caption: the task where all panels share one, the number of seeds, the statistic, and the epoch."""
    tasks = {surface.provenance.task for surface in surfaces}
    seeds = [len(surface.seeds) for surface in surfaces]
    words = "one seed" if max(seeds) == 1 else f"{seed_statistic} over {in_words(seeds)} seeds"
    words += "" if value_of == "last" else f", {value_of} epoch of each run"
    return f"{plain(tasks.pop())}: {words}" if len(tasks) == 1 else words


def _scale_label(surfaces: Sequence[Surface], unit: str) -> str:
    metrics = {surface.provenance.metric for surface in surfaces}
    metric = metrics.pop() if len(metrics) == 1 else "value"
    return plain(f"{metric or 'value'} above\nthe surface's lowest{in_parentheses(of_difference(unit))}")


def _legend(slices: Sequence[Slice]) -> list[Any]:
    ties = any(part.best.sum() > 1 for part in slices)
    star = Line2D(
        [], [], marker="*", color="none", markerfacecolor=_STAR, markeredgecolor="white", markersize=10,
        label="best cell" + ("s" if ties else ""),
    )  # fmt: skip
    handles: list[Any] = [star]
    if any((part.diverged == 1).any() for part in slices):
        handles.append(Patch(facecolor=_GREY, edgecolor=_HATCH, hatch="//////", linewidth=0, label="diverged"))
    if any(((part.diverged > 0) & (part.diverged < 1)).any() for part in slices):
        handles.append(
            Patch(facecolor="none", edgecolor=_HATCH, hatch="////", linewidth=0, label="diverged for some seeds")
        )
    if any((part.filled > 0).any() for part in slices):
        ring: dict[str, Any] = {"marker": "o", "color": "none", "markerfacecolor": "white", "markeredgecolor": "black"}
        handles.append(Line2D([], [], markersize=4, label="missing, filled in", **ring))
    return handles


def _rows(part: Slice) -> list[dict[str, Any]]:
    surface = part.surface
    rows = []
    shares = zip(part.cell.flat, part.suboptimality.flat, part.diverged.flat, part.filled.flat, strict=True)
    for flat, suboptimality, share, filled in shares:
        rows.append(
            {
                "task": surface.provenance.task,
                "optimizer": surface.provenance.optimizer,
                **surface.space.values(surface.space.cell(int(flat))),
                "value": part.lowest + float(suboptimality),
                "suboptimality": float(suboptimality),
                "diverged": float(share),
                "best": bool(suboptimality == 0),
                **({"filled": float(filled)} if surface.filled is not None else {}),
            }
        )
    return rows
