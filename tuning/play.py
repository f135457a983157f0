"""Play a range of replays of one searcher on one problem: compiled where that is possible, otherwise query by query."""

from typing import TYPE_CHECKING

import numpy as np

from tuning.ledger import SLACK, CostModel, Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec
from tuning.searchers.form import with_room
from tuning.searchers.proposer import bracket_proposer
from tuning.streams import stream
from tuning.trials import noise_columns, trials_matrix

if TYPE_CHECKING:  # imports numba
    from tuning.kernels.loop import Log


def play(
    problem: TabularProblem, spec: SearcherSpec, seed: int, repeats: range, limits: Limits, by_python: bool = False
) -> Played:
    """The queries of a range of replays; each has its own random streams, so that it does not depend on the others.

    Args:
        problem: the table that the searcher queries.
        spec: the searcher.
        seed: the user's, 0 or more.
        repeats: the numbers of the replays.
        limits: of each replay.
        by_python: run query by query, without numba, also what could be compiled; the queries are the same.

    Raises:
        BadInput: an option out of range, a searcher that asks for what does not exist, or a third-party searcher that
            fails.
    """
    columns = noise_columns(problem, spec, seed, repeats, limits.max_trials)
    if by_python or not is_compiled(spec, problem, limits) or repeats.stop > 2**32:
        return trials_matrix(problem, spec, seed, repeats, columns, limits)
    first = stream(seed, spec.text, problem.name, repeats.start)
    with spec.naming_errors():
        return _compiled(problem, spec, columns, limits, first, repeats)


def is_compiled(spec: SearcherSpec, problem: TabularProblem, limits: Limits) -> bool:
    """Whether compiled code can play it. That releases the GIL, so these replays run in threads, not in processes."""
    if spec.form is None or limits.workers > 1:
        return False
    if not spec.form.proposes:
        return spec.on(problem.space) is spec.form
    from tuning.kernels.ahead import is_known_ahead

    tables = spec.tables(problem.space, problem.fidelities(limits.pauses))
    of, _ = bracket_proposer(spec.of, tables.proposed, 0, problem.space)
    proposes_ahead = of.form is not None and of.on(problem.space) is of.form
    return proposes_ahead and is_known_ahead(spec.form, of.form, tables.proposed.once)


def _compiled(
    problem: TabularProblem,
    spec: SearcherSpec,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played:
    from tuning.kernels.ahead import FIRST, proposed_ahead
    from tuning.kernels.loop import Budget, Log, Table, run, run_points
    from tuning.kernels.pcg import streams

    assert spec.form is not None
    tables = with_room(spec.tables(problem.space, problem.fidelities(limits.pauses)), limits.max_trials)
    if not spec.over_fidelities:
        asked = np.full((len(repeats), limits.max_trials), -1, np.int32)
        final = np.ascontiguousarray(problem.asked[..., -1])
        run(spec.form, tables, streams(first, repeats), final, columns, problem.stop, asked)
        cells = problem.answered(asked)
        clock = None
        if limits.timed:
            clock = np.cumsum(np.where(cells >= 0, problem.durations[cells, columns], 0.0), axis=1)
        return Played(cells, columns, clock=clock)
    budget = Budget(limits.max_trials, limits.max_spent * (1 + SLACK), limits.cost_model is CostModel.restart)
    table = Table(problem.asked, columns, np.array(problem.amounts), problem.asked_durations, problem.stop)
    shape = len(repeats), limits.max_trials
    cells, told, points = (np.empty(shape, np.int32) for _ in range(3))
    clock = np.empty(shape if limits.timed else (len(repeats), 0))
    length, owner = np.zeros(len(repeats), np.int64), np.empty(limits.max_trials, np.int64)
    log = Log(cells, told, points, np.empty(shape), clock, length, np.empty(limits.max_trials), owner)
    trainings = min(FIRST, limits.max_trials)
    while True:
        source = streams(first, repeats)
        if spec.form.proposes:
            values = problem.asked, columns, trainings
            source = proposed_ahead(spec.of, tables.proposed, problem.space, *values, first, repeats)
        if run_points(spec.form, tables, source, table, budget, log):
            return _used(problem, log, limits.timed)
        trainings = min(4 * trainings, limits.max_trials)


def _used(problem: TabularProblem, log: "Log", timed: bool) -> Played:
    """The part of a log that was written, −1 and 0 after the end of a replay."""
    used = int(log.length.max())
    over = np.arange(used) >= log.length[:, None]
    cells, columns, points, spent, clock = (np.ascontiguousarray(a[:, :used]) for a in log[:5])
    cells[over] = -1
    columns[over] = points[over] = 0
    return Played(problem.answered(cells), columns, points, spent, clock if timed else None)
