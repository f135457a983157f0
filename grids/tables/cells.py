"""Find each row's cell, seed and fidelity, and report runs that are missing or given twice."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief
from grids.pool import Pool, by_appearance, occurrence
from grids.space import MOST_CELLS, Axis, Space, number_text
from grids.tables.numbers import missing as is_missing
from grids.tables.numbers import plain
from grids.tables.raw import RawTable

_CLOSE = 1e-6
"""Two values of an axis with a smaller relative difference are probably one value, rounded in two ways."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The cell, seed and fidelity of each row of a table, arrays `[rows]`.

    Args:
        table: the rows, for messages.
        axes: the axes, in the space's order.
        index: int64 `[rows, axes]`, each row's index on each axis.
        seed: int64.
        epoch: float64, the fidelity; None where each row is a whole run.
        epoch_name: the column of fidelities.
        used: the columns that are read as axes, value, seed, fidelity or flags.
        pool: whether to make a pool instead of a grid.
        seeded: whether a column of seeds was named.
        diverged: bool; the curve of a run with such a row may end early.
    """

    table: RawTable
    axes: tuple[Axis, ...]
    index: np.ndarray
    seed: np.ndarray
    epoch: np.ndarray | None
    epoch_name: str
    used: tuple[str, ...]
    pool: bool
    seeded: bool
    diverged: np.ndarray


@dataclass(frozen=True, eq=False)
class Layout:
    """The row of each cell, seed and point of a curve.

    Args:
        space: a grid or a pool.
        seeds: ascending.
        points: the fidelities, ascending; one where there are none.
        row: int64 `[cells, seeds, points]`, the number of the row, −1 where there is none.
    """

    space: Space
    seeds: tuple[int, ...]
    points: tuple[float, ...]
    row: np.ndarray


def arrange(rows: Rows, *, number_seeds: bool = False, common_seeds: bool = False, fill: bool = False) -> Layout:
    """The layout of the rows.

    Args:
        rows: the table's rows.
        number_seeds: whether rows of one cell are its seeds 0, 1, … in order of appearance.
        common_seeds: whether to keep only the seeds that every cell has.
        fill: whether runs may be missing.

    Raises:
        BadInput: a run given twice or missing, or most cells missing; the message names the run and an option that
            may help.
    """
    cell, count, space = _cells(rows, fill)
    points, point = np.zeros(1), np.zeros(len(cell), np.int64)
    if rows.epoch is not None:
        points, point = np.unique(rows.epoch, return_inverse=True)
    if number_seeds:
        rows = replace(rows, seed=_numbered(rows, space, cell, point))
    if rows.pool and not number_seeds:
        cell, count, space = _split_equal(rows, cell, point)
    seeds, seed = np.unique(rows.seed, return_inverse=True)
    keep = np.ones(len(cell), bool)
    if common_seeds:
        held = np.zeros((count, len(seeds)), bool)
        held[cell, seed] = True
        common = np.asarray(held[held.any(axis=1)].all(axis=0))
        if not common.any():
            raise BadInput("no seed is there in every cell, so --seeds common leaves none")
        keep = common[seed]
        seeds, seed = seeds[common], (np.cumsum(common) - 1)[seed]
    if count * len(seeds) * len(points) > 20 * MOST_CELLS:
        raise BadInput(f"{count:,} cells with {len(seeds):,} seeds and {len(points):,} points are too many to hold")
    row = np.full(count * len(seeds) * len(points), -1, np.int64)
    place = ((cell * len(seeds) + seed) * len(points) + point)[keep]
    where = np.flatnonzero(keep)
    _check_doubled(rows, space, place, where, cell)
    row[place] = where
    runs = row.reshape(count, len(seeds), len(points))
    if not fill:
        _check_missing(rows, space, seeds, points.tolist(), runs)
    return Layout(space, tuple(int(s) for s in seeds), tuple(float(p) for p in points), runs)


def _cells(rows: Rows, fill: bool) -> tuple[np.ndarray, int, Space]:
    """Each row's cell, the number of cells, and the space; the cells of a pool are its distinct configurations."""
    if rows.pool:
        cell, first = by_appearance(rows.index)
        return cell, len(first), Pool(rows.axes, rows.index[first])
    space = Space(rows.axes)
    if space.size > max(100, 20 * len(rows.index)) and (space.size > MOST_CELLS or not fill):
        some = f"{space.size:,}" if space.size < 1e9 else f"{float(space.size):.0e}"
        raise BadInput(
            f"its axes span over {some} cells and it has {len(rows.index):,} rows: most cells are missing; "
            f"--pool takes each row as a cell of its own{_rounding_hint(rows.axes)}"
        )
    if space.size > MOST_CELLS:
        raise BadInput(f"its axes span over {space.size:,} cells; a surface may have {MOST_CELLS:,}")
    cell = np.ravel_multi_index(tuple(rows.index.T), space.shape)
    return cell.astype(np.int64), space.size, space


