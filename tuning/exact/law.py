"""`Law`, the interface of exact runtime distributions: a searcher's registration names one under `law`."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any, Protocol

import numpy as np

from tuning.exact.runtime import Runtime


class Law(Protocol):
    """The exact law of one searcher on one table, constructed as `Law(tables, table, good_counts)`.

    Args:
        tables: the searcher's (`tuning.searchers.form`), of the table's space and the options.
        table: float64 `[*shape]`, finite, one value a cell; lower is better.
        good_counts: for each target, the number of lowest cells that reach it.

    Raises:
        BadInput: options whose law is not known.
    """

    most_cells: int | None
    """The largest number of cells for which the law can be calculated; None: no limit."""

    def __init__(self, tables: Any, table: np.ndarray, good_counts: Sequence[int] = ()) -> None: ...

    def runtimes(self) -> list[Runtime]:
        """The distribution of the number of trials to each target, in the order of `good_counts`."""
        ...

    def curve(self, max_trials: int) -> np.ndarray:
        """Mean suboptimality of the best cell seen after 1, 2, … `max_trials` trials; `[max_trials]`."""
        ...


def never() -> Runtime:
    """The law of the runtime to a target that no cell reaches."""
    return Runtime(np.inf, 0.0, lambda: repeat(1.0))
