"""A share of the replays, as a worker gets it. Light to import: a worker needs neither pandas nor a file format."""

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
"""Trials that are played without numba: importing it and loading a compiled searcher takes 0.5 s, as long as these."""


@dataclass(frozen=True)
class Chunk:
    """Some replays of one searcher on one problem: what a worker is handed.

    Args:
        problem: what is played on.
        searcher: its text.
        seed: the user's.
        repeats: which replays.
        limits: of each.
        plain: play them without numba, see `is_few`; this changes no trial.
    """

    problem: TabularProblem
    searcher: str
    seed: int
    repeats: range
    limits: Limits
    plain: bool = False


def is_few(problem: TabularProblem, spec: SearcherSpec, replays: int, limits: Limits) -> bool:
    """Whether so many replays are done sooner without numba.

    Those with noise are not: they spend their whole budget, the others a part of it. Nor are those of searchers over
    fidelities, which ask for many short trainings, and of searchers that are not compiled.
    """
    plain = not (problem.noisy or spec.over_fidelities or spec.foreign)
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
