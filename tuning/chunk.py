"""A chunk of replays, the unit of work of a process or thread; light to import (neither pandas nor file formats)."""

from dataclasses import dataclass

import numpy as np

from tuning.ledger import Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec, get_searcher
from tuning.table import table_rows

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
    fidelities, which ask for many short trainings, nor for searchers that have no compiled form.
    """
    if spec.form is None or problem.noisy or spec.over_fidelities or limits.workers > 1:
        return False
    return replays * limits.max_trials <= FEW


def run_chunk(chunk: Chunk) -> Rows:
    """The replay table's rows for one chunk, without the columns that name it."""
    spec = get_searcher(chunk.searcher)
    played = play(chunk.problem, spec, chunk.seed, chunk.repeats, chunk.limits, chunk.plain)
    return table_rows(played, chunk.problem, chunk.repeats.start)
