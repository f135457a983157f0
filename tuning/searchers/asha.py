"""Asynchronous successive halving over cells and fidelities."""

import math

import numpy as np

from grids.space import Cell, Space
from tuning.searchers.base import Query
from tuning.searchers.fidelities import Fidelities, check_curves, check_eta, rungs
from tuning.searchers.proposer import Proposer, proposer_spec, proposes_from_list
from tuning.searchers.registry import searcher


@searcher(
    "asha",
    label="ASHA",
    phrase="asynchronous successive halving",
    summary="asynchronous successive halving: a training continues as soon as it is among the best of its rung",
    place=9,
    kernel="tuning.kernels.asha:asha",
    law=None,
    variants=("eta=2,min=2", "eta=4", "of=tpe", "of=gld"),
    fidelities=True,
)
class ASHA:
    """Rungs `min`·η^k below `max`, and `max`, each rounded up to a recorded amount.

    Where trainings may be paused (Li et al. 2018, "A System for Massively Parallel Hyperparameter Tuning", Algorithm
    2): the next query continues the best training among the ⌊n/η⌋ lowest of n values told at a rung that was not
    continued yet, at the highest such rung; where there is none, it starts a new cell at the first rung. Among equal
    values the one told first comes first.

    Where trainings may not be paused, the rule of Optuna's `SuccessiveHalvingPruner`: a training that reaches a rung
    continues at once if its value is at most the max(⌊n/η⌋, 1)-th lowest of the n told there, its own included, and is
    stopped otherwise.

    The proposer is told each cell's value at the first rung.

    Args:
        eta: η, the reduction factor, at least 2.
        min: the amount at the first rung; the first recorded one where not given.
        max: the amount at the last rung; the whole training where not given.
        of: the searcher that proposes cells.
    """

    parallel = True
    from_list = staticmethod(proposes_from_list)
    stops = True

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        fidelities: Fidelities | None,
        eta: float = 3.0,
        min: float | None = None,
        max: float | None = None,
        of: str = "random",
    ) -> None:
        fidelities = check_curves(fidelities)
        self.eta = check_eta(eta)
        self.rungs = rungs(fidelities, *fidelities.span(min, max), eta)
        self.least = self.rungs[0]
        self.pauses = fidelities.pauses
        self.of = proposer_spec(of)
        self._proposer = Proposer(self.of, space, rng)
        self._trainings = 0
        # The values told at each rung: (value, number in the order of telling, training).
        self._told: list[list[tuple[float, int, int]]] = [[] for _ in self.rungs]
        self._left: list[set[int]] = [set() for _ in self.rungs]  # trainings continued from there
        self._cells: list[Cell] = []
        self._rung: list[int] = []  # the rung that each training was asked for last
        self._next: list[int] = []  # trainings to continue at once

    def ask(self) -> Query | None:
        training = self._promotable() if self.pauses else self._next.pop(0) if self._next else None
        if training is None:
            cell = self._proposer.ask()
            if cell is None:
                return None
            training = self._trainings
            self._trainings += 1
            self._cells.append(cell)
            self._rung.append(0)
        else:
            self._rung[training] += 1
        return Query(self._cells[training], self.rungs[self._rung[training]], training)

    def tell(self, asked: Query, value: float) -> None:
        assert asked.training is not None
        training = asked.training
        rung = self._rung[training]
        told = self._told[rung]
        told.append((value, len(told), training))
        if rung == 0:
            self._proposer.tell(asked.cell, value)
        if not self.pauses and rung + 1 < len(self.rungs):
            bound = sorted(told)[math.floor(len(told) / self.eta) - 1 if len(told) >= 2 * self.eta else 0][0]
            if value <= bound:
                self._next.append(training)

    def _promotable(self) -> int | None:
        """The training to continue, if there is one."""
        for rung in range(len(self.rungs) - 2, -1, -1):
            ranked = sorted(self._told[rung])
            for _, _, training in ranked[: math.floor(len(ranked) / self.eta)]:
                if training not in self._left[rung]:
                    self._left[rung].add(training)
                    return training
        return None
