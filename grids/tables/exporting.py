"""Export surfaces as flat tables that can be imported again, for `grid export` and `Surface.to_frame`."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from grids.atomic import write_whole
from grids.surface import COLUMNS, Surface

_PLAIN_NAME = re.compile(r"\w[\w.\-/ ]*")


def own_value(surface: Surface, value: np.ndarray) -> np.ndarray:
    """Values in the metric's own direction: negated again where the metric is maximized."""
    return 0.0 - value if surface.provenance.maximized else value


def value_name(surface: Surface) -> str:
    """The name of the column of values: the metric's where it is maximized, otherwise `value`."""
    about = surface.provenance
    return _free(surface, about.metric.removeprefix("-").strip() if about.maximized else "", "value")


def _free(surface: Surface, name: str, otherwise: str, *more: str) -> str:
    """A column's name, or another where it is empty or a column has it already."""
    return name if name and name not in {*COLUMNS, *surface.space.names, *surface.extra, *more} else otherwise


def came_as_curves(surface: Surface) -> bool:
    """Whether the surface was imported from a table with one row for each epoch."""
    return surface.curve is not None and bool(surface.provenance.data.get("epoch_column"))


def frame(surface: Surface, curves: bool | None = None) -> pd.DataFrame:
    """A table with one row for each cell and seed, or for each point of its learning curve.

    Columns: the axes (None for the empty label), `seed`, with curves the fidelity, the value in the metric's own
    direction (see `value_name`), `diverged`, and all further columns. A curve's last point is the run's value.

    Args:
        surface: the surface.
        curves: whether to write one row for each point; by default as in the table that the surface was imported from.
    """
    long = came_as_curves(surface) if curves is None else curves and surface.curve is not None
    seeds, runs = len(surface.seeds), surface.value.size
    value, times = surface.value.reshape(runs, 1), 1
    if long:
        assert surface.curve is not None
        times = surface.curve.shape[-1]
        points = surface.curve.reshape(runs, times)
        # Through text, which gives the decimal number that a float32 was rounded from.
        whole = points if points.dtype == np.float64 else points.astype(str).astype(np.float64)
        value = np.concatenate([whole[:, :-1], value], axis=1)
    columns: dict[str, np.ndarray] = {}
    for name, column in surface.space.columns().items():
        shown = np.array([text or None for text in column], object) if column.dtype == object else column
        columns[name] = np.repeat(shown, seeds * times)
    columns["seed"] = np.tile(np.repeat(np.array(surface.seeds, np.int64), times), surface.space.size)
    if long and surface.fidelity is not None:
        name = _free(surface, surface.fidelity.name, "fidelity", value_name(surface))
        columns[name] = np.tile(np.array(surface.fidelity.values), runs)
    columns[value_name(surface)] = own_value(surface, value.ravel())
    columns["diverged"] = np.repeat(surface.diverged.ravel(), times)
    filled = {} if surface.filled is None else {"filled": surface.filled}
    columns |= {name: np.repeat(array.ravel(), times) for name, array in (surface.numbers | filled).items()}
    return pd.DataFrame(columns)


def csv_text(surface: Surface, curves: bool | None = None) -> str:
    """`frame` as CSV; every number is written so that it reads back exactly."""
    table = frame(surface, curves)
    header = [name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"' for name in table.columns]
    for name in table.select_dtypes(bool):
        table[name] = np.where(table[name], "true", "false")
    return ",".join(header) + "\n" + table.to_csv(index=False, header=False, lineterminator="\n")


def write_csv(surface: Surface, path: str | Path, curves: bool | None = None) -> None:
    """Write `csv_text` to `path`, whole or not at all. Raises BadInput where it cannot be written."""
    write_whole(path, csv_text(surface, curves))
