"""What compiled searchers over fidelities have in common: proposals made ahead, and what they write down."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.game import Game
from tuning.kernels.pcg import pick, streams
from tuning.ledger import SLACK, CostModel, Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS
from tuning.searchers.proposer import PROPOSER
from tuning.searchers.registry import load
from tuning.searchers.spec import SearcherSpec

_AHEAD = 512
"""Trainings for which cells are proposed at first; four times as many each time that a replay needs more."""


class Budgets(NamedTuple):
    """What a replay may spend, as compiled code takes it.

    Args:
        trials: queries.
        spent: charged; a little more than allowed, for rounding.
        restart: whether a continued training is charged from zero.
        stop: a told value of a whole training at or below it ends a replay.
        last: the point of a whole training.
        whole: what a whole training is charged.
    """

    trials: int
    spent: float
    restart: bool
    stop: float
    last: int
    whole: float


class Log(NamedTuple):
    """Where compiled code writes its queries, row by row; see `Played`.

    Args:
        cells, columns, points: int32 `[replays, trials]`.
        spent: float64 `[replays, trials]`.
        clock: float64 `[replays, trials]`, or of no trials where it is not recorded.
        length: int64 `[replays]`, how many queries each replay made.
        durations: float64 `[cells, columns]`, how long a whole training takes.
    """

    cells: np.ndarray
    columns: np.ndarray
    points: np.ndarray
    spent: np.ndarray
    clock: np.ndarray
    length: np.ndarray
    durations: np.ndarray


@compiled_part
def write(log: Log, replay: int, trial: int, cell: int, column: int, point: int, charge: float, whole: float) -> None:
    """Enter a query that was charged `charge`."""
    before = log.spent[replay, trial - 1] if trial > 0 else 0.0
    log.cells[replay, trial], log.columns[replay, trial], log.points[replay, trial] = cell, column, point
    log.spent[replay, trial] = before + charge
    if log.clock.shape[1] > 0:
        then = log.clock[replay, trial - 1] if trial > 0 else 0.0
        log.clock[replay, trial] = then + charge / whole * log.durations[cell, column]
    log.length[replay] = trial + 1


def play_ahead(
    play: Callable[[np.ndarray, Budgets, Log], bool],
    propose: Callable[[int], np.ndarray | None],
    problem: TabularProblem,
    limits: Limits,
    repeats: range,
) -> Played | None:
    """Play with proposals that are made ahead, of more trainings for as long as a replay needs more.

    Args:
        play: writes all queries down, given cells `[replays, trainings]`; True where they were too few.
        propose: cells for so many trainings or, where those of a round go together, for some more.
        problem, limits, repeats: as of `compiled_played`.

    Returns:
        What was played; None where the proposer has no compiled form.
    """
    most = limits.max_trials
    spent = limits.max_spent * (1 + SLACK)
    restart = limits.cost_model is CostModel.restart
    budgets = Budgets(most, spent, restart, problem.stop, problem.points - 1, problem.whole)
    shape = len(repeats), most
    log = Log(
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
        np.empty(shape),
        np.empty(shape if limits.timed else (len(repeats), 0)),
        np.zeros(len(repeats), np.int64),
        np.ascontiguousarray(problem.durations),
    )
    trainings = min(_AHEAD, most)
    while True:
        proposed = propose(trainings)
        if proposed is None:
            return None
        if not play(problem.answered(proposed), budgets, log):
            break
        trainings = min(4 * trainings, most)
    used = int(log.length.max())
    cells = np.ascontiguousarray(log.cells[:, :used])
    cells[np.arange(used) >= log.length[:, None]] = -1
    columns, points, took = (np.ascontiguousarray(a[:, :used]) for a in (log.columns, log.points, log.spent))
    for array in (columns, points):
        array[cells < 0] = 0
    clock = np.ascontiguousarray(log.clock[:, :used]) if limits.timed else None
    return Played(cells, columns, points, took, clock)


def proposals(
    of: SearcherSpec,
    problem: TabularProblem,
    point: int,
    columns: np.ndarray,
    first: np.random.SeedSequence,
    repeats: range,
    bracket: int = 0,
) -> np.ndarray | None:
    """The cells that a proposer proposes where it is told each one's value at one point, as `Proposer` does.

    Args:
        of: the proposer.
        problem: what is played on.
        point: of the values that it is told.
        columns: int32 `[replays, trainings]`, the column told of each.
        first: the seed sequence of any repeat of the searcher that it proposes to.
        repeats: which.
        bracket: for which it proposes.

    Returns:
        int32 `[replays, trainings]`, cells of the problem's space; None where it has no compiled form.
    """
    if of.name not in SEARCHERS or SEARCHERS[of.name].kernel is None:
        return None
    told = np.ascontiguousarray(problem.asked[..., point])
    matrix = np.full(columns.shape, -1, np.int32)
    states, shape = streams(first, repeats, (PROPOSER, bracket)), np.array(problem.space.shape)
    game = Game(states, shape, told, np.ascontiguousarray(columns), -np.inf, matrix)
    kernel = load(SEARCHERS[of.name].kernel or "")
    return matrix if kernel(of.build(problem.space, np.random.default_rng(0)), game) else None


def rounds_without_repetition(
    problem: TabularProblem, size: int, trainings: int, first: np.random.SeedSequence, repeats: range, bracket: int
) -> np.ndarray:
    """As `proposals`, of random cells of which no two are the same within a round of `size`."""
    matrix = np.empty((len(repeats), trainings), np.int32)
    _deal(streams(first, repeats, (PROPOSER, bracket)), problem.space.size, size, matrix)
    return matrix


@compiled
def _deal(states: np.ndarray, cells: int, size: int, matrix: np.ndarray) -> None:
    """Random cells without repetition, begun anew after every `size` of them: a `RandomUnique` for each round."""
    order, moved = np.arange(cells), np.zeros(size, np.int64)
    for replay in range(len(matrix)):
        state = states[replay]
        for training in range(matrix.shape[1]):
            here = training % size
            if here == 0:
                _undo(order, moved, size)
            other = here + pick(state, cells - here)
            order[here], order[other] = order[other], order[here]
            moved[here] = other
            matrix[replay, training] = order[here]
        _undo(order, moved, size)


@compiled_part
def _undo(order: np.ndarray, moved: np.ndarray, size: int) -> None:
    """Put cells back into their own places."""
    for here in range(size):
        order[here] = here
        order[moved[here]] = moved[here]
