"""The queries of replays as arrays, from which the rows of the replay table are made."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Played:
    """The queries of several replays, in the order in which searchers were told their results.

    Args:
        cells: int32 `[replays, trials]`, flat cell numbers, −1 after the end; every replay has at least one.
        columns: int32 `[replays, trials]`, the column of the problem that was told (without noise always 0).
        points: int32 `[replays, trials]`, the recorded point up to which the cell was trained; None: always the last.
        spent: float64 `[replays, trials]`, charged up to and including each query, in the unit of the surface's
            fidelity; None: a whole training for each query.
        clock: float64 `[replays, trials]`, elapsed time at each result, in the unit of `TabularProblem.clock`; None
            where not recorded.
        compiled: whether compiled code played them; otherwise numba is not needed for their rows either.
    """

    cells: np.ndarray
    columns: np.ndarray
    points: np.ndarray | None = None
    spent: np.ndarray | None = None
    clock: np.ndarray | None = None
    compiled: bool = True

    def more(self, replay: np.ndarray, trial: np.ndarray, whole: float) -> dict[str, np.ndarray]:
        """The columns `spent` and, where recorded, `clock` of some rows of the replay table.

        Args:
            replay, trial: int `[rows]`, from 0.
            whole: the charge of a whole training; NaN where not known.
        """
        found = {"spent": (trial + 1) * whole if self.spent is None else self.spent[replay, trial]}
        if self.clock is not None:
            found["clock"] = self.clock[replay, trial]
        return found
