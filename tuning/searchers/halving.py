"""Brackets of successive halving, one after another: the base class of `SHA` and `Hyperband`."""

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.base import Query
from tuning.searchers.fidelities import Bracket
from tuning.searchers.proposer import Proposer, proposer_spec, proposes_from_list


class Halving:
    """Runs brackets in turn, repeatedly.

    At each rung of a bracket the remaining cells are trained up to its amount, the best first; the cells of lowest
    value there are continued, the older ones among equals. A bracket's cells come from its own proposer, which is told
    their values at the bracket's first rung. `random` draws them without repetition within a bracket; any other
    proposer keeps its state for the next time that the bracket is run.

    With several workers a rung's cells are trained in parallel, and the next rung waits for all of them.

    Args:
        space, rng: as of any searcher.
        brackets: the brackets, in the order in which they are run.
        of: the searcher that proposes cells, see `proposer_spec`.
    """

    parallel = True
    from_list = staticmethod(proposes_from_list)

    def __init__(self, space: Space, rng: np.random.Generator, brackets: tuple[Bracket, ...], of: str) -> None:
        self.brackets = brackets
        self.least = brackets[0].rungs[0]
        """The amount of training of the first query."""
        self.of = proposer_spec(of)
        self.without_repetition = self.of.text == "random"
        spec = proposer_spec("random-unique") if self.without_repetition else self.of
        self._proposers = [Proposer(spec, space, rng, number) for number in range(len(brackets))]
        self._bracket, self._rung, self._trainings = 0, 0, 0
        self._asked = 0
        self._going_on: list[tuple[int, Cell]] = []
        self._results: list[tuple[float, int, Cell]] = []

    def ask(self) -> Query | None:
        bracket = self.brackets[self._bracket]
        if self._asked == bracket.sizes[self._rung]:
            return None
        if self._rung:
            training, cell = self._going_on[self._asked]
        else:
            proposed = self._proposers[self._bracket].ask()
            if proposed is None:
                return None
            training, cell = self._trainings, proposed
            self._trainings += 1
        self._asked += 1
        return Query(cell, bracket.rungs[self._rung], training)

    def tell(self, asked: Query, value: float) -> None:
        assert asked.training is not None
        if not self._rung:
            self._proposers[self._bracket].tell(asked.cell, value)
        self._results.append((value, asked.training, asked.cell))
        sizes = self.brackets[self._bracket].sizes
        if len(self._results) < sizes[self._rung]:
            return
        ranked = sorted(self._results)
        self._asked, self._results = 0, []
        self._rung += 1
        if self._rung < len(sizes):
            self._going_on = [(training, cell) for _, training, cell in ranked[: sizes[self._rung]]]
            return
        self._rung, self._bracket = 0, (self._bracket + 1) % len(self.brackets)
        if self.without_repetition:
            self._proposers[self._bracket].begin()
