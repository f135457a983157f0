"""Compiled asynchronous successive halving: the same queries as `ASHA` with one worker."""

import math
from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.kernels.queries import Budgets, Log, play_ahead, proposals, write
from tuning.ledger import Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers.spec import SearcherSpec


def asha(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played | None:
    """The kernel of `ASHA`, as `tuning.kernels.compiled_played` calls it."""
    searcher: Any = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(limits.pauses))
    assert problem.amounts is not None
    points = np.array([problem.amounts.index(amount) for amount in searcher.rungs])
    amounts, told = np.array(searcher.rungs), np.ascontiguousarray(problem.told)

    def propose(trainings: int) -> np.ndarray | None:
        return proposals(searcher.of, problem, int(points[0]), columns[:, :trainings], first, repeats)

    def play(cells: np.ndarray, budgets: Budgets, log: Log) -> bool:
        eta = float(searcher.eta)
        return bool(play_asha(cells, columns, told, points, amounts, eta, limits.pauses, budgets, log))

    return play_ahead(play, propose, problem, limits, repeats)


@compiled
def play_asha(
    proposed: np.ndarray,
    columns: np.ndarray,
    told: np.ndarray,
    points: np.ndarray,
    amounts: np.ndarray,
    eta: float,
    pauses: bool,
    budgets: Budgets,
    log: Log,
) -> bool:
    """Run replays, one for each row; True if a replay needed more trainings than were proposed.

    Args:
        proposed: int32 `[replays, trainings]`, the cell of each training, in the order in which they begin.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        told: float64 `[cells, columns, points]`.
        points, amounts: of each rung, int64 and float64 `[rungs]`.
        eta: the reduction factor.
        pauses: whether a paused training may be continued.
        budgets, log: the budget of a replay, and the arrays for its queries.
    """
    rungs, most = len(points), proposed.shape[1]
    # At each rung the trainings told there, sorted by value; among equals the one told first comes first.
    ranked, values = np.empty((rungs, most), np.int64), np.empty((rungs, most))
    left, count = np.empty((rungs, most), np.bool_), np.empty(rungs, np.int64)
    for replay in range(len(proposed)):
        begun, trial, spent, following, at = 0, 0, 0.0, -1, 0
        count[:] = 0
        while True:
            training, rung = following, at
            if pauses:
                training = -1
                for lower in range(rungs - 2, -1, -1):
                    for place in range(math.floor(count[lower] / eta)):
                        if not left[lower, ranked[lower, place]]:
                            training, rung = ranked[lower, place], lower + 1
                            break
                    if training >= 0:
                        break
            if training < 0:
                training, rung = begun, 0
            charge = amounts[rung]
            if rung > 0 and not budgets.restart:
                charge = amounts[rung] - amounts[rung - 1]
            if trial == budgets.trials or spent + charge > budgets.spent:
                break
            if training >= most:
                return True
            if rung == 0:
                begun += 1
            elif pauses:
                left[rung - 1, training] = True
            cell, column = proposed[replay, training], columns[replay, training]
            value = told[cell, column, points[rung]]
            write(log, replay, trial, cell, column, points[rung], charge, budgets.whole)
            trial += 1
            spent += charge
            if points[rung] == budgets.last and value <= budgets.stop:
                break
            place = count[rung]
            while place > 0 and values[rung, ranked[rung, place - 1]] > value:
                ranked[rung, place] = ranked[rung, place - 1]
                place -= 1
            ranked[rung, place], values[rung, training], left[rung, training] = training, value, False
            count[rung] += 1
            following, at = -1, 0
            if not pauses and rung + 1 < rungs:
                told_here = count[rung]
                bound = math.floor(told_here / eta) - 1 if told_here >= 2 * eta else 0
                if value <= values[rung, ranked[rung, bound]]:
                    following, at = training, rung + 1
    return False
