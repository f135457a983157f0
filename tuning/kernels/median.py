"""The median stopping rule compiled: the twin of `Median` with one worker, for proposers that learn nothing."""

import math
from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.kernels.queries import Budgets, Log, play_ahead, proposals, write
from tuning.ledger import Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers.spec import SearcherSpec

_LEARN_NOTHING = ("random", "random-unique")
"""Any other proposer is told values that depend on where trainings are stopped: its cells cannot be made ahead."""


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
    if searcher.of.name not in _LEARN_NOTHING:
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
    """Play replays, one for each row; True where a replay needed more trainings than are proposed.

    Args:
        proposed: int32 `[replays, trainings]`, the cell of each training, in the order in which they begin.
        columns: int32 `[replays, trainings]`, the column told of each.
        told: float64 `[cells, columns, points]`.
        points, amounts: at which trainings are looked at, int64 and float64 `[looks]`.
        startup: trainings that must be complete before any is stopped, at least 1.
        budgets, log: what may be spent, and where to write.
    """
    looks, most = len(points), proposed.shape[1]
    ascending = np.empty((looks, most))  # at each look, what complete trainings had there
    for replay in range(len(proposed)):
        training, trial, spent, complete, over = 0, 0, 0.0, 0, False
        while not over:
            best = math.inf
            for look in range(looks):
                charge = amounts[look]
                if look > 0 and not budgets.restart:
                    charge = amounts[look] - amounts[look - 1]
                if trial == budgets.trials or spent + charge > budgets.spent:
                    over = True
                    break
                if training >= most:
                    return True
                cell, column = proposed[replay, training], columns[replay, training]
                value = told[cell, column, points[look]]
                write(log, replay, trial, cell, column, points[look], charge, budgets.whole)
                trial += 1
                spent += charge
                best = min(best, value)
                if look == looks - 1:
                    if points[look] == budgets.last and value <= budgets.stop:
                        over = True
                        break
                    for earlier in range(looks):
                        shown, place = told[cell, column, points[earlier]], complete
                        while place > 0 and ascending[earlier, place - 1] > shown:
                            ascending[earlier, place] = ascending[earlier, place - 1]
                            place -= 1
                        ascending[earlier, place] = shown
                    complete += 1
                elif complete >= startup and best > _middle(ascending[look], complete):
                    break
            training += 1
    return False


@compiled
def _middle(ascending: np.ndarray, count: int) -> float:
    """The twin of `tuning.searchers.median.median_of`."""
    half = count // 2
    if count % 2 == 1:
        return ascending[half]
    return ascending[half] - (ascending[half] - ascending[half - 1]) * 0.5
