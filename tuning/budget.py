"""The budget of a replay: turns the options that users give into the limits of one searcher on one surface."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grids.errors import BadInput, unknown
from tuning.ledger import SLACK, CostModel, Limits
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec, names

MOST_CELLS = 10_000
"""The default budget is one trial for each cell of the surface; on larger surfaces the user must give a budget."""


@dataclass(frozen=True)
class Budget:
    """The budget options as users give them; see `tuning.replay.replay`.

    Raises:
        BadInput: a number out of range, or an unknown cost model.
    """

    max_trials: int | None = None
    max_epochs: float | None = None
    cost_model: str = "resume"
    workers: int | None = None

    def __post_init__(self) -> None:
        for name, number in (("max-trials", self.max_trials), ("workers", self.workers)):
            if number is not None and number < 1:
                raise BadInput(f"{name} must be 1 or more, not {number}")
        if self.max_epochs is not None and not (math.isfinite(self.max_epochs) and self.max_epochs > 0):
            raise BadInput(f"max-epochs must be a number above 0, not {self.max_epochs:g}")
        if self.cost_model not in CostModel.__members__:
            raise unknown("cost model", self.cost_model, CostModel.__members__)

    def limits(self, spec: SearcherSpec, problem: TabularProblem) -> Limits:
        """The limits of one searcher's replays on one surface.

        Raises:
            BadInput: the searcher needs curves, another cost model or a single worker; the budget does not allow a
                single query; or no budget is given and the surface has more than `MOST_CELLS` cells.
        """
        model = CostModel(self.cost_model)
        self._check(spec, problem, model)
        cells = len(problem.value)
        if self.max_trials is None and self.max_epochs is None and cells > MOST_CELLS:
            raise BadInput(
                f"{problem.label}: has {cells:,} cells, too many to spend a trial on each: "
                f"set with --max-trials how many a replay may spend"
            )
        max_spent = math.inf if self.max_epochs is None else self.max_epochs
        trials = self.max_trials
        if spec.over_fidelities and trials is None and self.max_epochs is None:
            max_spent = cells * problem.whole
        if trials is None and math.isinf(max_spent):
            trials = cells
        if math.isfinite(max_spent):
            most = self._most_queries(spec, problem, max_spent, model)
            trials = most if trials is None else min(trials, most)
        assert trials is not None
        timed = self.workers is not None or problem.seconds is not None
        return Limits(trials, max_spent, model, self.workers or 1, timed)

    def _check(self, spec: SearcherSpec, problem: TabularProblem, model: CostModel) -> None:
        owner = f"searcher '{spec.text}'"
        if problem.fidelity is None:
            if spec.over_fidelities:
                raise BadInput(
                    f"{owner} compares shorter trainings, and {problem.label} has no curves to read them from"
                )
            if self.max_epochs is not None:
                raise BadInput(f"--max-epochs: {problem.label} has no curves, so what a training spends is not known")
        if model is CostModel.stop and spec.over_fidelities and not spec.stops:
            supported = " and ".join(name for name in names(fidelities=True) if _stops(name))
            raise BadInput(
                f"{owner} continues trainings that it paused, which --cost-model stop does not allow; "
                f"{supported} support it"
            )
        if (self.workers or 1) > 1 and not spec.parallel:
            raise BadInput(
                f"{owner} is not declared to work with several workers (a class declares it by `parallel = True`)"
            )

    def _most_queries(self, spec: SearcherSpec, problem: TabularProblem, max_spent: float, model: CostModel) -> int:
        """The largest number of queries that can be started; raises BadInput where not even one can."""
        assert problem.fidelity is not None
        unit = f"{problem.fidelity.name}s"
        short = spec.over_fidelities or spec.own
        if not short:
            most = math.floor(max_spent / problem.whole * (1 + SLACK)) if problem.whole > 0 else len(problem.value)
            if most < 1:
                raise BadInput(
                    f"--max-epochs {max_spent:g} is less than one training of {problem.label}: {problem.whole:g} {unit}"
                )
            return most
        searcher = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(model is not CostModel.stop))
        steps = [after - one for one, after in pairwise((0.0, *problem.fidelity.values)) if after > one]
        least = float(getattr(searcher, "least", min(steps)))
        if max_spent < least * (1 - SLACK):
            raise BadInput(
                f"--max-epochs {max_spent:g} is less than the first query of searcher '{spec.text}': {least:g} {unit}"
            )
        return math.floor(max_spent / min(steps) * (1 + SLACK)) + 1


def _stops(name: str) -> bool:
    from tuning.searchers import get_searcher

    return get_searcher(name).stops
