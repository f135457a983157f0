"""Common parts of compiled searchers over fidelities: cells proposed in advance, budgets, and the log of queries."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tuning.kernels import is_compiled, kernel_trials
from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.pcg import pick, streams
from tuning.ledger import SLACK, CostModel, Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers.spec import SearcherSpec
from tuning.streams import PROPOSER

_AHEAD = 512
"""The number of trainings for which cells are proposed at first; times four whenever a replay needs more."""


class Budgets(NamedTuple):
    """The budget of a replay, in a form for compiled code.

    Args:
        trials: the largest number of queries.
        spent: the largest charge, with a tolerance for rounding.
        restart: whether a continued training is charged from zero.
        stop: a told value of a whole training at or below it ends a replay.
        last: the point of a whole training.
        whole: the charge of a whole training.
    """

    trials: int
    spent: float
    restart: bool
    stop: float
    last: int
    whole: float


class Log(NamedTuple):
    """The arrays to which compiled code writes its queries; see `Played`.

    Args:
        cells, columns, points: int32 `[replays, trials]`.
        spent: float64 `[replays, trials]`.
        clock: float64 `[replays, trials]`; `[replays, 0]` where it is not recorded.
        length: int64 `[replays]`, the number of queries of each replay.
        durations: float64 `[cells, columns]`, the durations of whole trainings.
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
    """Append a query that was charged `charge`."""
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
    """Run replays on cells that are proposed in advance; repeat with more cells as long as a replay needs more.

    Args:
        play: runs the replays on cells `[replays, trainings]` and writes to the log; True if there were too few cells.
        propose: returns cells for at least this many trainings, more where whole rounds are proposed.
        problem, limits, repeats: as of `compiled_played`.

    Returns:
        The queries; None where the proposer has no compiled form.
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
    """The cells of a proposer that is told each cell's value at one point: the same as `Proposer` gives.

    Args:
        of: the proposer.
        problem: the table that it queries.
        point: the recorded point whose values it is told.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        first: the seed sequence of any replay of the searcher that uses the proposer.
        repeats: the numbers of the replays.
        bracket: the number of the bracket that uses it.

    Returns:
        int32 `[replays, trainings]`, cells of the problem's space; None where the proposer has no compiled form.
    """
    if not is_compiled(of):
        return None
    states = streams(first, repeats, (PROPOSER, bracket))
    return kernel_trials(of, problem.space, problem.asked[..., point], columns, -np.inf, states)


def rounds_without_repetition(
    problem: TabularProblem, size: int, trainings: int, first: np.random.SeedSequence, repeats: range, bracket: int
) -> np.ndarray:
    """As `proposals`, for random cells that are all different within each round of `size`."""
    matrix = np.empty((len(repeats), trainings), np.int32)
    _deal(streams(first, repeats, (PROPOSER, bracket)), problem.space.size, size, matrix)
    return matrix


@compiled
def _deal(states: np.ndarray, cells: int, size: int, matrix: np.ndarray) -> None:
    """Random cells without repetition, restarted after every `size` cells: a new `RandomUnique` for each round."""
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
    """Restore ascending order."""
    for here in range(size):
        order[here] = here
        order[moved[here]] = moved[here]
