"""CMA-ES on a grid: it searches the continuous index space, and its points are rounded to cells."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from grids.space import Space
from tuning.kernels.compiling import compiled, compiled_part, compiled_start
from tuning.searchers.cmaes.bounds import into_bounds
from tuning.searchers.cmaes.constants import LEAST_SIZE, Constants, check_options, constants
from tuning.searchers.cmaes.stops import EVERY, rank, remember, stops
from tuning.searchers.cmaes.strategy import PROGRESS, State, decompose, draw_generation, start, update
from tuning.searchers.form import WAIT, Asked, Form, whole
from tuning.searchers.registry import searcher


class Tables(NamedTuple):
    """The tables of CMA-ES.

    Args:
        constants: of the strategy.
        ranges: float64 `[dimensions]`, the lengths of the searched axes, and of the idle one where that is added.
        moving: int64 `[moving]`, the number of values of each searched axis.
        strides: int64 `[moving]`, the difference of flat numbers between neighbours along each of them.
        sigma: the first step size.
    """

    constants: Constants
    ranges: np.ndarray
    moving: np.ndarray
    strides: np.ndarray
    sigma: float


def cmaes(
    space: Space,
    *,
    sigma: float = 0.25,
    popsize: int | None = None,
    impl: Literal["compiled", "pycma"] = "compiled",
) -> Tables:
    """Hansen's CMA-ES in index space, as pycma 4 sets and bounds it, restarted whenever it stops by itself.

    Axis i of n values is the interval [−½, n−½], bounded by pycma's smooth transformation; a point is rounded to
    the nearest index outside the strategy, so every cell has an interval of the same width. A start is a uniform point
    (the mean, not evaluated itself); when the strategy stops (by the flat-fitness and tolerance rules, early on a
    grid), it is started again with the same population size. Axes of a single value are left out; where one axis
    remains, an idle second coordinate is added, since pycma does not support one dimension.

    With several workers a generation's points are evaluated in parallel.

    Args:
        space: the space.
        sigma: initial standard deviation, as a share of each axis's length.
        popsize: evaluations in each generation; pycma's 4 + ⌊3 ln d⌋ where not given.
        impl: `pycma`: pycma itself, which also runs populations below 6, as it mirrors these. Its trials have the same
            law, but for a fault in one of its stopping rules (`tuning.searchers.cmaes.stops`).

    Raises:
        BadInput: an option out of range.
    """
    check_options(sigma, popsize)
    moving = [axis for axis, length in enumerate(space.shape) if length > 1]
    lengths = [space.shape[axis] for axis in moving]
    ranges = np.array(lengths * 2 if len(lengths) == 1 else lengths, float)
    strides = np.array([math.prod(space.shape[axis + 1 :]) for axis in moving], np.int64)
    return Tables(constants(max(len(ranges), 2), popsize), ranges, np.array(lengths, np.int64), strides, sigma)


@compiled_start
def begin(tables: Tables, rng: Any) -> State:
    c = tables.constants
    axes, size = c.axes, c.size
    state = State(
        np.zeros(1, PROGRESS),
        np.empty(axes),
        np.empty(axes),
        np.empty(axes),
        np.empty(axes),
        np.empty((axes, axes)),
        np.empty((axes, axes)),
        np.empty((axes, axes)),
        np.empty(axes),
        np.empty(axes),
        np.empty(axes),
        np.empty((size, axes)),
        np.empty(size),
        np.empty(size, np.int64),
        np.empty(c.memory),
        np.empty((2, int(c.max_generations) // EVERY + 1)),
        np.empty((2, axes)),
    )
    now = state.now[0]
    now["over"], now["asked"] = 1, size
    return state


@compiled_part
def ask(tables: Tables, state: State, rng: Any) -> Asked:
    now, size = state.now[0], len(state.points)
    if len(tables.moving) == 0:
        return whole(0, 0)
    if now["asked"] == size and now["told"] == 0:
        if now["over"] == 1 or not decompose(state):
            start(state, tables.ranges, tables.sigma, rng)
            decompose(state)
        draw_generation(state, rng)
        now["asked"] = 0
    number = now["asked"]
    if number == size:
        return whole(WAIT, 0)
    now["asked"] = number + 1
    flat = 0
    for axis in range(len(tables.moving)):
        index = math.floor(into_bounds(state.points[number, axis], tables.ranges[axis]) + 0.5)
        flat += min(max(index, 0), tables.moving[axis] - 1) * tables.strides[axis]
    return whole(flat, number)


@compiled_part
def tell(tables: Tables, state: State, asked: Asked, value: float) -> State:
    now = state.now[0]
    if len(tables.moving) > 0:
        state.values[asked.number] = value
        now["told"] += 1
        if now["told"] == len(state.points):
            now["told"] = 0
            _generation(tables, state)
    return state


@compiled
def _generation(tables: Tables, state: State) -> None:
    """Learn from a generation whose points were all told."""
    c = tables.constants
    rank(state)
    update(c, state, tables.ranges)
    remember(c, state)
    state.now[0]["over"] = 1 if stops(c, state, tables.ranges, tables.sigma) else 0


def _pycma(options: Mapping[str, Any], space: Space) -> Callable[..., Any] | None:
    if options.get("impl") != "pycma" and (options.get("popsize") or LEAST_SIZE) >= LEAST_SIZE:
        return None
    from tuning.searchers.cmaes.pycma import Pycma

    return Pycma


CMAES = searcher(
    "cmaes",
    Form(cmaes, begin, ask, tell, instead=_pycma),
    label="CMA-ES",
    summary="covariance matrix adaptation, on indices",
    place=3,
    paper=True,
    variants=("sigma=2,popsize=9", "sigma=0.05"),
)
