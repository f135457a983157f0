"""The compiled median stopping rule: the same queries as `Median` with one worker, with random proposers only."""

import math
from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.kernels.queries import Budgets, Log, play_ahead, proposals, write
from tuning.ledger import Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers.spec import SearcherSpec

_INDEPENDENT = ("random", "random-unique")
"""Proposers that ignore values. Others are told values that depend on when trainings stop, so not ahead of time."""


def median(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played | None:
    """The kernel of `Median`, as `tuning.kernels.compiled_played` calls it."""
    searcher: Any = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(limits.pauses))
    if searcher.of.name not in _INDEPENDENT:
        return None
    assert problem.amounts is not None
    points = np.array([problem.amounts.index(amount) for amount in searcher.amounts])
    amounts, told = np.array(searcher.amounts), np.ascontiguousarray(problem.told)

    def propose(trainings: int) -> np.ndarray | None:
        return proposals(searcher.of, problem, int(points[0]), columns[:, :trainings], first, repeats)

    def play(cells: np.ndarray, budgets: Budgets, log: Log) -> bool:
        return bool(play_median(cells, columns, told, points, amounts, max(searcher.startup, 1), budgets, log))

    return play_ahead(play, propose, problem, limits, repeats)


@compiled
def play_median(
    proposed: np.ndarray,
    columns: np.ndarray,
    told: np.ndarray,
    points: np.ndarray,
    amounts: np.ndarray,
    startup: int,
    budgets: Budgets,
    log: Log,
) -> bool:
    """Run replays, one for each row; True if a replay needed more trainings than were proposed.

    Args:
        proposed: int32 `[replays, trainings]`, the cell of each training, in the order in which they begin.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        told: float64 `[cells, columns, points]`.
        points, amounts: at which trainings report a value, int64 and float64 `[checks]`.
        startup: trainings that must be complete before any is stopped, at least 1.
        budgets, log: the budget of a replay, and the arrays for its queries.
    """
    checks, most = len(points), proposed.shape[1]
    ascending = np.empty((checks, most))  # at each check, the values of complete trainings
    for replay in range(len(proposed)):
        training, trial, spent, complete, over = 0, 0, 0.0, 0, False
        while not over:
            best = math.inf
            for check in range(checks):
                charge = amounts[check]
                if check > 0 and not budgets.restart:
                    charge = amounts[check] - amounts[check - 1]
                if trial == budgets.trials or spent + charge > budgets.spent:
                    over = True
                    break
                if training >= most:
                    return True
                cell, column = proposed[replay, training], columns[replay, training]
                value = told[cell, column, points[check]]
                write(log, replay, trial, cell, column, points[check], charge, budgets.whole)
                trial += 1
                spent += charge
                best = min(best, value)
                if check == checks - 1:
                    if points[check] == budgets.last and value <= budgets.stop:
                        over = True
                        break
                    for earlier in range(checks):
                        reported, place = told[cell, column, points[earlier]], complete
                        while place > 0 and ascending[earlier, place - 1] > reported:
                            ascending[earlier, place] = ascending[earlier, place - 1]
                            place -= 1
                        ascending[earlier, place] = reported
                    complete += 1
                elif complete >= startup and best > _middle(ascending[check], complete):
                    break
            training += 1
    return False


@compiled
def _middle(ascending: np.ndarray, count: int) -> float:
    """The same number as `tuning.searchers.median.median_of`."""
    half = count // 2
    if count % 2 == 1:
        return ascending[half]
    return ascending[half] - (ascending[half] - ascending[half - 1]) * 0.5
