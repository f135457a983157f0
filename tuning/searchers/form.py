"""Searchers in compiled form: three functions on tables and a state, which Python and compiled code both run.

A form consists of

- `tables(space, **options)`, a NamedTuple of arrays and numbers, computed once for a space by ordinary Python code;
- `begin(tables, rng) → state`, a NamedTuple of arrays, for each replay;
- `ask(tables, state, rng) → Asked`, what to evaluate next;
- `tell(tables, state, asked, value) → state`, which gets an object that `ask` returned and its value, and returns the
  state it was given.

A state whose arrays have a place for each query takes their length from a field `room` of the tables: `ROOM` in those
that `tables` makes, and replaced by the largest number of queries of a replay where that is known. Where it is not,
Python moves the state to one with more room, which `begin` makes; its arrays begin with the same values.

The last three are written in the part of Python that numba compiles. `begin` makes all arrays of the state; `ask` and
`tell` change them in place, and make none. Random numbers come from `tuning.kernels.draws` and the argument
`rng`. Functions that they call are decorated with `tuning.kernels.compiling.compiled`. `tuning.kernels.loop` compiles a
loop around them that plays many replays; `Stepper` runs them in Python, one call at a time.

Cells are flat numbers in C order. What `tuning.searchers.base` says of asking and telling holds here too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.kernels.compiling import Compiled, compiled, compiled_part, compiled_start, plain
from tuning.searchers.base import Query, take

WAIT = -1
"""In place of a cell: nothing can be asked for before a result is told (with several workers)."""

SHORT = -2
"""In place of a cell, in compiled code: the replay needs more cells than were proposed ahead."""

ROOM = 64
"""The number of queries that a state has room for, unless who plays it sets the field `room` of the tables."""

WHOLE = -1
"""In place of a point: the whole training."""


class Asked(NamedTuple):
    """What a form's `ask` returns.

    Args:
        cell: its flat number, or `WAIT`.
        point: the number of the recorded amount up to which it is trained, or `WHOLE`.
        number: the form's own number for this query, by which `tell` recognises it. With points, the number of the
            training, counted from 0 in the order in which trainings begin: one asked for before is continued.
    """

    cell: int
    point: int
    number: int


@compiled_part
def whole(cell: int, number: int) -> Asked:
    """The whole training of a cell, as the form's query of this number."""
    return Asked(cell, WHOLE, number)


@compiled_part
def is_better(value: float, number: int, lowest: float, first: int) -> bool:
    """Whether a query is better than another: a lower value, or an equal one and a smaller number."""
    return value < lowest or (value == lowest and number < first)


@compiled_part
def shift(queue: np.ndarray, left: int) -> int:
    """Take the first of a queue's numbers; `left`: how many remain, which move up."""
    first = queue[0]
    for place in range(left):
        queue[place] = queue[place + 1]
    return first


@dataclass(frozen=True)
class Form:
    """A searcher in compiled form, see the module's docstring.

    Args:
        tables: called as `tables(space, **options)`; with a keyword-only argument `fidelities`, as
            `tuning.searchers.base` says. Its own keyword-only arguments are the options that users may type.
        begin, ask, tell: plain functions, or decorated with `compiled_start`, and `compiled` or `compiled_part`.
        parallel, stops, from_list: as a class of `tuning.searchers.base` has them.
        choose_ask: the function in place of `ask` for some tables, so that less is compiled; None for the others.
        instead: the class that takes its place with these options on this space, if one does.
        learns: whether the values that it is told change what it asks for.
        proposes: where the cells come from another searcher, that of the option `of` (`tuning.searchers.proposer`), the
            value of a training that this one is told, "first" or "last"; empty: the form asks by itself.
        source: makes the cells of a form that `proposes`: called as `source(of, tables.proposed, space, rng)`.
    """

    tables: Callable[..., Any]
    begin: Callable[..., Any]
    ask: Callable[..., Any]
    tell: Callable[..., Any]
    parallel: bool = True
    stops: bool = False
    from_list: bool | Callable[..., bool] = False
    learns: bool = True
    choose_ask: Callable[[Any], Callable[..., Any] | None] = lambda tables: None
    instead: Callable[[Mapping[str, Any], Space], Callable[..., Any] | None] = lambda options, space: None
    proposes: Literal["", "first", "last"] = ""
    source: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        for name in ("begin", "ask", "tell"):
            function = getattr(self, name)
            made = compiled_start if name == "begin" else compiled
            object.__setattr__(self, name, function if isinstance(function, Compiled) else made(function))

    def functions(self, tables: Any) -> dict[str, Callable[..., Any]]:
        """`begin`, `ask` and `tell` by their names, for these tables."""
        return {"begin": self.begin, "ask": self.choose_ask(tables) or self.ask, "tell": self.tell}


class Stepper:
    """A searcher in compiled form, asked and told by Python.

    Args:
        form: the searcher.
        tables: of the space.
        space: the space.
        rng: the replay's generator; of a form that `proposes`, its source of cells.
        amounts: the recorded amounts of training, where the form asks for points.
    """

    def __init__(self, form: Form, tables: Any, space: Space, rng: Any, amounts: tuple[float, ...] = ()) -> None:
        self.form, self.tables, self.space, self.rng, self.amounts = form, tables, space, rng, amounts
        self.parallel, self.stops = form.parallel, form.stops
        begin, self._ask, self._tell = (plain(function) for function in form.functions(tables).values())
        self.state = begin(tables, rng)
        self._pending: list[tuple[Asked, Any]] = []
        self._asked = 0

    @property
    def least(self) -> float:
        """The amount of training of its first query; only of forms that get their cells from another searcher.

        Raises:
            AttributeError: of any other form.
        """
        if not self.form.proposes:
            raise AttributeError("least")
        return self.amounts[int(self.tables.proposed.points[0])]

    def ask(self) -> Any:
        if self._asked == getattr(self.tables, "room", None):
            self.tables = self.tables._replace(room=4 * self.tables.room)
            self.state = _moved(self.state, plain(self.form.begin)(self.tables, self.rng))
        self._asked += 1
        with np.errstate(all="ignore"):  # as where it is compiled
            asked = self._ask(self.tables, self.state, self.rng)
        if asked.cell == WAIT:
            return None
        if not 0 <= asked.cell < self.space.size:
            raise BadInput(f"its function 'ask' returned {asked.cell}, not a cell from 0 to {self.space.size - 1}")
        found: Any = self.space.cell(int(asked.cell))
        if asked.point != WHOLE:
            found = Query(found, self.amounts[asked.point], int(asked.number))
        self._pending.append((asked, found))
        return found

    def tell(self, asked: Any, value: float) -> None:
        with np.errstate(all="ignore"):
            self.state = self._tell(self.tables, self.state, take(self._pending, asked), value)


def with_room(tables: Any, queries: int) -> Any:
    """The tables with room for this many queries, if their states need room."""
    return tables._replace(room=queries) if hasattr(tables, "room") else tables


def _moved(state: Any, larger: Any) -> Any:
    """The state `larger`, with the values of `state` at the beginning of its arrays."""
    for before, after in zip(state, larger, strict=True):
        if isinstance(after, np.ndarray):
            after[tuple(slice(length) for length in before.shape)] = before
    return larger
