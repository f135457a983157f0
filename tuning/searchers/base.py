"""What a searcher is, and when it is called.

A searcher proposes cells (`ask`) and learns from values (`tell`). It knows the space, its own random generator and
what it was told: nothing of surfaces, targets, budgets or repeated cells, which are the replay's business. Its life:

1. It is constructed once for each replay, as `MySearcher(space, rng, **options)`. The generator is its own; all its
   randomness must come from there, so that the same seed gives the same trials in any process. An option out of
   range raises `BadInput` here, before anything is asked.
2. `ask()` returns the next cell to evaluate, an index tuple inside `space.shape`. It may return any cell again.
3. `tell(cell, value)` follows every `ask`, with the cell just returned and its value; lower is better, and the value
   is finite. The two calls strictly alternate: no cell is asked for before the last one was told.
4. The replay stops asking whenever it likes. There is no closing call.

A class with the attribute `from_list = True` says that it needs no order among cells: it also works on a pool, a list
of configurations, which it sees as a space of one axis.

A searcher that has nothing left to propose begins again, from a new random start: it never ends a replay by itself.
"""

from typing import Protocol

import numpy as np

from grids.space import Cell


class Searcher(Protocol):
    """Proposes cells and learns from their values; the module's docstring tells the order of calls."""

    def ask(self) -> Cell:
        """The next cell to evaluate."""
        ...

    def tell(self, cell: Cell, value: float) -> None:
        """Learn that `cell`, the one just asked for, has `value` (finite, lower is better)."""
        ...


def pick(rng: np.random.Generator, count: int) -> int:
    """A uniform integer of 0..count−1 from exactly one `rng.random()`.

    One uniform a draw, rather than `rng.integers`, so that compiled twins can repeat the very same draws. The
    product never rounds up to `count`: the largest uniform is 1 − 2⁻⁵³, and count·2⁻⁵³ is at least half a unit in
    the last place of `count`.
    """
    return int(rng.random() * count)
