"""What replays did, query by query, as the table's rows are made from it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Played:
    """The queries of several replays, in the order in which their results were told.

    Args:
        cells: int32 `[replays, trials]`, flat cell numbers, −1 after the end; every replay has at least one.
        columns: int32 `[replays, trials]`, which column of the problem was told.
        points: int32 `[replays, trials]`, how far the cell was trained; None: always to the end.
        spent: float64 `[replays, trials]`, charged so far; None: a whole training at each trial.
        clock: float64 `[replays, trials]`, elapsed so far; None where not recorded.
    """

    cells: np.ndarray
    columns: np.ndarray
    points: np.ndarray | None = None
    spent: np.ndarray | None = None
    clock: np.ndarray | None = None

    def more(self, replay: np.ndarray, trial: np.ndarray, whole: float) -> dict[str, np.ndarray]:
        """The columns `spent` and, where recorded, `clock` of some rows of the replay table.

        Args:
            replay, trial: int `[rows]`, from 0.
            whole: what a whole training is charged; NaN where not known.
        """
        found = {"spent": (trial + 1) * whole if self.spent is None else self.spent[replay, trial]}
        if self.clock is not None:
            found["clock"] = self.clock[replay, trial]
        return found
