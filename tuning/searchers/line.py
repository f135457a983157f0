"""Line searches along one axis after another, as practitioners tune by hand."""

import math
from typing import Any, NamedTuple

import numpy as np

from grids.errors import BadInput, unknown
from grids.space import Cell, Space
from tuning.kernels.compiling import compiled_part, compiled_start
from tuning.kernels.draws import pick
from tuning.searchers.form import WAIT, Asked, Form, is_better, whole
from tuning.searchers.registry import searcher


class Lines(NamedTuple):
    """The tables of a line search.

    Args:
        shape, stride: int64 `[axes]`, the space's, and the difference of flat numbers between neighbours on each axis.
        cells: the number of cells.
        start: the flat number of the first start; −1 where it is random, as all later starts are.
        order: int64 `[axes]`, the axes in the order in which they are scanned.
        rounds: the largest number of scans of each axis from one start.
    """

    shape: np.ndarray
    stride: np.ndarray
    cells: int
    start: int
    order: np.ndarray
    rounds: int


PROGRESS = np.dtype(
    [
        ("searches", "i8"),  # begun so far
        ("begun", "i8"),  # whether a search is running
        ("current", "i8"),  # the cell that the line goes through
        ("known", "i8"),  # whether the value of that cell is known: not until the first scan is done
        ("value", "f8"),
        ("scans", "i8"),  # done since the start
        ("length", "i8"),  # of the axis that is scanned, the difference of its neighbours' flat numbers,
        ("stride", "i8"),
        ("index", "i8"),  # and the current cell's index on it
        ("still", "i8"),  # how many of the latest scans did not move the current cell
        ("asked", "i8"),  # cells of this line
        ("told", "i8"),
        ("best", "i8"),  # the best cell told on this line, its value and its number
        ("lowest", "f8"),
        ("first", "i8"),
    ]
)


class Progress(NamedTuple):
    """The state: one record of type `PROGRESS`."""

    now: np.ndarray


def line(space: Space, *, start: str = "random", order: str = "", rounds: int = 1) -> Lines:
    """Scan the first axis at a fixed place on the others, the second at the best cell found, and so on.

    Section 7 of the AvaGrad paper asks whether α and ε can be tuned separately; this searcher does so. A scan evaluates
    the cells of a line in ascending order, except the current one once its value is known, and moves to the lowest;
    equal values keep the current cell, and among the others the first is taken. A round scans each axis once. After
    `rounds` rounds, or once every axis was scanned around the current cell without finding a lower value, the search
    begins again from a random start.

    A random start takes one uniform number; nothing else is random. With several workers a line's cells are evaluated
    in parallel.

    Args:
        space: the space.
        start: the indices on axes that are not scanned yet: `random`, `middle`, or one for each axis, as `0/20`.
        order: the axes by name or number, as `epsilon/alpha`; the space's order where not given.
        rounds: the largest number of scans of each axis from one start.

    Raises:
        BadInput: an option out of range.
    """
    if rounds < 1:
        raise BadInput(f"rounds must be 1 or more, not {rounds}")
    first = _start(start, space.shape)
    stride = np.array([math.prod(space.shape[axis + 1 :]) for axis in range(len(space.shape))])
    flat = -1 if first is None else space.flat(first)
    return Lines(np.array(space.shape), stride, space.size, flat, np.array(_order(order, space)), rounds)


@compiled_start
def begin(tables: Lines, rng: Any) -> Progress:
    return Progress(np.zeros(1, PROGRESS))


@compiled_part
def ask(tables: Lines, state: Progress, rng: Any) -> Asked:
    now = state.now[0]
    if now["begun"] == 0:
        given = now["searches"] == 0 and tables.start >= 0
        now["current"] = tables.start if given else pick(rng, tables.cells)
        now["searches"] += 1
        now["begun"], now["known"], now["scans"], now["still"] = 1, 0, 0, 0
        _scan(tables, now)
    number = now["asked"]
    if number == now["length"] - now["known"]:
        return whole(WAIT, 0)
    place = number + 1 if now["known"] == 1 and number >= now["index"] else number
    now["asked"] = number + 1
    return whole(now["current"] + (place - now["index"]) * now["stride"], number)


@compiled_part
def tell(tables: Lines, state: Progress, asked: Asked, value: float) -> Progress:
    now, axes = state.now[0], len(tables.order)
    if is_better(value, asked.number, now["lowest"], now["first"]):
        now["best"], now["lowest"], now["first"] = asked.cell, value, asked.number
    now["told"] += 1
    if now["told"] < now["length"] - now["known"]:
        return state
    if now["known"] == 0 or now["lowest"] < now["value"]:
        now["current"], now["value"], now["known"], now["still"] = now["best"], now["lowest"], 1, 1
    else:
        now["still"] += 1
    # Go to the next scan that has a cell to evaluate, or finish this search.
    while True:
        now["scans"] += 1
        if now["scans"] == tables.rounds * axes or now["still"] >= axes:
            now["begun"] = 0
            return state
        _scan(tables, now)
        if now["length"] > 1:
            return state
        now["still"] += 1


@compiled_part
def _scan(tables: Lines, now: Any) -> None:
    """Begin to scan the next axis."""
    axis = tables.order[now["scans"] % len(tables.order)]
    now["length"], now["stride"] = tables.shape[axis], tables.stride[axis]
    now["index"] = now["current"] // now["stride"] % now["length"]
    now["asked"], now["told"], now["lowest"] = 0, 0, math.inf


LINE = searcher(
    "line",
    Form(line, begin, ask, tell),
    label="line search",
    summary="scans one axis after another, through the best cell found so far",
    place=6,
    law="tuning.exact.line:LineLaw",
    variants=("start=middle", "start=middle,rounds=3", "rounds=2"),
)


def _start(text: str, shape: tuple[int, ...]) -> Cell | None:
    if text == "random":
        return None
    if text == "middle":
        return tuple((length - 1) // 2 for length in shape)
    parts = text.split("/")
    if len(parts) != len(shape) or not all(part.strip().isdecimal() for part in parts):
        wanted = "/".join(str(length - 1) for length in shape)
        raise BadInput(f"start must be random, middle or an index on each axis, at most {wanted}, not '{text}'")
    cell = tuple(int(part) for part in parts)
    for index, length in zip(cell, shape, strict=True):
        if index >= length:
            raise BadInput(f"start {text} lies outside the space: an axis has indices 0 to {length - 1}, not {index}")
    return cell


def _order(text: str, space: Space) -> tuple[int, ...]:
    if not text:
        return tuple(range(len(space.shape)))
    known = {name: axis for axis, name in enumerate(space.names)}
    known |= {str(axis): axis for axis in range(len(space.shape)) if str(axis) not in known}
    names = [name.strip() for name in text.split("/")]
    for name in names:
        if name not in known:
            raise unknown("axis", name, space.names)
    axes = tuple(known[name] for name in names)
    if sorted(axes) != list(range(len(space.shape))):
        raise BadInput(f"order must name each axis once, as {'/'.join(space.names)}, not '{text}'")
    return axes
