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
from tuning.kernels.compiling import compiled, compiled_entry, compiled_part, with_parts
from tuning.kernels.messages import not_compiled
from tuning.searchers.form import SHORT, WHOLE, Form

FINISHED, TOO_FEW, NO_CELL, NO_POINT, NO_TRAINING = range(5)
"""How a batch ends: all replays are over; a replay needs more cells than were proposed; `ask` returned a cell, a point
or a number of a training that does not exist."""


class Table(NamedTuple):
    """The values that a searcher may be told, and what they cost.

    Args:
        told: float64 `[cells, columns, points]`.
        final: float64 `[cells, columns]`, of whole trainings.
        columns: int32 `[replays, trainings]`, the column that each training is told from.
        amounts: float64 `[points]`, the amount of training at each point; empty where the surface has no curves.
        durations: float64 `[cells, columns]`, of whole trainings.
        stop: a told value of a whole training at or below it ends a replay.
    """

    told: np.ndarray
    final: np.ndarray
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
    """The arrays to which the loop writes the queries of replays; see `tuning.played.Played`.

    Args:
        cells: int32 `[replays, trials]`, all −1.
        columns, points: int32 `[replays, trials]`, all 0; `[replays, 0]` for searchers without points.
        spent: float64 in the shape of `points`.
        clock: float64 in the shape of `points`; `[replays, 0]` where it is not recorded.
        length: int64 `[replays]`, the number of queries of each replay.
        reached: float64 `[trainings]`, work space: the amount of each training so far; empty without points.
        owner: int64 `[trainings]`, work space: the cell of each training; empty without points.
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
    """The form's function, which `loop_of` puts in place."""


def ask(tables: Any, state: Any, rng: Any) -> Any:
    """As `begin`."""


def tell(tables: Any, state: Any, asked: Any, value: float) -> Any:
    """As `begin`."""


@compiled
def replay(tables: Any, state: Any, rng: Any, table: Table, budget: Budget, log: Log, row: int) -> tuple[int, int]:
    """Run one replay from its first state, into a row of the log; see `_play`."""
    told, columns, reached, owner = table.told, table.columns, log.reached, log.owner
    cells, last, by_points = len(told), told.shape[2] - 1, log.points.shape[1] > 0
    length, begun, spent, over = 0, 0, 0.0, False
    while length < budget.trials and not over:
        asked = ask(tables, state, rng)
        cell = asked.cell
        if not 0 <= cell < cells:
            return (TOO_FEW, 0) if cell == SHORT else (NO_CELL, cell)
        if by_points:
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
            _write(log, table, row, length, cell, point, column, charge, spent)
        else:
            if asked.point != WHOLE:
                return NO_POINT, asked.point
            value = table.final[cell, columns[row, length]]
            over = value <= table.stop
            log.cells[row, length] = cell
        length += 1
        if not over:
            state = tell(tables, state, asked, value)
    log.length[row] = length
    return FINISHED, 0


@compiled_entry
def _play(tables: Any, rngs: np.ndarray, table: Table, budget: Budget, log: Log) -> tuple[int, int]:
    """Run replays, one for each row of the log.

    Args:
        tables: of the form.
        rngs: for each replay its stream, uint64 `[replays, 4]`, or the cells proposed to it,
            int32 `[replays, brackets, trainings]`.

    Returns:
        How the batch ends, and the number that does not exist.
    """
    for row in range(len(log.cells)):
        status, number = replay(tables, begin(tables, rngs[row]), rngs[row], table, budget, log, row)
        if status != FINISHED:
            return status, number
    return FINISHED, 0


@compiled_part
def _write(
    log: Log,
    table: Table,
    row: int,
    length: int,
    cell: int,
    point: int,
    column: int,
    charge: float,
    spent: float,
) -> None:
    """Append a query that was charged `charge`."""
    log.cells[row, length], log.columns[row, length] = cell, column
    log.points[row, length], log.spent[row, length] = point, spent
    if log.clock.shape[1] > 0:
        then = log.clock[row, length - 1] if length > 0 else 0.0
        share = charge / table.amounts[len(table.amounts) - 1]
        log.clock[row, length] = then + share * table.durations[cell, column]


def loop_of(form: Form, tables: Any) -> Any:
    """The compiled loop of a form: called as `_play`. Forms with the same functions have the same loop."""
    return _loop(tuple(form.functions(tables).items()))


@cache
def _loop(functions: tuple[tuple[str, Any], ...]) -> Any:
    written = [function.source for _, function in functions]
    digest = hashlib.sha256()
    for path in sorted({inspect.getsourcefile(source) or "" for source in written}):
        digest.update(Path(path).read_bytes())
    name = f"{written[0].__module__}.{'.'.join(source.__qualname__ for source in written)}"
    name += f"-{digest.hexdigest()[:16]}"
    form = dict(functions)
    part = with_parts(replay, f"replay-{name}", form)
    return with_parts(_play, f"play-{name}", {"begin": form["begin"], "replay": part})


def run(form: Form, tables: Any, rngs: np.ndarray, table: Table, budget: Budget, log: Log) -> bool:
    """Run replays; False if more cells must be proposed for them.

    Args:
        form, tables: the searcher.
        rngs, table, budget, log: as of `_play`.

    Raises:
        BadInput: the form's `ask` returned what does not exist, or its functions cannot be compiled.
    """
    try:
        status, number = loop_of(form, tables)(tables, rngs, table, budget, log)
    except NumbaError as error:
        raise BadInput(not_compiled(error, form.functions(tables))) from error
    if status in (FINISHED, TOO_FEW):
        return bool(status == FINISHED)
    wrong = {
        NO_CELL: f"{number}, not a cell from 0 to {len(table.told) - 1}",
        NO_POINT: f"point {number}, and the recorded ones are 0 to {table.told.shape[2] - 1} (of a form whose tables "
        "take 'fidelities', others ask for whole trainings)",
        NO_TRAINING: f"training {number}, which is neither the next new one nor one of that cell",
    }
    raise BadInput(f"its function 'ask' returned {wrong[status]}")
