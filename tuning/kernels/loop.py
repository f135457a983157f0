"""The compiled loop that plays any searcher in compiled form over a batch of replays.

The loop's source, `_play`, is compiled once for each form, whose functions take the places of `begin`, `ask` and
`tell`. Python runs the same functions by `tuning.searchers.form.Stepper` within `tuning.trials.play`, which also
knows several workers, and cells that are asked for again at a shorter training.
"""

import hashlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from grids.errors import BadInput
from tuning.kernels.compiling import compiled, compiled_entry, with_parts
from tuning.kernels.messages import not_compiled
from tuning.searchers.form import SHORT, WHOLE, Form

FINISHED, TOO_FEW, NO_CELL, NO_POINT, NO_TRAINING = range(5)
"""How a batch ends: all replays are over; a replay needs more cells than were proposed; `ask` returned a cell, a point
or a number of a training that does not exist."""


class Table(NamedTuple):
    """The values that a searcher with points may be told, and what they cost.

    Args:
        told: float64 `[cells, columns, points]`.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        amounts: float64 `[points]`, the amount of training at each point.
        durations: float64 `[cells, columns]`, of whole trainings.
        stop: a told value of a whole training at or below it ends a replay.
    """

    told: np.ndarray
    columns: np.ndarray
    amounts: np.ndarray
    durations: np.ndarray
    stop: float


class Budget(NamedTuple):
    """The budget of a replay.

    Args:
        trials: the largest number of queries.
        spent: the largest charge, with a tolerance for rounding.
        restart: whether a continued training is charged from zero.
    """

    trials: int
    spent: float
    restart: bool


class Log(NamedTuple):
    """The arrays to which the loop writes the queries of replays with points; see `tuning.played.Played`.

    Args:
        cells, columns, points: int32 `[replays, trials]`.
        spent: float64 in the shape of `points`.
        clock: float64 in the shape of `points`; `[replays, 0]` where it is not recorded.
        length: int64 `[replays]`, the number of queries of each replay.
        reached: float64 `[trainings]`, work space: the amount of each training so far.
        owner: int64 `[trainings]`, work space: the cell of each training.
    """

    cells: np.ndarray
    columns: np.ndarray
    points: np.ndarray
    spent: np.ndarray
    clock: np.ndarray
    length: np.ndarray
    reached: np.ndarray
    owner: np.ndarray


def begin(tables: Any, rng: Any) -> Any:
    """The form's function, which `_loop` puts in place."""


def ask(tables: Any, state: Any, rng: Any) -> Any:
    """As `begin`."""


def tell(tables: Any, state: Any, asked: Any, value: float) -> Any:
    """As `begin`."""


@compiled
def replay(
    tables: Any, state: Any, rng: Any, final: np.ndarray, columns: np.ndarray, stop: float, cells: np.ndarray
) -> tuple[int, int]:
    """Run one replay of whole trainings from its first state; see `_play`, whose rows these are."""
    for trial in range(len(cells)):
        asked = ask(tables, state, rng)
        cell = asked.cell
        if not 0 <= cell < len(final):
            return (TOO_FEW, 0) if cell == SHORT else (NO_CELL, cell)
        if asked.point != WHOLE:
            return NO_POINT, asked.point
        cells[trial] = cell
        value = final[cell, columns[trial]]
        if value <= stop:
            break
        state = tell(tables, state, asked, value)
    return FINISHED, 0


@compiled
def replay_points(
    tables: Any, state: Any, rng: Any, table: Table, budget: Budget, log: Log, row: int
) -> tuple[int, int]:
    """Run one replay from its first state, into a row of the log; see `_play_points`."""
    told, columns, reached, owner = table.told, table.columns, log.reached, log.owner
    last = told.shape[2] - 1
    length, begun, spent, over = 0, 0, 0.0, False
    while length < budget.trials and not over:
        asked = ask(tables, state, rng)
        cell = asked.cell
        if not 0 <= cell < len(told):
            return (TOO_FEW, 0) if cell == SHORT else (NO_CELL, cell)
        training, point = asked.number, last if asked.point == WHOLE else asked.point
        if not 0 <= point <= last:
            return NO_POINT, point
        if not 0 <= training <= begun or (training < begun and owner[training] != cell):
            return NO_TRAINING, training
        before = reached[training] if training < begun and not budget.restart else 0.0
        charge = table.amounts[point] - before
        if spent + charge > budget.spent:
            break
        begun = max(begun, training + 1)
        reached[training], owner[training] = table.amounts[point], cell
        spent += charge
        column = columns[row, training]
        value = told[cell, column, point]
        over = point == last and value <= table.stop
        log.cells[row, length], log.columns[row, length] = cell, column
        log.points[row, length], log.spent[row, length] = point, spent
        if log.clock.shape[1] > 0:
            then = log.clock[row, length - 1] if length > 0 else 0.0
            share = charge / table.amounts[len(table.amounts) - 1]
            log.clock[row, length] = then + share * table.durations[cell, column]
        length += 1
        if not over:
            state = tell(tables, state, asked, value)
    log.length[row] = length
    return FINISHED, 0


