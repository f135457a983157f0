"""Find each row's cell, seed and fidelity, and report runs that are missing or given twice."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from grids.errors import BadInput, brief
from grids.pool import Pool, by_appearance, occurrence
from grids.space import MOST_CELLS, Axis, Space, number_text
from grids.tables.axes import rounding_hint
from grids.tables.frame import Frame
from grids.tables.numbers import missing as is_missing
from grids.tables.numbers import plain

_TYPEABLE = 40
"""A value that is longer, or holds brackets, is not one that a user types."""


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

    table: Frame
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
        restarted: how many runs were begun again, of which the complete one is kept.
    """

    space: Space
    seeds: tuple[int, ...]
    points: tuple[float, ...]
    row: np.ndarray
    restarted: int = 0


def arrange(rows: Rows, *, number_seeds: bool = False, common_seeds: bool = False, fill: bool = False) -> Layout:
    """The layout of the rows.

    Args:
        rows: the table's rows.
        number_seeds: whether rows of one cell are its seeds 0, 1, … in order of appearance.
        common_seeds: whether to keep only the seeds that every cell has, as complete runs where nothing is filled.
        fill: whether runs may be missing.

    Raises:
        BadInput: a run given twice or missing, or most cells missing; the message names the run and an option that
            may help.
    """
    cell, space = _cells(rows, fill)
    points, point = np.zeros(1), np.zeros(len(cell), np.int64)
    if rows.epoch is not None:
        point, points = pd.factorize(rows.epoch, sort=True)  # faster than numpy.unique
    restarted = 0
    if number_seeds:
        number = _numbered(rows, space, cell, point)
        if common_seeds and rows.epoch is not None:
            number, restarted = _complete_first(cell, number, len(points))
        rows = replace(rows, seed=number)
    elif rows.pool:
        cell, space = _split_equal(rows, cell, point)
    seed, seeds = pd.factorize(rows.seed, sort=True)
    keep = np.ones(len(cell), bool)
    if rows.epoch is not None and not number_seeds:
        keep, restarted = _without_restarts(rows, cell * len(seeds) + seed, point, len(points))
    if common_seeds:
        run = cell * len(seeds) + seed
        lengths = np.bincount(run[keep], minlength=space.size * len(seeds))
        whole = lengths >= (1 if fill else len(points))
        whole[run[rows.diverged]] = True
        there = (lengths > 0).reshape(space.size, -1).any(axis=1)
        common = np.asarray(whole.reshape(space.size, -1)[there].all(axis=0))
        if not common.any():
            raise BadInput(f"no seed is there in every cell, so --seeds common leaves none{rounding_hint(rows.axes)}")
        keep &= common[seed]
        seeds, seed = seeds[common], (np.cumsum(common) - 1)[seed]
    shape = (space.size, len(seeds), len(points))
    if math.prod(shape) > 20 * MOST_CELLS:
        raise BadInput(f"{shape[0]:,} cells with {shape[1]:,} seeds and {shape[2]:,} points are too many to hold")
    row = np.full(shape, -1, np.int64)
    where = np.flatnonzero(keep)
    place = ((cell * shape[1] + seed) * shape[2] + point)[where]
    row.reshape(-1)[place] = where
    if np.count_nonzero(row >= 0) < len(place):
        raise _doubled(rows, space, place, where, cell)
    if not fill:
        _check_missing(rows, space, seeds, points.tolist(), row)
    return Layout(space, tuple(int(s) for s in seeds), tuple(float(p) for p in points), row, restarted)


def _cells(rows: Rows, fill: bool) -> tuple[np.ndarray, Space]:
    """Each row's cell, and the space; the cells of a pool are its distinct configurations."""
    if rows.pool:
        cell, first = by_appearance(rows.index)
        return cell, Pool(rows.axes, rows.index[first])
    space = Space(rows.axes)
    if space.size > max(100, 20 * len(rows.index)) and (space.size > MOST_CELLS or not fill):
        some = f"{space.size:,}" if space.size < 1e9 else f"{float(space.size):.0e}"
        raise BadInput(
            f"its axes span over {some} cells and it has {len(rows.index):,} rows: most cells are missing; "
            f"--pool takes each row as a cell of its own{rounding_hint(rows.axes)}"
        )
    if space.size > MOST_CELLS:
        raise BadInput(f"its axes span over {space.size:,} cells; a surface may have {MOST_CELLS:,}")
    return np.ravel_multi_index(tuple(rows.index.T), space.shape).astype(np.int64), space


def _blocks(run: np.ndarray, point: np.ndarray) -> np.ndarray:
    """The number of each row's block within its run: one begins where the fidelity does not rise. int64 `[rows]`."""
    table = pd.DataFrame({"run": run, "point": point})
    falls = table.groupby("run")["point"].diff() <= 0
    return falls.groupby(table["run"]).cumsum().to_numpy(np.int64)


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
    block = _blocks(cell, point)
    table = pd.DataFrame({"cell": cell, "point": point, "number": number, "block": block})
    of_cell = table.groupby("cell")
    runs = of_cell["number"].transform("max") + 1
    uneven = of_cell["point"].transform("size") != of_cell["point"].transform("nunique") * runs
    unclear = uneven & (of_cell["block"].transform("max") + 1 != runs)
    if unclear.any():
        row = int(np.argmax(unclear))
        raise BadInput(
            f"cell {space.describe(space.cell(int(cell[row])))}: its rows belong to {int(runs[row])} runs of different "
            f"lengths, and do not lie run by run with rising {rows.epoch_name}; --seed-column names their runs"
        )
    return np.where(uneven, block, number).astype(np.int64)


