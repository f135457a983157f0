"""The report's data of a surface: lists of plain numbers, and texts ready to show."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from analysis.bands import bands
from analysis.figures.style import axis_label, axis_symbol
from analysis.figures.ticks import ticks
from grids.pool import Pool
from grids.space import Axis
from grids.summary import summary
from grids.surface import Surface
from grids.units import of_difference

MOST_POINTS = 60
"""Largest number of points of a learning curve; longer ones are thinned evenly."""
_ALL_POINTS = 200_000
"""Largest number of points of all curves of a surface: with very many cells, curves have fewer points."""
_MANY, _FEW = 11, 6
"""Numbers of tick labels: on a vertical axis or a wide screen, and on a horizontal axis of a narrow screen."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def packed(name: str, surface: Surface, edges: Sequence[float], sha256: str = "") -> dict[str, Any]:
    """The page's data of a surface; cells are in C order.

    Args:
        name: the surface's name on the page.
        surface: the surface.
        edges: of the colour bands, from `scales`.
        sha256: of its file.

    Returns:
        `value` and `state` hold cells × seeds items, `state` a letter for each run: `d` diverged, `f` filled in, `.`
        neither. `mean` and `above` (suboptimality) hold one item a cell; `curve`, where there are curves, their mean
        over seeds, cells × points, in four digits. Numbers may be infinite; `page` writes them as null.
    """
    space, about = surface.space, surface.provenance
    state = np.where(surface.diverged, "d", ".")
    if surface.filled is not None:
        state[surface.filled] = "f"
    return {
        "name": name,
        "label": about.label,
        "task": about.task,
        "optimizer": about.optimizer,
        "metric": about.metric,
        "unit": about.unit,
        "difference": of_difference(about.unit),
        "pool": space.is_pool,
        "axes": [_axis(axis, surface) for axis in space.axes],
        "members": space.members.ravel().tolist() if isinstance(space, Pool) else None,
        "seeds": list(surface.seeds),
        "value": surface.value.ravel().tolist(),
        "state": "".join(state.ravel().tolist()),
        "mean": surface.mean.ravel().tolist(),
        "above": surface.suboptimality.ravel().tolist(),
        "edges": list(edges),
        "colours": [to_hex(colour) for colour in colormaps["viridis_r"](np.linspace(0, 1, len(edges)))],
        "curve": _curve(surface),
        "summary": _summary(surface),
        "facts": _facts(surface, sha256),
        "sha256": sha256,
    }


def scales(surfaces: Mapping[str, Surface]) -> dict[str, list[float]]:
    """The edges of each surface's colour bands; surfaces of one task, metric and unit share theirs."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name, surface in surfaces.items():
        about = surface.provenance
        groups.setdefault((about.task, about.metric, about.unit), []).append(name)
    found: dict[str, list[float]] = {}
    for names in groups.values():
        trained = [surfaces[name].suboptimality[~surfaces[name].never_trained] for name in names]
        edges = bands(np.concatenate(trained)).tolist()
        found |= dict.fromkeys(names, edges)
    return found


def _axis(axis: Axis, surface: Surface) -> dict[str, Any]:
    return {
        "name": axis.name,
        "title": " ".join(axis_label(axis.name, surface.provenance.imported).replace("\\$", "$").split("\n")),
        "symbol": axis_symbol(axis.name, surface.provenance.imported).replace("\\$", "$"),
        "scale": axis.scale,
        "values": list(range(len(axis))) if axis.labelled else list(axis.values),
        "texts": [axis.text(index) for index in range(len(axis))],
        "ticks": [[[place, unmath(text)] for place, text in ticks(axis, most)] for most in (_MANY, _FEW)],
    }


def unmath(text: str) -> str:
    """Matplotlib's math text, as of `analysis.figures.ticks`, in Unicode characters.

    >>> unmath("$5{\\\\times}10^{-7}$"), unmath("$0$"), unmath("relu \\\\$")
    ('5×10⁻⁷', '0', 'relu $')
    """
    bare = re.sub(r"(?<!\\)\$", "", text).replace("\\$", "$").replace("{\\times}", "×")
    return re.sub(r"\^\{(-?\d+)\}", lambda power: power[1].translate(_SUPERSCRIPT), bare)


def _curve(surface: Surface) -> dict[str, Any] | None:
    if surface.curve is None or surface.fidelity is None or not surface.fidelity.values:
        return None
    count = len(surface.fidelity.values)
    most = max(2, min(MOST_POINTS, _ALL_POINTS // surface.space.size))
    points = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    with np.errstate(invalid="ignore", over="ignore"):
        means = surface.curve[..., points].astype(np.float64).mean(axis=-2)
    return {
        "name": surface.fidelity.name,
        "at": [surface.fidelity.values[point] for point in points],
        "means": [float(f"{mean:.4g}") for mean in means.ravel().tolist()],
    }


def _summary(surface: Surface) -> dict[str, Any]:
    """The numbers in a surface's row of the table of surfaces, from `grids.summary`."""
    found = summary(surface, best=1)
    return {
        "lowest": found["lowest"],
        "best": surface.space.describe(surface.best_cell),
        "ties": found["cells_at_lowest"] - 1,
        "cells": found["cells"],
        "seeds": len(surface.seeds),
        "within": found["share_within"],
        "diverged": found["diverged_runs"],
        "filled": found["filled_runs"],
    }


def _facts(surface: Surface, sha256: str) -> list[tuple[str, str]]:
    """The provenance of a surface, as `tunecost grid show` prints it: name and text of each known fact."""
    about = surface.provenance
    listed = {
        name: ", ".join(f"{key}={value}" for key, value in getattr(about, name).items())
        for name in ("fixed", "data", "software", "filled")
    }
    facts = {
        "metric": f"{about.metric}{f' ({about.unit})' if about.unit else ''}",
        "higher was better": "values are negated here, so that lower is better" if about.maximized else "",
        "a diverged run is worth": "" if about.failure is None else f"{about.failure:g}",
        **listed,
        "device": about.device,
        "created": about.created,
        "command": about.command,
        "sha256 of the file": sha256,
    }
    return [(name, text) for name, text in facts.items() if text]
