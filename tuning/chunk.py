"""A share of the replays, as a worker gets it. Light to import: a worker needs neither pandas nor a file format."""

from dataclasses import dataclass

import numpy as np

from tuning.arena import Arena
from tuning.kernels import compiled_played, compiled_rows
from tuning.ledger import Limits
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
    limits: Limits


def run_chunk(chunk: Chunk) -> Rows:
    """The replay table's rows for one chunk, without the columns that name it."""
    arena, spec, repeats = chunk.arena, get_searcher(chunk.searcher), chunk.repeats
    columns = noise_columns(arena, spec, chunk.seed, repeats, chunk.limits.max_trials)
    first = stream(chunk.seed, spec.text, arena.name, repeats.start)
    played = compiled_played(spec, arena, columns, chunk.limits, first, repeats)
    if played is not None:
        return compiled_rows(played, arena, repeats.start)
    return table_rows(trials_matrix(arena, spec, chunk.seed, repeats, columns, chunk.limits), arena, repeats.start)