def _complete_first(cell: np.ndarray, number: np.ndarray, points: int) -> tuple[np.ndarray, int]:
    """The runs' numbers within their cells with complete runs before others, and the number of the others."""
    runs = pd.DataFrame({"cell": cell, "number": number}).value_counts(sort=False).rename("length").reset_index()
    runs["short"] = runs["length"] < points
    runs = runs.sort_values(["cell", "short", "number"])
    runs["new"] = runs.groupby("cell").cumcount()
    new = runs.set_index(["cell", "number"])["new"].reindex(pd.MultiIndex.from_arrays([cell, number]))
    return new.to_numpy(np.int64), int(runs["short"].sum())


def _without_restarts(rows: Rows, run: np.ndarray, point: np.ndarray, points: int) -> tuple[np.ndarray, int]:
    """Which rows stay where a run that was begun again is given, of which one block alone is complete; how many such.

    Rows that another column tells apart belong to different runs, and all stay.
    """
    keep = np.ones(len(run), bool)
    if len(np.unique(run * points + point)) == len(run):
        return keep, 0
    block = _blocks(run, point)
    again = np.isin(run, run[block > 0])
    lengths = pd.DataFrame({"run": run, "block": block}).groupby(["run", "block"])["run"].transform("size").to_numpy()
    complete = lengths == points
    blocks = pd.DataFrame({"run": run[complete], "block": block[complete]}).drop_duplicates()["run"]
    alone = again & np.isin(run, blocks[~blocks.duplicated(keep=False)].to_numpy())
    if not alone.any() or _distinguishing(rows, (run * points + point)[alone], np.flatnonzero(alone)):
        return keep, 0
    return ~alone | complete, len(np.unique(run[alone]))


def _split_equal(rows: Rows, cell: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, Space]:
    """As `_cells`, of a pool: equal configurations with the same seed are different cells."""
    times = occurrence(np.column_stack([cell, rows.seed, point]))
    cells, first = by_appearance(np.column_stack([cell, times]))
    return cells, Pool(rows.axes, rows.index[first])


def _doubled(rows: Rows, space: Space, place: np.ndarray, where: np.ndarray, cell: np.ndarray) -> BadInput:
    """The error for runs that are given more than once."""
    _, first, counts = np.unique(place, return_index=True, return_counts=True)
    doubled = int(np.argmax(counts > 1))
    row, times = int(where[first[doubled]]), int(counts[doubled])
    name = f"cell {space.describe(space.cell(int(cell[row])))}"
    name += f", seed {int(rows.seed[row])}" if rows.seeded else ""
    name += f", {rows.epoch_name} {number_text(rows.epoch[row])}" if rows.epoch is not None else ""
    others = int((counts > 1).sum()) - 1
    more = f" (and {others:,} more cell{'s' if others > 1 else ''} more than once)" if others else ""
    return BadInput(
        f"{name} is given {'twice' if times == 2 else f'{times:,} times'}{more}; {_advice(rows, place, where)}"
    )


def _advice(rows: Rows, place: np.ndarray, where: np.ndarray) -> str:
    """The option that separates doubled rows: by the column in which they differ, or by numbering them."""
    options = "--pool takes each row as a cell of its own"
    found = _distinguishing(rows, place, where)
    if not found:
        return f"no other column tells its rows apart: --number-seeds takes them as its seeds; {options}"
    name, first = found[0]
    low = name.lower().rsplit(".", 1)[-1].rsplit("/", 1)[-1]
    if any(word in low for word in ("epoch", "step", "iter", "budget", "fidelity", "index")) and rows.epoch is None:
        way = f"--epoch-column {shlex.quote(name)} reads learning curves"
    elif any(word in low for word in ("seed", "repeat", "rep", "fold", "run", "replic")) and not rows.seeded:
        way = f"--seed-column {shlex.quote(name)} reads it"
    elif _typeable(first):
        way = f"--where {shlex.quote(f'{name}={first}')} keeps one of its values, --axes takes it as an axis, "
        way += f"--by {shlex.quote(name)} makes a surface of each"
    else:
        way = "--axes takes it as an axis"
    also = f" (as '{brief(found[1][0])}' does)" if len(found) > 1 else ""
    return f"its rows differ in column '{brief(name)}'{also}: {way}; {options}"


def _typeable(text: str) -> bool:
    return len(text) <= _TYPEABLE and not set(text) & set("{}[]()\"'")


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
        column = rows.table.column(name)
        codes = column.coded[0][where]
        levels = [column.coded[1][code] for code in pd.unique(codes)]
        if len(levels) < 2 or len(levels) > max(2, len(where) // 2):
            continue
        pairs = len(np.unique(np.stack([run, codes]), axis=1).T)
        alone = pairs == len(where)
        if pairs > len(counts):
            word = any(plain(text) is None for text in levels if not is_missing(text))
            first = column.coded[1][codes[int(np.argmax(doubled))]]
            found.append((not alone, not _typeable(first), not word, str(name), first))
    found.sort(key=lambda item: item[:3])
    return [(name, first) for *_, name, first in found]


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
        way = f"--missing last keeps the value that a run reached which ended early; {way}"
        if len(seeds) > 1:
            way = f"--seeds common keeps the seeds whose runs are complete; {way}"
    more = f" (and {found - 1:,} more)" if found > 1 else ""
    raise BadInput(f"{fault}{more}; {way}{rounding_hint(space.axes)}")
