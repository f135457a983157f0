"""What a searcher is, and when it is called.

A searcher proposes cells (`ask`) and learns from values (`tell`). It knows the space, its own random generator and
what it was told: nothing of surfaces, targets, budgets or costs, which are the replay's business. Its life:

1. It is constructed once for each replay, as `MySearcher(space, rng, **options)`. The generator is its own; all its
   randomness must come from there, so that the same seed gives the same trials in any process. An option out of
   range raises `BadInput` here, before anything is asked. A searcher that takes a keyword-only `fidelities` is given
   what is known of the curves (`tuning.searchers.fidelities.Fidelities`).
2. `ask()` returns what to evaluate next: a cell, an index tuple inside `space.shape`, which means its whole training;
   or a `Query`, which may ask for a shorter one, and may go on with one that was paused. It may ask for any cell again.
3. `tell(asked, value)` follows, with what `ask` returned; lower is better, and the value is finite. The two calls
   strictly alternate: nothing is asked for before the last one was told.
4. The replay stops asking whenever it likes. There is no closing call.

Several simulated workers keep several queries running. A class with the attribute `parallel = True` says that it works
with them: `ask` may then be called again before what it returned is told, results are told in the order in which they
finish, and `ask` returns None where it needs one of them first.

A class with the attribute `from_list = True` says that it needs no order among cells: it also works on a pool, a list
of configurations, which it sees as a space of one axis.

A searcher that has nothing left to propose begins again, from a new random start: it never ends a replay by itself.
"""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from grids.space import Cell

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Query:
    """What a searcher over cells and fidelities asks for.

    Args:
        cell: index tuple inside the space.
        fidelity: how far to train, one of the recorded amounts; None: to the end.
        training: the searcher's own number for one training of the cell: a number seen before goes on with that
            training, a new one begins another. None goes on with the cell's latest training where that stopped short
            of `fidelity`, and begins another where it did not.
    """

    cell: Cell
    fidelity: float | None = None
    training: int | None = None


class Searcher(Protocol):
    """Proposes cells and learns from their values; the module's docstring tells the order of calls."""

    def ask(self) -> Any:
        """What to evaluate next: a cell, a `Query`, or None (wait), as the module says."""
        ...

    def tell(self, asked: Any, value: float) -> None:
        """Learn that `asked`, one of those that `ask` returned, has `value` (finite, lower is better)."""
        ...


def take(pending: list[tuple[Entry, Cell]], cell: Cell) -> Entry:
    """Take out the first entry of `cell` among those that were asked for and not told, and return what it carries."""
    place = next(place for place, (_, asked) in enumerate(pending) if asked == cell)
    return pending.pop(place)[0]


def pick(rng: np.random.Generator, count: int) -> int:
    """A uniform integer of 0..count−1 from exactly one `rng.random()`.

    One uniform a draw, rather than `rng.integers`, so that compiled twins can repeat the very same draws. The
    product never rounds up to `count`: the largest uniform is 1 − 2⁻⁵³, and count·2⁻⁵³ is at least half a unit in
    the last place of `count`.
    """
    return int(rng.random() * count)
