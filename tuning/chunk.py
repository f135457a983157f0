"""A chunk of replays, the unit of work of a process or thread; light to import (neither pandas nor file formats)."""

from dataclasses import dataclass

import numpy as np

from tuning.kernels import compiled_played, compiled_rows, plain_played
from tuning.ledger import Limits
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec, get_searcher
from tuning.streams import generator, stream
from tuning.table import table_rows
from tuning.trials import noise_columns, trials_matrix

Rows = dict[str, np.ndarray]

FEW = 5000
"""Up to this many trials run without numba: they take as long as importing it and loading a kernel, 0.5 s."""


@dataclass(frozen=True)
class Chunk:
    """Some replays of one searcher on one problem.

    Args:
        problem: the table that the searcher queries.
        searcher: its text.
        seed: the user's, 0 or more.
        repeats: the numbers of the replays.
        limits: of each replay.
        plain: run without numba, see `is_few`; the trials are the same.
    """

    problem: TabularProblem
    searcher: str
    seed: int
    repeats: range
    limits: Limits
    plain: bool = False


def is_few(problem: TabularProblem, spec: SearcherSpec, replays: int, limits: Limits) -> bool:
    """Whether this many replays finish earlier without numba.

    Never with noise, where each replay spends its whole budget instead of a part of it; nor for searchers over
    fidelities, which ask for many short trainings, nor for searchers without a compiled form.
    """
    plain = not (problem.noisy or spec.over_fidelities or spec.third_party)
    return plain and limits.workers == 1 and replays * limits.max_trials <= FEW


def run_chunk(chunk: Chunk) -> Rows:
    """The replay table's rows for one chunk, without the columns that name it."""
    problem, spec, repeats, limits = chunk.problem, get_searcher(chunk.searcher), chunk.repeats, chunk.limits
    columns = noise_columns(problem, spec, chunk.seed, repeats, limits.max_trials)
    if chunk.plain:
        generators = [generator(stream(chunk.seed, spec.text, problem.name, repeat)) for repeat in repeats]
        played = plain_played(spec, problem, columns, limits, generators)
    else:
        first = stream(chunk.seed, spec.text, problem.name, repeats.start)
        played = compiled_played(spec, problem, columns, limits, first, repeats)
        if played is not None:
            return compiled_rows(played, problem, repeats.start)
    if played is None:
        played = trials_matrix(problem, spec, chunk.seed, repeats, columns, limits)
    return table_rows(played, problem, repeats.start)
