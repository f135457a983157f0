"""Gradientless descent on a grid (GLD-Search; Golovin et al., ICLR 2020, Algorithm 1), and along one axis at a time."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from grids.space import Space
from tuning.kernels.compiling import compiled_part, compiled_start, with_parts
from tuning.kernels.draws import pick
from tuning.searchers.balls import NO_MEMBERS, draw_clipped, draw_counted, members, radii
from tuning.searchers.form import WAIT, Asked, Form, is_better, whole
from tuning.searchers.registry import searcher

Ball = Literal["inside", "clip"]


class Descent(NamedTuple):
    """The tables of gradientless descent.

    Args:
        shape: int64 `[axes]`, the space's.
        cells: the number of cells.
        radii: float64 `[radii]`, largest first.
        turns: the number of kinds of steps: 1 where all axes move in each step, otherwise one for each axis in turn.
        clip: whether a candidate is a rounded and clipped point of the continuous ball.
        start: int64 `[turns · radii, cells + 1]`, where the cells of each ball begin in `members`; no rows where balls
            are not listed but counted.
        members: int32, the other cells of all balls, ball by ball, in C order.
    """

    shape: np.ndarray
    cells: int
    radii: np.ndarray
    turns: int
    clip: bool
    start: np.ndarray
    members: np.ndarray


PROGRESS = np.dtype(
    [
        ("current", "i8"),  # the cell at which the step began; −1 before the first trial is told
        ("value", "f8"),  # of the current cell
        ("step", "i8"),
        ("asked", "i8"),  # candidates of this step
        ("told", "i8"),
        ("best", "i8"),  # the best candidate told in this step, its value and its number
        ("lowest", "f8"),
        ("first", "i8"),
    ]
)


class Progress(NamedTuple):
    """The state.

    Args:
        now: one record of type `PROGRESS`.
        box: int64 `[4, axes]`, work space.
        point: float64 `[axes]`, work space.
    """

    now: np.ndarray
    box: np.ndarray
    point: np.ndarray


def _tables(space: Space, turns: int, radius_max: float | None, radius_min: float, ball: Ball) -> Descent:
    reach = radii(space.shape, radius_max, radius_min)
    clip = ball == "clip"
    start, listed = NO_MEMBERS if clip else members(space.shape, reach, turns)
    return Descent(np.array(space.shape), space.size, np.array(reach), turns, clip, start, listed)


def gld(space: Space, *, radius_max: float | None = None, radius_min: float = 1.0, ball: Ball = "inside") -> Descent:
    """From the current cell, draw one candidate from each of several balls; move to the best of them if it is better.

    Trial 1 is a uniform cell. Then, step by step, one candidate for each radius R·2^−k, k = 0 … ⌊log2(R/r)⌋, largest
    first, each drawn around the cell at which the step began. The value of that cell is known, so a step costs one
    trial for each radius. The candidate of lowest value becomes the current cell if its value is lower; equal values
    keep the current cell, and among equal candidates the first drawn is taken. The radii are the same in every step.

    With several workers the candidates of one step are evaluated in parallel.

    Each trial takes exactly one uniform number; with `ball="clip"` a candidate takes what `draw_clipped` says.

    Args:
        space: the space.
        radius_max: R in index steps; the longest axis − 1 where not given.
        radius_min: r in index steps.
        ball: `inside`: a candidate is uniform over the cells, other than the current one, whose Euclidean index
            distance is at most the radius (the current cell itself where there is none). `clip`: a uniform point of
            the continuous ball, rounded and clipped into the grid, which piles up on the border and may be the
            current cell.

    Raises:
        BadInput: a radius out of range.
    """
    return _tables(space, 1, radius_max, radius_min, ball)


def cgld(space: Space, *, radius_max: float | None = None, radius_min: float = 1.0, ball: Ball = "inside") -> Descent:
    """GLD whose balls lie on one axis: step s moves along axis s mod d, in the space's order of axes.

    Everything else is as in GLD: the options, the radii (from the space's longest axis, whichever axis moves), the
    start, the ties and the draws. The AvaGrad paper names this searcher without details.
    """
    return _tables(space, len(space.shape), radius_max, radius_min, ball)


@compiled_start
def begin(tables: Descent, rng: Any) -> Progress:
    axes = len(tables.shape)
    state = Progress(np.zeros(1, PROGRESS), np.empty((4, axes), np.int64), np.empty(axes))
    state.now[0]["current"] = -1
    return state


@compiled_part
def draw(tables: Descent, state: Progress, rng: Any, candidate: int) -> int:
    """Draw a cell of the candidate's ball, from the lists of the balls' cells."""
    now = state.now[0]
    ball = now["step"] % tables.turns * len(tables.radii) + candidate
    first = tables.start[ball, now["current"]]
    count = tables.start[ball, now["current"] + 1] - first
    chosen = pick(rng, max(count, 1))
    return int(tables.members[first + chosen]) if count > 0 else int(now["current"])


@compiled_part
def _draw_counted(tables: Descent, state: Progress, rng: Any, candidate: int) -> int:
    """As `draw`, by counting the balls' cells."""
    now = state.now[0]
    first, end = _moving(tables, now)
    return int(draw_counted(rng, tables.shape, now["current"], tables.radii[candidate], first, end, state.box))


@compiled_part
def _draw_clipped(tables: Descent, state: Progress, rng: Any, candidate: int) -> int:
    """As `draw`, from the continuous balls."""
    now = state.now[0]
    first, end = _moving(tables, now)
    ball = now["current"], tables.radii[candidate], first, end
    return int(draw_clipped(rng, tables.shape, *ball, state.box[3], state.point))


@compiled_part
def ask(tables: Descent, state: Progress, rng: Any) -> Asked:
    now = state.now[0]
    candidate = now["asked"]
    if candidate == (1 if now["current"] < 0 else len(tables.radii)):
        return whole(WAIT, 0)
    now["asked"] = candidate + 1
    return whole(pick(rng, tables.cells) if now["current"] < 0 else draw(tables, state, rng, candidate), candidate)


_ask_counted = with_parts(ask, "ask_counted", {"draw": _draw_counted})
_ask_clipped = with_parts(ask, "ask_clipped", {"draw": _draw_clipped})


@compiled_part
def _moving(tables: Descent, now: Any) -> tuple[int, int]:
    """The axes that move in this step: from the first number to below the second."""
    turn = now["step"] % tables.turns
    return (0, len(tables.shape)) if tables.turns < len(tables.shape) else (turn, turn + 1)


def _choose_ask(tables: Descent) -> Any:
    if tables.clip:
        return _ask_clipped
    return None if len(tables.start) else _ask_counted


@compiled_part
def tell(tables: Descent, state: Progress, asked: Asked, value: float) -> Progress:
    now = state.now[0]
    if now["current"] < 0:
        now["current"], now["value"], now["asked"] = asked.cell, value, 0
        now["lowest"] = math.inf
        return state
    if is_better(value, asked.number, now["lowest"], now["first"]):
        now["best"], now["lowest"], now["first"] = asked.cell, value, asked.number
    now["told"] += 1
    if now["told"] == len(tables.radii):
        if now["lowest"] < now["value"]:
            now["current"], now["value"] = now["best"], now["lowest"]
        now["asked"], now["told"], now["lowest"] = 0, 0, math.inf
        now["step"] += 1
    return state


GLD = searcher(
    "gld",
    Form(gld, begin, ask, tell, choose_ask=_choose_ask),
    label="GLD",
    summary="gradientless descent in balls of cells",
    place=4,
    paper=True,
    law="tuning.exact.descent:DescentLaw",
    variants=("ball=clip", "radius_max=3.5,radius_min=0.4", "radius_max=1e9,radius_min=1e8"),
)
CGLD = searcher(
    "cgld",
    Form(cgld, begin, ask, tell, choose_ask=_choose_ask),
    label="CGLD",
    summary="GLD along one axis at a time",
    place=5,
    paper=True,
    law="tuning.exact.descent:DescentLaw",
    variants=("ball=clip", "radius_max=7,radius_min=2", "radius_max=0.5,radius_min=0.5"),
)
