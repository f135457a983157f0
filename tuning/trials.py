"""Playing replays: which cells a searcher evaluates, trial by trial. The plain form, oracle of compiled ones."""

import operator

import numpy as np

from grids.errors import BadInput
from tuning.arena import Arena
from tuning.searchers import Searcher, SearcherSpec
from tuning.streams import NOISE, generator, stream


def trials_matrix(arena: Arena, spec: SearcherSpec, seed: int, repeats: range, columns: np.ndarray) -> np.ndarray:
    """The cells that a range of replays evaluates, each replay on its own streams, one searcher at a time.

    Args:
        arena: what is played on.
        spec: the searcher.
        seed: the user's.
        repeats: which replays.
        columns: int32 `[len(repeats), max_trials]`, from `noise_columns`.

    Returns:
        int32 `[len(repeats), max_trials]`, flat numbers of cells of `arena.space`, −1 after the end of a replay.

    Raises:
        BadInput: an option out of range, a searcher that leaves the space, or one not of this program that fails.
    """
    matrix = np.full(columns.shape, -1, np.int32)
    for row, repeat in enumerate(repeats):
        rng = generator(stream(seed, spec.text, arena.name, repeat))
        searcher = spec.build(arena.space, rng)
        with spec.blamed():
            cells = play(searcher, arena, columns[row])
        matrix[row, : len(cells)] = cells
    return matrix


def noise_columns(arena: Arena, spec: SearcherSpec, seed: int, repeats: range, max_trials: int) -> np.ndarray:
    """Which column of `arena.told` each trial is told: uniform with noise, else 0. Int32 `[len(repeats), max_trials]`.

    The draws come from a stream of their own, so that noise takes nothing from the searcher's.
    """
    columns = np.zeros((len(repeats), max_trials), np.int32)
    if arena.noisy:
        for row, repeat in enumerate(repeats):
            uniform = generator(stream(seed, spec.text, arena.name, repeat, NOISE)).random(max_trials)
            columns[row] = (uniform * arena.told.shape[1]).astype(np.int32)
    return columns


def play(searcher: Searcher, arena: Arena, columns: np.ndarray) -> list[int]:
    """One replay: ask and tell until the lowest value was told, or every trial is spent.

    Args:
        searcher: fresh, on the arena's space.
        arena: what is played on.
        columns: int `[max_trials]`, the column of `arena.asked` that each trial is told.

    Returns:
        The flat numbers of the cells evaluated, at most `max_trials`.

    Raises:
        BadInput: the searcher asked for what is no cell of the space.
    """
    told, stop, shape = arena.asked, arena.stop, arena.space.shape
    cells: list[int] = []
    for column in columns.tolist():
        cell = searcher.ask()
        flat = _flat(cell, shape)
        if flat is None:
            raise BadInput(f"{type(searcher).__name__} asked for {cell!r}, not a cell of a space of shape {shape}")
        value = float(told[flat, column])
        searcher.tell(cell, value)
        cells.append(flat)
        if value <= stop:
            break
    return cells


def _flat(cell: object, shape: tuple[int, ...]) -> int | None:
    """The flat number of `cell`, or None where it is not a whole number inside the range for every axis."""
    try:
        indices = [operator.index(index) for index in cell]  # type: ignore[attr-defined]
    except TypeError:
        return None
    if len(indices) != len(shape):
        return None
    flat = 0
    for index, length in zip(indices, shape, strict=True):
        if not 0 <= index < length:
            return None
        flat = flat * length + index
    return flat
