"""A share of the replays, as a worker gets it. Light to import: a worker needs neither pandas nor a file format."""

from dataclasses import dataclass

import numpy as np

from tuning.arena import Arena
from tuning.searchers import get_searcher
from tuning.table import table_rows
from tuning.trials import noise_columns, trials_matrix

Rows = dict[str, np.ndarray]


@dataclass(frozen=True)
class Chunk:
    """Some replays of one searcher on one arena: what a worker is handed."""

    arena: Arena
    searcher: str
    seed: int
    repeats: range
    max_trials: int


def run_chunk(chunk: Chunk) -> Rows:
    """The replay table's rows for one chunk, without the columns that name it."""
    spec = get_searcher(chunk.searcher)
    columns = noise_columns(chunk.arena, spec, chunk.seed, chunk.repeats, chunk.max_trials)
    matrix = trials_matrix(chunk.arena, spec, chunk.seed, chunk.repeats, columns)
    return table_rows(matrix, chunk.arena, columns, chunk.repeats.start)
