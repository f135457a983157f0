"""Replay tables made by hand or by a plain loop: the slow and obvious form of what `tunecost replay` writes."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.replays import Group, split
from grids.replay_table import SCHEMA
from grids.space import Axis, Space
from grids.surface import Provenance, Surface

KEY = {"surface": "task/adam", "optimizer": "adam", "task": "task", "searcher": "random"}


LABELS = {"random": "random", "random-unique": "random, unique", "tpe": "TPE", "gld": "GLD", "cgld": "CGLD"}
"""As a replay table's header has them."""
OPTIMIZERS = {"adam": "Adam", "avagrad": "AvaGrad"}


def rows_of(cells: Sequence[int], values: np.ndarray, repeat: int) -> list[dict[str, Any]]:
    """One replay's rows, by a plain loop over the cells that it asked for; it stops at the lowest value."""
    rows: list[dict[str, Any]] = []
    best, seen = np.inf, set()
    for trial, cell in enumerate(cells, start=1):
        seen.add(int(cell))
        found = {"repeat": repeat, "trial": trial, "unique": len(seen)}
        if values[cell] < best:
            best = float(values[cell])
            rows.append({**found, "best": best, "suboptimality": best - values.min(), "end": False})
        if best == values.min() or trial == len(cells):
            rows.append({**found, "best": best, "suboptimality": best - values.min(), "end": True})
            break
    return rows


@pytest.fixture
def played() -> Callable[..., pd.DataFrame]:
    """A replay table from the cells that each replay asked for: `played(cells [replays][trials], values, **key)`."""

    def make(cells: Sequence[Sequence[int]], values: np.ndarray, **key: str) -> pd.DataFrame:
        rows = [row for repeat, asked in enumerate(cells) for row in rows_of(asked, values, repeat)]
        return pd.DataFrame([{**KEY, **key, **row} for row in rows])[SCHEMA.names]

    return make


@pytest.fixture
def table(played: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Random search by two optimizers, and by one that is better informed, 40 replays of 30 trials each."""
    rng = np.random.default_rng(0)
    frames = []
    for optimizer, spread in (("adam", 20.0), ("avagrad", 10.0)):
        values = np.round(2 + spread * rng.random(60) ** 2, 1)
        order = np.argsort(values)
        for searcher, power in (("random", 1.0), ("gld", 2.0), ("cgld", 3.0)):
            cells = order[(60 * rng.random((40, 30)) ** power).astype(int)]
            key = {"surface": f"task/{optimizer}", "optimizer": optimizer, "searcher": searcher}
            frames.append(played(cells, values, **key))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def labelled() -> Callable[[pd.DataFrame], list[Group]]:
    """The groups of a table whose header would say what figures call its searchers and optimizers."""

    def groups(frame: pd.DataFrame) -> list[Group]:
        return [
            replace(
                group, searcher_labels=LABELS, about=replace(group.about, optimizer_label=OPTIMIZERS[group.optimizer])
            )
            for group in split(frame)
        ]

    return groups


@pytest.fixture
def make_surface() -> Callable[..., Surface]:
    """A surface of any shape: `make_surface((3, 4), seeds=1, optimizer="adam")`; its values are random."""

    def make(shape: Sequence[int], seeds: int = 1, optimizer: str = "adam", task: str = "task") -> Surface:
        names = ["alpha", "epsilon", "beta2", "momentum"]
        axes = [
            Axis(name, tuple(float(f"1e{k}") for k in range(-5, length - 5)))
            for name, length in zip(names, shape, strict=False)
        ]
        rng = np.random.default_rng(len(shape))
        value = np.round(rng.gamma(1.0, 20.0, (*shape, seeds)), 2) + 1
        provenance = Provenance(task, optimizer, metric="error", unit="%")
        return Surface(Space(tuple(axes)), tuple(range(seeds)), value, np.zeros(value.shape, bool), provenance)

    return make


def unseen_ticks(axes: Axes) -> list[Text]:
    """Labels that Matplotlib keeps for ticks beyond the axes' limits, and never draws."""
    labels = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - slack <= tick.get_loc() <= high + slack:
                labels += [tick.label1, tick.label2]
    return labels


@pytest.fixture
def assert_legible() -> Callable[[Figure], None]:
    """Draws the figure and fails where a text leaves the sheet or lies upon another."""

    def check(figure: Figure) -> None:
        figure.set_dpi(72)
        canvas = FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        width, height = canvas.get_width_height()
        out_of_view = {id(text) for axes in figure.axes for text in unseen_ticks(axes)}
        shown = (text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip())
        texts = [text for text in shown if id(text) not in out_of_view]
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
        for index, box in enumerate(boxes):
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
            assert inside, f"{texts[index]} leaves the sheet"
            for other in range(index):
                shared = box.shrunk(0.85, 0.85).overlaps(boxes[other].shrunk(0.85, 0.85))
                assert not shared, f"{texts[index]} lies upon {texts[other]}"

    return check


sys.path.insert(0, str(Path(__file__).parent))  # makes `noise_made` importable
