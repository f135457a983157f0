"""Compiled forms of searchers: the same trials as the readable ones in `tuning.searchers`, many replays at a time.

`compiled_trials` plays, or says that this searcher has no compiled form; `compiled_rows` makes the replay table's rows
of what was played. numba is imported when one of them first needs it. `plain_trials` has Python run a kernel instead.

A searcher's kernel is the function that its registration names, called as `kernel(searcher, game)`: with a searcher
constructed on the space, whose options it reads, and a `tuning.kernels.game.Game`. It plays and returns True, or False
where this space is beyond it. That of a searcher over fidelities is called as `compiled_played` is, and returns what
that does.
"""

from collections.abc import Sequence

import numpy as np

from grids.space import Space
from tuning.kernels.game import Game
from tuning.ledger import Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, SearcherSpec
from tuning.searchers.registry import load


def is_compiled(spec: SearcherSpec) -> bool:
    """Whether it has a compiled form, which leaves Python's lock to others: threads serve it better than processes."""
    return spec.name in SEARCHERS and SEARCHERS[spec.name].compiled


def compiled_trials(
    spec: SearcherSpec,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    first: np.random.SeedSequence,
    repeats: range,
) -> np.ndarray | None:
    """The cells that a range of replays evaluates, or None where `spec` has no compiled form.

    Equal to the trials of `spec.build(...)`, asked and told one at a time, whatever replays come together.

    Args:
        spec: the searcher.
        space: its space.
        told: float64 `[cells, columns]`, what a searcher may be told of each cell.
        columns: int32 `[len(repeats), max_trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        first: the seed sequence of any repeat; the last number of its spawn key is the repeat's.
        repeats: which.

    Returns:
        int32 `[len(repeats), max_trials]`, flat cell numbers, −1 after the end of a replay.
    """
    if not is_compiled(spec) or repeats.stop > 2**32:
        return None
    from tuning.kernels.pcg import streams

    return _kernel_trials(spec, space, told, columns, stop, streams(first, repeats))


def plain_trials(
    spec: SearcherSpec,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    generators: Sequence[np.random.Generator],
) -> np.ndarray | None:
    """What `compiled_trials` returns, from each replay's generator, by a kernel that Python runs.

    None where the searcher's own class is the plain form of its kernel: see `Registered.plain_kernel`.
    """
    if spec.name not in SEARCHERS or not SEARCHERS[spec.name].plain_kernel:
        return None
    states = np.empty(len(generators), object)
    states[:] = generators
    return _kernel_trials(spec, space, told, columns, stop, states)


def _kernel_trials(
    spec: SearcherSpec,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    states: np.ndarray,
) -> np.ndarray | None:
    kernel = load(SEARCHERS[spec.name].kernel or "")
    matrix = np.full(columns.shape, -1, np.int32)
    told, columns = np.ascontiguousarray(told), np.ascontiguousarray(columns)
    game = Game(states, np.array(space.shape), told, columns, stop, matrix)
    return matrix if kernel(spec.build(space, np.random.default_rng(0)), game) else None


def compiled_played(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played | None:
    """What a range of replays evaluates, or None where `spec` has no compiled form, or limits are beyond it.

    Equal to what `tuning.trials.trials_matrix` plays.

    Args:
        spec: the searcher.
        problem: what is played on.
        columns: int32 `[len(repeats), trainings]`, the column of the problem that each training is told of.
        limits: of each replay.
        first: the seed sequence of any repeat; the last number of its spawn key is the repeat's.
        repeats: which.
    """
    if not is_compiled(spec) or limits.workers > 1:
        return None
    if spec.over_fidelities:
        if repeats.stop > 2**32:
            return None
        played: Played | None = load(SEARCHERS[spec.name].kernel or "")(spec, problem, columns, limits, first, repeats)
        return played
    matrix = compiled_trials(spec, problem.space, problem.asked[..., -1], columns, problem.stop, first, repeats)
    return None if matrix is None else _played(matrix, problem, columns, limits)


def plain_played(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    generators: Sequence[np.random.Generator],
) -> Played | None:
    """As `compiled_played`, by `plain_trials`; None where that is None or limits are beyond it."""
    if limits.workers > 1:
        return None
    matrix = plain_trials(spec, problem.space, problem.asked[..., -1], columns, problem.stop, generators)
    return None if matrix is None else _played(matrix, problem, columns, limits)


def _played(matrix: np.ndarray, problem: TabularProblem, columns: np.ndarray, limits: Limits) -> Played:
    cells = problem.answered(matrix)
    clock = None
    if limits.timed:
        clock = np.cumsum(np.where(cells >= 0, problem.durations[cells, columns], 0.0), axis=1)
    return Played(cells, columns, clock=clock)


def compiled_rows(played: Played, problem: TabularProblem, first_repeat: int) -> dict[str, np.ndarray]:
    """The replay table's rows, as `tuning.table.table_rows` makes them."""
    from tuning.kernels.record import record

    return record(played, problem, first_repeat)
