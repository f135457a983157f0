"""Compiled forms of searchers: the same trials as the readable ones in `tuning.searchers`, many replays at a time.

`compiled_trials` plays, or says that this searcher has no compiled form here; `compiled_rows` makes the replay table's
rows of what was played. numba is imported when one of them first needs it.
"""

from typing import Any

import numpy as np

from grids.space import Space
from tuning.searchers import SEARCHERS, SearcherSpec
from tuning.searchers.cgld import CGLD
from tuning.searchers.gld import GLD
from tuning.searchers.random import Random
from tuning.searchers.random_unique import RandomUnique
from tuning.searchers.tpe import TPE, good_count


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
    from tuning.kernels.descent import play_descent
    from tuning.kernels.pcg import streams
    from tuning.kernels.tpe import play as play_tpe
    from tuning.kernels.tpe_tables import LONGEST, tables
    from tuning.kernels.uniform import play_random, play_random_unique

    searcher: Any = spec.build(space, np.random.default_rng(0))
    if isinstance(searcher, TPE) and max(space.shape) > LONGEST:
        return None
    matrix = np.full(columns.shape, -1, np.int32)
    states = streams(first, repeats)
    shape = np.array(space.shape)
    game = np.ascontiguousarray(told), np.ascontiguousarray(columns), stop
    if isinstance(searcher, Random):
        play_random(states, *game, matrix)
    elif isinstance(searcher, RandomUnique):
        play_random_unique(states, *game, matrix)
    elif isinstance(searcher, GLD):
        clip, one_axis = spec.options.get("ball") == "clip", isinstance(searcher, CGLD)
        play_descent(states, shape, np.array(searcher.radii), clip, one_axis, *game, matrix)
    elif isinstance(searcher, TPE):
        good_counts = np.array([good_count(count) for count in range(columns.shape[1])])
        startup, candidates = searcher.n_startup_trials, searcher.n_ei_candidates
        play_tpe(states, shape, *game, startup, candidates, good_counts, tables(space.shape), matrix)
    else:
        raise AssertionError(f"{spec.name} is registered as compiled, and no kernel plays it")
    return matrix


def compiled_rows(
    matrix: np.ndarray, told: np.ndarray, columns: np.ndarray, value: np.ndarray, lowest: float, first_repeat: int
) -> dict[str, np.ndarray]:
    """The replay table's rows, as `tuning.table.table_rows` makes them; arguments as of `tuning.kernels.record`."""
    from tuning.kernels.record import record

    return record(matrix, told, columns, value, lowest, first_repeat)
