"""Compiled brackets of successive halving: the same queries as `SHA` and `Hyperband` with one worker."""

from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.kernels.queries import Budgets, Log, play_ahead, proposals, rounds_without_repetition, write
from tuning.ledger import CostModel, Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers.fidelities import Bracket
from tuning.searchers.spec import SearcherSpec


def halving(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played | None:
    """The kernel of `SHA` and `Hyperband`, as `tuning.kernels.compiled_played` calls it."""
    searcher: Any = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(limits.pauses))
    brackets: tuple[Bracket, ...] = searcher.brackets
    sizes, points, charges = _stages(brackets, problem, limits)
    told = np.ascontiguousarray(problem.told)
    starts = sizes[:, 0]
    ends = np.cumsum(starts)

    def propose(trainings: int) -> np.ndarray | None:
        rounds = -(-trainings // int(ends[-1]))
        cells = np.empty((len(repeats), rounds * int(ends[-1])), np.int32)
        wide = np.zeros(cells.shape, np.int32)
        known = min(cells.shape[1], columns.shape[1])
        wide[:, :known] = columns[:, :known]
        for number, size in enumerate(starts.tolist()):
            # The numbers of this bracket's trainings: `size` in each round.
            place = (np.arange(rounds)[:, None] * ends[-1] + ends[number] - size + np.arange(size)).ravel()
            if searcher.without_repetition:
                found = rounds_without_repetition(problem, size, len(place), first, repeats, number)
            else:
                point = int(points[number, 0])
                made = proposals(searcher.of, problem, point, wide[:, place], first, repeats, number)
                if made is None:
                    return None
                found = made
            cells[:, place] = found
        return cells

    def play(cells: np.ndarray, budgets: Budgets, log: Log) -> bool:
        return bool(play_halving(cells, columns, told, sizes, points, charges, budgets, log))

    return play_ahead(play, propose, problem, limits, repeats)


def _stages(
    brackets: tuple[Bracket, ...], problem: TabularProblem, limits: Limits
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of cells (0 after the last), point and charge of a query at each rung, `[brackets, rungs]`."""
    assert problem.amounts is not None
    longest = max(len(one.rungs) for one in brackets)
    sizes, points = np.zeros((len(brackets), longest), np.int64), np.zeros((len(brackets), longest), np.int64)
    charges = np.zeros((len(brackets), longest))
    for number, one in enumerate(brackets):
        before = 0.0
        for rung, (amount, size) in enumerate(zip(one.rungs, one.sizes, strict=True)):
            sizes[number, rung], points[number, rung] = size, problem.amounts.index(amount)
            charges[number, rung] = amount if limits.cost_model is CostModel.restart else amount - before
            before = amount
    return sizes, points, charges


@compiled
def play_halving(
    proposed: np.ndarray,
    columns: np.ndarray,
    told: np.ndarray,
    sizes: np.ndarray,
    points: np.ndarray,
    charges: np.ndarray,
    budgets: Budgets,
    log: Log,
) -> bool:
    """Run replays, one for each row; True if a replay needed more trainings than were proposed.

    Args:
        proposed: int32 `[replays, trainings]`, the cell of each training, in the order in which they begin.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        told: float64 `[cells, columns, points]`.
        sizes, points, charges: see `_stages`.
        budgets, log: the budget of a replay, and the arrays for its queries.
    """
    brackets, rungs = sizes.shape
    values, alive = np.empty(sizes.max()), np.empty(sizes.max(), np.int64)
    for replay in range(len(proposed)):
        base, trial, spent, bracket, over = 0, 0, 0.0, 0, False
        while not over:
            for member in range(sizes[bracket, 0]):
                alive[member] = member
            for rung in range(rungs):
                size = sizes[bracket, rung]
                if size == 0:
                    break
                if rung > 0:
                    _best_first(values, alive, sizes[bracket, rung - 1], size)
                point, charge = points[bracket, rung], charges[bracket, rung]
                for place in range(size):
                    if trial == budgets.trials or spent + charge > budgets.spent:
                        over = True
                        break
                    training = base + alive[place]
                    if training >= proposed.shape[1]:
                        return True
                    cell, column = proposed[replay, training], columns[replay, training]
                    value = told[cell, column, point]
                    values[alive[place]] = value
                    write(log, replay, trial, cell, column, point, charge, budgets.whole)
                    trial += 1
                    spent += charge
                    if point == budgets.last and value <= budgets.stop:
                        over = True
                        break
                if over:
                    break
            base += sizes[bracket, 0]
            bracket = (bracket + 1) % brackets
    return False


@compiled
def _best_first(values: np.ndarray, alive: np.ndarray, size: int, keep: int) -> None:
    """Move the `keep` of lowest value among the first `size` in `alive` to the front, the older among equals first."""
    for place in range(keep):
        best = place
        for other in range(place + 1, size):
            one, two = alive[other], alive[best]
            if values[one] < values[two] or (values[one] == values[two] and one < two):
                best = other
        alive[place], alive[best] = alive[best], alive[place]
