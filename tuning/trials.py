"""Run replays query by query: the readable form, against which compiled searchers are tested."""

import heapq
import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grids.errors import BadInput
from tuning.ledger import Ledger, Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import Query, Searcher, SearcherSpec
from tuning.streams import NOISE, generator, stream


def trials_matrix(
    problem: TabularProblem,
    spec: SearcherSpec,
    seed: int,
    repeats: range,
    columns: np.ndarray,
    limits: Limits | None = None,
) -> Played:
    """The queries of a range of replays, each run by itself with its own random streams.

    Args:
        problem: the table that the searcher queries.
        spec: the searcher.
        seed: the user's, 0 or more.
        repeats: the numbers of the replays.
        columns: int32 `[len(repeats), max_trials]`, from `noise_columns`.
        limits: of each replay; as many trials as there are columns where not given.

    Raises:
        BadInput: an option out of range, a searcher that leaves the space, or a third-party searcher that fails.
    """
    limits = limits or Limits(columns.shape[1])
    found = []
    for row, repeat in enumerate(repeats):
        rng = generator(stream(seed, spec.text, problem.name, repeat))
        searcher = spec.build(problem.space, rng, problem.fidelities(limits.pauses))
        with spec.naming_errors():
            found.append(play_one(searcher, problem, columns[row], limits))
    shape = len(found), max(len(replay.cells) for replay in found)
    cells, told, points = (np.full(shape, fill, np.int32) for fill in (-1, 0, 0))
    spent, clock = np.zeros(shape), np.zeros(shape)
    for row, replay in enumerate(found):
        length = len(replay.cells)
        cells[row, :length], told[row, :length], points[row, :length] = replay.cells, replay.columns, replay.points
        spent[row, :length], clock[row, :length] = replay.spent, replay.clock
    if problem.fidelity is None:
        spent[:] = np.nan
    return Played(cells, told, points, spent, clock if limits.timed else None, compiled=False)


def noise_columns(problem: TabularProblem, spec: SearcherSpec, seed: int, repeats: range, trainings: int) -> np.ndarray:
    """The column of the problem that each training is told from: uniform with noise, else 0.

    Trainings count in the order in which they begin; without shorter ones each is a trial. The draws come from a stream
    of their own, so that noise does not change the searcher's random numbers.

    Returns:
        int32 `[len(repeats), trainings]`.
    """
    columns = np.zeros((len(repeats), trainings), np.int32)
    if problem.noisy:
        for row, repeat in enumerate(repeats):
            uniform = generator(stream(seed, spec.text, problem.name, repeat, NOISE)).random(trainings)
            columns[row] = (uniform * problem.told.shape[1]).astype(np.int32)
    return columns


@dataclass
class Replay:
    """One replay's queries, in the order in which their results were told; see `Played`."""

    cells: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Running:
    """A query that a worker is evaluating."""

    asked: Any
    cell: int
    column: int
    point: int
    amount: float


def play_one(searcher: Searcher, problem: TabularProblem, columns: np.ndarray, limits: Limits) -> Replay:
    """Run one replay: ask and tell until the lowest value is told for a whole training, or the budget is spent.

    Every free worker starts the next query that the searcher asks for. Then the clock advances to the end of the
    earliest running query, and all results of that time are told, in the order in which their queries started, before
    the searcher is asked again. Queries that are running when the budget ends are still told.

    Args:
        searcher: newly constructed on the problem's space.
        problem: the table that it queries.
        columns: int `[trainings]`, the column of the problem that each training is told from.
        limits: the budget, and how it is counted.

    Raises:
        BadInput: the searcher asked for something other than a cell of the space, or for a training that cannot be.
    """
    ledger, found = Ledger(problem.amounts, limits.cost_model), Replay()
    running: list[tuple[float, int, _Running]] = []
    clock, spent, committed, started, over = 0.0, 0.0, 0.0, 0, False
    while True:
        while len(running) < limits.workers and not over:
            if started == limits.max_trials:
                over = True
                break
            asked = searcher.ask()
            if asked is None:
                if not running:
                    raise BadInput(f"{type(searcher).__name__} asked for None, but no result is pending")
                break
            flat, cell, fidelity, training = _query(asked, problem, searcher)
            charge = ledger.charge(flat, cell, fidelity, training)
            if charge.point < ledger.last and not limits.pauses:
                _check_stops(searcher)
            if not limits.allows(committed + charge.amount):
                over = True
                break
            number = charge.training.number
            column = int(columns[number])
            ledger.enter(charge, training)
            share = charge.amount / problem.whole if problem.amounts is not None else 1.0
            ends = clock + share * float(problem.durations[flat, column])
            entry = _Running(asked, flat, column, charge.point, charge.amount)
            heapq.heappush(running, (ends, started, entry))
            started += 1
            committed += charge.amount
        if not running:
            return found
        clock = running[0][0]
        while running and running[0][0] == clock:
            done = heapq.heappop(running)[2]
            value = float(problem.told[done.cell, done.column, done.point])
            searcher.tell(done.asked, value)
            spent += done.amount
            found.cells.append(done.cell)
            found.columns.append(done.column)
            found.points.append(done.point)
            found.spent.append(spent)
            found.clock.append(clock)
            if done.point == ledger.last and value <= problem.stop:
                return found


def _query(asked: Any, problem: TabularProblem, searcher: Searcher) -> tuple[int, Any, float | None, int | None]:
    """The flat number of the cell to evaluate, the cell as asked, and the query's fidelity and training."""
    cell, fidelity, training = asked, None, None
    if isinstance(asked, Query):
        cell, fidelity, training = asked.cell, asked.fidelity, asked.training
    flat = flat_number(cell, problem.space.shape, asked, searcher)
    if problem.answers is not None:
        flat = int(problem.answers[flat])
    return flat, cell, fidelity, training


def _check_stops(searcher: Searcher) -> None:
    if not getattr(searcher, "stops", False):
        raise BadInput("asks for shorter trainings and may continue them, which --cost-model stop does not allow")


def flat_number(cell: object, shape: tuple[int, ...], asked: object, searcher: Searcher) -> int:
    """The flat number of `cell`, in C order.

    Args:
        cell: an index tuple.
        shape: the space's.
        asked, searcher: the object that contained the cell and the searcher that returned it, for error messages.

    Raises:
        BadInput: not one integer for each axis, or an index outside its axis.
    """
    try:
        indices = [operator.index(index) for index in cell]  # type: ignore[attr-defined]
    except TypeError:
        indices = []
    if len(indices) != len(shape) or not all(0 <= i < n for i, n in zip(indices, shape, strict=True)):
        raise BadInput(f"{type(searcher).__name__} asked for {asked!r}, not a cell of a space of shape {shape}")
    flat = 0
    for index, length in zip(indices, shape, strict=True):
        flat = flat * length + index
    return flat
