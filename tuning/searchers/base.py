"""The interface of searchers, and the order in which their methods are called.

A searcher proposes cells (`ask`) and is told their values (`tell`). It has access to the space, its own random
generator and the told values; surfaces, targets, budgets and costs belong to the replay. The order of calls:

1. It is constructed once for each replay, as `MySearcher(space, rng, **options)`. All its random numbers must come from
   this generator, which nothing else uses, so that the same seed gives the same trials in any process. An option out
   of range raises `BadInput` here, before the first `ask`. If the constructor has a keyword-only argument `fidelities`,
   it gets the recorded amounts of training (`tuning.searchers.fidelities.Fidelities`), or None without curves.
2. `ask()` returns what to evaluate next: a cell, an index tuple inside `space.shape`, which asks for its whole
   training; or a `Query`, which may ask for a shorter training, and may continue a paused one. Any cell may be asked
   for again.
3. `tell(asked, value)` follows, with the object that `ask` returned; lower is better, and the value is finite. The two
   calls alternate: `ask` is not called again before `tell`.
4. The replay may end after any call. There is no closing call.

Several simulated workers evaluate several queries at once. A class whose attribute `parallel` is True supports this:
`ask` may then be called again before `tell`, results are told in the order in which they finish, and `ask` may return
None to wait for one of them.

A class whose attribute `from_list` is True does not use the order of cells: it also works on a pool, a list of
configurations, which it gets as a space of one axis.

A searcher that has nothing left to propose starts again from a new random start: it never ends a replay.
"""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from grids.space import Cell

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Query:
    """A request of a searcher over cells and fidelities.

    Args:
        cell: index tuple inside the space.
        fidelity: the amount of training, one of the recorded amounts; None: the whole training.
        training: the searcher's own number for a training of the cell: a number used before continues that training, a
            new number begins another. None continues the cell's latest training if it was paused before `fidelity`,
            and otherwise begins another.
    """

    cell: Cell
    fidelity: float | None = None
    training: int | None = None


class Searcher(Protocol):
    """Proposes cells and is told their values; see the module's docstring for the order of calls."""

    def ask(self) -> Any:
        """The next cell or `Query` to evaluate, or None to wait for a result."""
        ...

    def tell(self, asked: Any, value: float) -> None:
        """Receive the `value` (finite, lower is better) of `asked`, an object that `ask` returned."""
        ...


def take(pending: list[tuple[Entry, Any]], asked: Any) -> Entry:
    """Remove the first pending entry (asked for, not yet told) of a query, and return its first item."""
    place = next(place for place, (_, query) in enumerate(pending) if query == asked)
    return pending.pop(place)[0]
