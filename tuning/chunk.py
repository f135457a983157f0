"""A share of the replays, as a worker gets it. Light to import: a worker needs neither pandas nor a file format."""

from dataclasses import dataclass

import numpy as np

from tuning.arena import Arena
from tuning.kernels import compiled_rows, compiled_trials
from tuning.searchers import get_searcher
from tuning.streams import stream
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
    arena, spec, repeats = chunk.arena, get_searcher(chunk.searcher), chunk.repeats
    columns = noise_columns(arena, spec, chunk.seed, repeats, chunk.max_trials)
    first = stream(chunk.seed, spec.text, arena.name, repeats.start)
    matrix = compiled_trials(spec, arena.space, arena.asked, columns, arena.stop, first, repeats)
    if matrix is None:
        played = arena.answered(trials_matrix(arena, spec, chunk.seed, repeats, columns))
        return table_rows(played, arena, columns, repeats.start)
    return compiled_rows(arena.answered(matrix), arena.told, columns, arena.value, arena.lowest, repeats.start)