@compiled_entry
def _play(
    tables: Any, rngs: np.ndarray, final: np.ndarray, columns: np.ndarray, stop: float, cells: np.ndarray
) -> tuple[int, int]:
    """Run replays of whole trainings, one for each row of `cells`.

    Args:
        tables: of the form.
        rngs: for each replay its stream, uint64 `[replays, 4]`, or the cells proposed to it,
            int32 `[replays, brackets, trainings]`.
        final, columns, stop: of the `Table`.
        cells: int32 `[replays, trials]`, all −1, filled with the cells that were asked for.

    Returns:
        How the batch ends, and the number that does not exist.
    """
    for row in range(len(cells)):
        state = begin(tables, rngs[row])
        status, number = replay(tables, state, rngs[row], final, columns[row], stop, cells[row])
        if status != FINISHED:
            return status, number
    return FINISHED, 0


@compiled_entry
def _play_points(tables: Any, rngs: np.ndarray, table: Table, budget: Budget, log: Log) -> tuple[int, int]:
    """As `_play`, of trainings up to points, one for each row of the log."""
    for row in range(len(log.cells)):
        status, number = replay_points(tables, begin(tables, rngs[row]), rngs[row], table, budget, log, row)
        if status != FINISHED:
            return status, number
    return FINISHED, 0


def run(
    form: Form, tables: Any, rngs: np.ndarray, final: np.ndarray, columns: np.ndarray, stop: float, cells: np.ndarray
) -> bool:
    """Run replays of whole trainings; False if more cells must be proposed for them.

    Args:
        form, tables: the searcher.
        rngs, final, columns, stop, cells: as of `_play`.

    Raises:
        BadInput: the form's `ask` returned what does not exist, or its functions cannot be compiled.
    """
    return _run(form, tables, _play, replay, rngs, final, columns, stop, cells)


def run_points(form: Form, tables: Any, rngs: np.ndarray, table: Table, budget: Budget, log: Log) -> bool:
    """As `run`, of trainings up to points."""
    return _run(form, tables, _play_points, replay_points, rngs, table, budget, log)


def _run(form: Form, tables: Any, play: Any, replay: Any, rngs: np.ndarray, *table: Any) -> bool:
    try:
        status, number = _loop(play, replay, tuple(form.functions(tables).items()))(tables, rngs, *table)
    except NumbaError as error:
        raise BadInput(not_compiled(error, form.functions(tables))) from error
    if status in (FINISHED, TOO_FEW):
        return bool(status == FINISHED)
    cells, points = (len(table[0]), 1) if play is _play else table[0].told.shape[::2]
    wrong = {
        NO_CELL: f"{number}, not a cell from 0 to {cells - 1}",
        NO_POINT: f"point {number}, and the recorded ones are 0 to {points - 1} (of a form whose tables "
        "take 'fidelities', others ask for whole trainings)",
        NO_TRAINING: f"training {number}, which is neither the next new one nor one of that cell",
    }
    raise BadInput(f"its function 'ask' returned {wrong[status]}")


@cache
def _loop(play: Any, replay: Any, functions: tuple[tuple[str, Any], ...]) -> Any:
    """`play` with the functions of a form: forms with the same functions have the same compiled loop."""
    written = [function.source for _, function in functions]
    digest = hashlib.sha256()
    for path in sorted({inspect.getsourcefile(source) or "" for source in written}):
        digest.update(Path(path).read_bytes())
    name = f"{written[0].__module__}.{'.'.join(source.__qualname__ for source in written)}"
    name += f"-{digest.hexdigest()[:16]}"
    form = dict(functions)
    part = with_parts(replay, f"replay-{name}", form)
    return with_parts(play, f"{play.source.__name__}-{name}", {"begin": form["begin"], replay.source.__name__: part})