def _numbered(rows: Rows, space: Space, cell: np.ndarray, point: np.ndarray) -> np.ndarray:
    """The number of each row's run within its cell, in order of appearance: int64 `[rows]`.

    Where all runs of a cell have the same points, its rows may lie in any order. Where one ended early they must lie
    run by run, so that a new run begins where the fidelity does not rise.

    Raises:
        BadInput: runs of a cell cannot be told apart.
    """
    number = occurrence(np.column_stack([cell, point]))
    if rows.epoch is None:
        return number
    table = pd.DataFrame({"cell": cell, "point": point, "number": number})
    same_cell = table.groupby("cell")
    table["block"] = (same_cell["point"].diff() <= 0).groupby(table["cell"]).cumsum()
    runs = same_cell["number"].transform("max") + 1
    uneven = same_cell["point"].transform("size") != same_cell["point"].transform("nunique") * runs
    unclear = uneven & (table.groupby("cell")["block"].transform("max") + 1 != runs)
    if unclear.any():
        row = int(np.argmax(unclear))
        raise BadInput(
            f"cell {space.describe(space.cell(int(cell[row])))}: its rows belong to {int(runs[row])} runs of different "
            f"lengths, and do not lie run by run with rising {rows.epoch_name}; --seed-column names their runs"
        )
    return np.where(uneven, table["block"], number).astype(np.int64)


def _split_equal(rows: Rows, cell: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, int, Space]:
    """As `_cells`, of a pool: equal configurations with the same seed are different cells."""
    times = occurrence(np.column_stack([cell, rows.seed, point]))
    cells, first = by_appearance(np.column_stack([cell, times]))
    return cells, len(first), Pool(rows.axes, rows.index[first])


def _check_doubled(rows: Rows, space: Space, place: np.ndarray, where: np.ndarray, cell: np.ndarray) -> None:
    places, first, counts = np.unique(place, return_index=True, return_counts=True)
    if len(places) == len(place):
        return
    doubled = int(np.argmax(counts > 1))
    row = int(where[first[doubled]])
    named = f"cell {space.describe(space.cell(int(cell[row])))}"
    named += f", seed {int(rows.seed[row])}" if rows.seeded else ""
    named += f", {rows.epoch_name} {number_text(rows.epoch[row])}" if rows.epoch is not None else ""
    times = int(counts[doubled])
    others = int((counts > 1).sum()) - 1
    more = f" (and {others:,} more cell{'s' if others > 1 else ''} more than once)" if others else ""
    given = "twice" if times == 2 else f"{times:,} times"
    raise BadInput(f"{named} is given {given}{more}; {_advice(rows, place, where)}")


