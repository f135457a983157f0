"""Compiled forms of searchers: the same trials as the readable ones in `tuning.searchers`, many replays at a time.

`compiled_trials` runs a batch of replays, or returns None where the searcher has no compiled form; `compiled_rows`
makes the rows of the replay table. numba is imported on first use. `plain_trials` runs a kernel's source in Python.

A searcher's kernel is the function that its registration names, called as `kernel(searcher, batch)` with a searcher
constructed on the space, whose options it reads, and a `tuning.kernels.batch.Batch`. It fills the batch's matrix and
returns True, or returns False where it does not support this space or these options. The kernel of a searcher over
fidelities has the arguments and the result of `compiled_played`.
"""

from collections.abc import Sequence

import numpy as np

from grids.space import Space
from tuning.kernels.batch import Batch
from tuning.ledger import Limits
from tuning.played import Played
from tuning.problem import TabularProblem
from tuning.searchers import SEARCHERS, SearcherSpec
from tuning.searchers.registry import load


def is_compiled(spec: SearcherSpec) -> bool:
    """Whether it has a compiled form. That releases the GIL, so its replays run in threads rather than processes."""
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

    Equal to the trials of `spec.build(...)`, asked and told one at a time; replays do not depend on each other.

    Args:
        spec: the searcher.
        space: its space.
        told: float64 `[cells, columns]`, the values that a searcher may be told for each cell.
        columns: int32 `[len(repeats), max_trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        first: the seed sequence of any replay; the last number of its spawn key is the replay's number.
        repeats: the numbers of the replays.

    Returns:
        int32 `[len(repeats), max_trials]`, flat cell numbers, −1 after the end of a replay.
    """
    if not is_compiled(spec) or repeats.stop > 2**32:
        return None
    from tuning.kernels.pcg import streams

    return kernel_trials(spec, space, told, columns, stop, streams(first, repeats))


def plain_trials(
    spec: SearcherSpec,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    generators: Sequence[np.random.Generator],
) -> np.ndarray | None:
    """The same array as `compiled_trials`, from each replay's generator, by running the kernel's source in Python.

    None where the searcher's own class is the plain form of its kernel: see `Registered.plain_kernel`.
    """
    if spec.name not in SEARCHERS or not SEARCHERS[spec.name].plain_kernel:
        return None
    states = np.empty(len(generators), object)
    states[:] = generators
    return kernel_trials(spec, space, told, columns, stop, states)


def kernel_trials(
    spec: SearcherSpec,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    states: np.ndarray,
) -> np.ndarray | None:
    """The cells that the kernel of `spec` evaluates; None if it does not support the space or the options.

    Args:
        spec: a searcher with a kernel.
        space, told, columns, stop: as of `compiled_trials`.
        states: as of `Batch`.
    """
    kernel = load(SEARCHERS[spec.name].kernel or "")
    matrix = np.full(columns.shape, -1, np.int32)
    told, columns = np.ascontiguousarray(told), np.ascontiguousarray(columns)
    batch = Batch(states, np.array(space.shape), told, columns, stop, matrix)
    return matrix if kernel(spec.build(space, np.random.default_rng(0)), batch) else None


def compiled_played(
    spec: SearcherSpec,
    problem: TabularProblem,
    columns: np.ndarray,
    limits: Limits,
    first: np.random.SeedSequence,
    repeats: range,
) -> Played | None:
    """The queries of a range of replays, or None where `spec` has no compiled form or it does not support the limits.

    Equal to the result of `tuning.trials.trials_matrix`.

    Args:
        spec: the searcher.
        problem: the table that the searcher queries.
        columns: int32 `[len(repeats), trainings]`, the column of the problem that each training is told from.
        limits: of each replay.
        first: the seed sequence of any replay; the last number of its spawn key is the replay's number.
        repeats: the numbers of the replays.
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
    """As `compiled_played`, by `plain_trials`; None where that is None or there are several workers."""
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
