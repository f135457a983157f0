"""Compiled forms of searchers: the same trials as the readable ones in `tuning.searchers`, many replays at a time.

`compiled_trials` plays, or says that this searcher has no compiled form; `compiled_rows` makes the replay table's rows
of what was played. numba is imported when one of them first needs it.

A searcher's kernel is the function that its registration names, called as `kernel(searcher, game)`: with a searcher
constructed on the space, whose options it reads, and a `tuning.kernels.game.Game`. It plays and returns True, or False
where this space is beyond it.
"""

import numpy as np

from grids.space import Space
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
    from tuning.kernels.game import Game
    from tuning.kernels.pcg import streams

    kernel = load(SEARCHERS[spec.name].kernel or "")
    matrix = np.full(columns.shape, -1, np.int32)
    game = Game(
        streams(first, repeats),
        np.array(space.shape),
        np.ascontiguousarray(told),
        np.ascontiguousarray(columns),
        stop,
        matrix,
    )
    return matrix if kernel(spec.build(space, np.random.default_rng(0)), game) else None


def compiled_rows(
    matrix: np.ndarray, told: np.ndarray, columns: np.ndarray, value: np.ndarray, lowest: float, first_repeat: int
) -> dict[str, np.ndarray]:
    """The replay table's rows, as `tuning.table.table_rows` makes them; arguments as of `tuning.kernels.record`."""
    from tuning.kernels.record import record

    return record(matrix, told, columns, value, lowest, first_repeat)