def _advice(rows: Rows, place: np.ndarray, where: np.ndarray) -> str:
    """The option that separates doubled rows: by the column in which they differ, or by numbering them."""
    options = "--pool takes each row as a cell of its own"
    found = _distinguishing(rows, place, where)
    if not found:
        return f"no other column tells its rows apart: --number-seeds takes them as its seeds; {options}"
    name, first = found[0]
    low = name.lower().rsplit(".", 1)[-1].rsplit("/", 1)[-1]
    if any(word in low for word in ("epoch", "step", "iter", "budget", "fidelity")) and rows.epoch is None:
        way = f"--epoch-column {shlex.quote(name)} reads learning curves"
    elif any(word in low for word in ("seed", "repeat", "rep", "fold", "run", "replic")) and not rows.seeded:
        way = f"--seed-column {shlex.quote(name)} reads it"
    else:
        way = f"--where {shlex.quote(f'{name}={first}')} keeps one of its values, --axes takes it as an axis"
    also = f" (as '{found[1][0]}' does)" if len(found) > 1 else ""
    return f"its rows differ in column '{name}'{also}: {way}; {options}"


def _distinguishing(rows: Rows, place: np.ndarray, where: np.ndarray) -> list[tuple[str, str]]:
    """The columns in which doubled rows differ, the most likely first, each with its first value there.

    Columns with a different value in (almost) every row are left out: they hold measurements or names.
    """
    _, run, counts = np.unique(place, return_inverse=True, return_counts=True)
    run = run.ravel()
    doubled = counts[run] > 1
    found = []
    for name in dict.fromkeys(rows.table.header):
        if not name or name in rows.used or not rows.table.has(name):
            continue
        codes, levels = pd.factorize(rows.table.texts(name)[where])
        texts = [text for text in levels.tolist() if not is_missing(text)]
        if len(levels) < 2 or len(levels) > max(2, len(where) // 2):
            continue
        pairs = len(np.unique(np.stack([run, codes]), axis=1).T)
        alone = pairs == len(where)
        varies = pairs > len(counts)
        if varies:
            word = any(plain(text) is None for text in texts)
            found.append(
                (not alone, not word, str(name), brief(str(rows.table.texts(name)[where[int(np.argmax(doubled))]])))
            )
    found.sort(key=lambda item: item[:2])
    return [(name, first) for _, _, name, first in found]


def _check_missing(rows: Rows, space: Space, seeds: np.ndarray, points: Sequence[float], row: np.ndarray) -> None:
    absent = row < 0
    if absent.shape[-1] > 1:
        absent &= ~((row >= 0) & rows.diverged[np.maximum(row, 0)]).any(axis=-1, keepdims=True)
    if not absent.any():
        return
    cell, seed, point = (int(i) for i in np.argwhere(absent)[0])
    where = f"cell {space.describe(space.cell(cell))}"
    whole = np.asarray(absent.all(axis=(1, 2)))
    runs = np.asarray(absent.all(axis=2))
    way = "--missing worst or --missing NUMBER fills what is missing"
    if whole[cell]:
        found = int(whole.sum())
        fault = f"{where}, seed {int(seeds[0])} is missing" if rows.seeded else f"{where} is missing"
        way += "; --pool takes each row as a cell of its own"
    elif runs[cell, seed]:
        found = int(runs.sum())
        fault = f"{where}, seed {int(seeds[seed])} is missing"
        way = f"--seeds common keeps the seeds that all cells have; {way}"
    else:
        found = int(absent.sum())
        about = f", seed {int(seeds[seed])}" if rows.seeded else ""
        fault = f"{where}{about} has no row for {rows.epoch_name} {number_text(points[point])}"
    more = f" (and {found - 1:,} more)" if found > 1 else ""
    raise BadInput(f"{fault}{more}; {way}{_rounding_hint(space.axes)}")


def _rounding_hint(axes: Sequence[Axis]) -> str:
    """A hint where an axis has two values that may be one, rounded in two ways."""
    for axis in axes:
        if axis.labelled:
            continue
        for low, high in zip(axis.values, axis.values[1:], strict=False):
            if high - low < _CLOSE * abs(high):
                return f"; {axis.name} is {number_text(low)} in some rows and {number_text(high)} in others"
    return ""
