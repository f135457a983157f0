"""ASHA and the median rule, where trainings are stopped, against Optuna's pruners: decision by decision, and in law."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from scipy.stats import ks_2samp, mannwhitneyu

from grids.library import load_surface
from tuning.ledger import CostModel, Limits
from tuning.play import play
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher
from tuning.trials import noise_columns, trials_matrix

SURFACES = ["digits-mlp/adam", "digits-conv/avagrad", "fashion-mlp/adam", "cifar10-small/adam"]
PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "asha": lambda: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "asha:eta=2,min=2": lambda: SuccessiveHalvingPruner(min_resource=2, reduction_factor=2),
    "median": lambda: MedianPruner(),
}
STOP = CostModel.stop


@pytest.fixture(autouse=True)
def _silent() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def problem_of(surface: str) -> TabularProblem:
    """A surface on which a replay goes on after its best cell."""
    problem = TabularProblem.of(surface, load_surface(surface), curves=True, lowest=-1.0)
    return problem


def reported(study: optuna.Study, trial: optuna.Trial, curve: np.ndarray) -> int:
    """Report a curve until the pruner stops it, and tell the study; returns how many epochs were trained."""
    for epoch, value in enumerate(curve.tolist(), start=1):
        trial.report(value, epoch)
        # Once a training is complete there is nothing left to stop.
        if epoch < len(curve) and trial.should_prune():
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return epoch
    study.tell(trial, float(curve[-1]))
    return len(curve)


@pytest.mark.parametrize("surface", SURFACES[:2])
@pytest.mark.parametrize("text", PRUNERS)
def test_every_decision_is_the_pruners(text: str, surface: str) -> None:
    problem, spec, limits = problem_of(surface), get_searcher(text), Limits(150, cost_model=STOP)
    columns = noise_columns(problem, spec, 0, range(2), 150)
    played = trials_matrix(problem, spec, 0, range(2), columns, limits)
    assert played.points is not None
    stops = 0
    for cells, points in zip(played.cells, played.points, strict=True):
        study = optuna.create_study(pruner=PRUNERS[text]())
        # A training is over where the next query is of the first rung again.
        begins = np.flatnonzero(points == points[0])
        for begin, end in pairwise(begins.tolist()):
            epochs = reported(study, study.ask(), problem.told[cells[begin], 0])
            assert epochs == points[end - 1] + 1
            stops += epochs < problem.points
    assert stops > 10


def optunas(
    problem: TabularProblem, make: Callable[[], BasePruner], studies: int, trials: int
) -> tuple[np.ndarray, np.ndarray]:
    """Epochs spent and the best value of complete trainings, after so many trials of each study."""
    spent, best = np.zeros(studies), np.full(studies, np.inf)
    for number in range(studies):
        sampler = optuna.samplers.RandomSampler(seed=number)
        study = optuna.create_study(sampler=sampler, pruner=make(), study_name=f"{problem.label} {number}")
        for _ in range(trials):
            trial = study.ask({"cell": IntDistribution(0, len(problem.value) - 1)})
            curve = problem.told[trial.params["cell"], 0]
            epochs = reported(study, trial, curve)
            spent[number] += epochs
            if epochs == len(curve):
                best[number] = min(best[number], curve[-1])
    return spent, best


def ours(problem: TabularProblem, text: str, replays: int, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of our replays."""
    most = trials * problem.points + 1
    spec, limits = get_searcher(text), Limits(most, cost_model=STOP)
    played = play(problem, spec, 0, range(replays), limits)
    assert played.compiled
    assert played.points is not None
    assert played.spent is not None
    spent, best = np.zeros(replays), np.full(replays, np.inf)
    for row in range(replays):
        begins = np.flatnonzero(played.points[row] == played.points[row, 0])
        end = begins[trials]
        spent[row] = played.spent[row, end - 1]
        full = played.points[row, :end] == problem.points - 1
        best[row] = problem.told[played.cells[row, :end][full], 0, -1].min(initial=np.inf)
    return spent, best


def p_values(surface: str, text: str, studies: int, trials: int = 30) -> dict[str, float]:
    problem = problem_of(surface)
    theirs, mine = optunas(problem, PRUNERS[text], studies, trials), ours(problem, text, 4000, trials)
    found = {}
    for what, their, my in zip(("epochs", "best"), theirs, mine, strict=True):
        found[f"{what}, KS"] = float(ks_2samp(their, my).pvalue)
        found[f"{what}, MW"] = float(mannwhitneyu(their, my).pvalue)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", ["asha", "median"])
def test_the_law_is_the_pruners(text: str, surface: str) -> None:
    found = p_values(surface, text, 150)
    print(f"\n{surface}, {text}: " + ", ".join(f"{name} p = {p:.3f}" for name, p in found.items()))
    assert min(found.values()) > 0.01
