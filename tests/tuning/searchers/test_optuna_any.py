"""GLD and CGLD in real Optuna studies."""

import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

from tuning.exact import exact_law
from tuning.optuna import STEP_KEY, CGLDSampler, GLDSampler
from tuning.sampler_axes import Floats, Lattice, axis_of, draw_in_ball

BOTH = pytest.mark.parametrize("kind", [GLDSampler, CGLDSampler])
Kind = Callable[..., GLDSampler]


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    optuna.logging.set_verbosity(level)


def mixed(trial: Trial) -> float:
    x = trial.suggest_float("x", -3.0, 5.0)
    rate = trial.suggest_float("rate", 1e-6, 1e2, log=True)
    layers = trial.suggest_int("layers", 1, 9)
    width = trial.suggest_int("width", 8, 4096, log=True)
    drop = trial.suggest_float("drop", 0.1, 0.7, step=0.1)
    many = trial.suggest_int("many", 0, 3000, step=3)
    kind = trial.suggest_categorical("kind", ["a", "b", None, 4])
    assert -3 <= x <= 5
    assert 1e-6 <= rate <= 1e2
    assert isinstance(layers, int)
    assert isinstance(width, int)
    assert 8 <= width <= 4096
    assert many % 3 == 0
    return (
        (x - 1) ** 2
        + (math.log10(rate) + 2) ** 2
        + (layers - 7) ** 2
        + (math.log2(width) - 6) ** 2
        + 10 * (drop - 0.3) ** 2
        + (many / 1000 - 1) ** 2
        + (kind != "b")
    )


@BOTH
def test_every_kind_of_parameter(kind: Kind) -> None:
    def best(sampler: optuna.samplers.BaseSampler) -> float:
        study = optuna.create_study(sampler=sampler)
        study.optimize(mixed, n_trials=80)
        return study.best_value

    found = [best(kind(seed=seed)) for seed in range(3)]
    assert np.mean(found) < np.mean([best(optuna.samplers.RandomSampler(seed=seed)) for seed in range(3)]) / 2


@BOTH
def test_same_seed_same_trials_other_seed_others(kind: Kind) -> None:
    def trials(seed: int) -> list[dict[str, object]]:
        study = optuna.create_study(sampler=kind(seed=seed))
        study.optimize(mixed, n_trials=15)
        return [trial.params for trial in study.trials]

    assert trials(1) == trials(1)
    assert trials(1) != trials(2)


@BOTH
def test_on_a_grid_it_is_the_searcher_of_that_name(kind: Kind) -> None:
    rows, columns, replays, budget = 5, 4, 150, 20
    table = np.random.default_rng(4).permutation(rows * columns).reshape(rows, columns).astype(float)
    hits = np.zeros(budget + 1)
    for seed in range(replays):
        study = optuna.create_study(sampler=kind(seed=seed))
        for trial_number in range(1, budget + 1):
            trial = study.ask()
            value = table[trial.suggest_int("a", 0, rows - 1), trial.suggest_int("b", 10, 10 + columns - 1) - 10]
            study.tell(trial, value)
            if value <= 1:
                hits[trial_number] += 1
                break
    law = exact_law(table, "gld" if kind is GLDSampler else "cgld", 1.0)
    # The Dvoretzky–Kiefer–Wolfowitz bound at one in ten thousand.
    assert abs(hits.cumsum() / replays - law.hit(budget)).max() < math.sqrt(math.log(2e4) / (2 * replays))


@BOTH
def test_maximizing_mirrors_minimizing(kind: Kind) -> None:
    def params(sign: float, direction: str) -> list[dict[str, object]]:
        study = optuna.create_study(sampler=kind(seed=8), direction=direction)
        study.optimize(lambda trial: sign * mixed(trial), n_trials=30)
        return [trial.params for trial in study.trials]

    assert params(1.0, "minimize") == params(-1.0, "maximize")


@pytest.mark.parametrize("seed", range(3))
def test_candidates_lie_in_their_ball_around_the_best(seed: int) -> None:
    study = optuna.create_study(sampler=GLDSampler(seed=seed, radius_max=8, radius_min=1))
    study.optimize(lambda t: t.suggest_int("a", 0, 60) + t.suggest_int("b", 0, 60), n_trials=41)
    trials = study.trials
    for number, trial in enumerate(trials[1:]):
        step, candidate = divmod(number, 4)
        assert trial.system_attrs[STEP_KEY] == step
        center = min(trials[: 1 + 4 * step], key=lambda t: (t.value, t.number))
        away = math.dist(list(trial.params.values()), list(center.params.values()))
        assert 0 < away <= 8 / 2**candidate


def test_coordinates_take_turns() -> None:
    study = optuna.create_study(sampler=CGLDSampler(seed=5, radius_max=4, radius_min=2))
    study.optimize(lambda t: t.suggest_float("b", 0, 1) + t.suggest_int("a", 0, 9), n_trials=17)
    trials = study.trials
    for number, trial in enumerate(trials[1:]):
        step = number // 2
        center = min(trials[: 1 + 2 * step], key=lambda t: (t.value, t.number))
        still = "ba"[step % 2]
        assert trial.params[still] == center.params[still]


@BOTH
def test_failed_candidates_are_drawn_again_and_pruned_ones_have_lost(kind: Kind) -> None:
    study = optuna.create_study(sampler=kind(seed=1, radius_max=4))

    def objective(trial: Trial) -> float:
        x = trial.suggest_int("x", 0, 30) + trial.suggest_int("y", 0, 30)
        if trial.number % 5 == 2:
            raise ArithmeticError
        if trial.number % 5 == 4:
            raise optuna.TrialPruned
        return float(x)

    study.optimize(objective, n_trials=60, catch=ArithmeticError)
    steps = [t.system_attrs[STEP_KEY] for t in study.trials[1:] if t.state != TrialState.FAIL]
    assert steps == [number // 3 for number in range(len(steps))]
    failed = [t for t in study.trials if t.state == TrialState.FAIL]
    assert all(t.system_attrs[STEP_KEY] == study.trials[t.number + 1].system_attrs[STEP_KEY] for t in failed[:-1])
    complete = [t.values[0] for t in study.trials if t.state == TrialState.COMPLETE]
    assert study.best_value < complete[0]


@BOTH
def test_first_trials_that_fail_or_are_pruned_do_no_harm(kind: Kind) -> None:
    def objective(trial: Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if trial.number < 4:
            raise optuna.TrialPruned
        if trial.number < 8:
            return math.nan
        return x

    study = optuna.create_study(sampler=kind(seed=1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(objective, n_trials=40)
    assert study.best_value < 0.1


@BOTH
def test_workers_share_the_descent(kind: Kind) -> None:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(sampler=kind(seed=1), storage=storage)
    study.optimize(mixed, n_trials=60, n_jobs=4)
    other = optuna.load_study(study_name=study.study_name, storage=storage, sampler=kind(seed=2))
    other.optimize(mixed, n_trials=60)
    assert len(other.trials) == 120
    assert all(trial.state == TrialState.COMPLETE for trial in other.trials)
    steps = [t.system_attrs.get(STEP_KEY, 0) for t in other.trials]
    assert steps[60:] == sorted(steps[60:])
    assert other.best_value < sorted(t.value or 0.0 for t in other.trials)[20]


@BOTH
def test_conditional_and_single_parameters_and_given_trials(kind: Kind) -> None:
    def objective(trial: Trial) -> float:
        assert trial.suggest_int("only", 3, 3) == 3
        if trial.suggest_categorical("which", ["left", "right"]) == "left":
            return trial.suggest_float("left", 0, 1)
        return 2 + trial.suggest_float("right", 0, 1)

    study = optuna.create_study(sampler=kind(seed=1))
    study.enqueue_trial({"which": "left", "left": 0.5})
    study.optimize(objective, n_trials=40)
    assert study.trials[0].value == 0.5
    assert study.best_value <= 0.5
    assert {t.params["which"] for t in study.trials} == {"left", "right"}


@BOTH
def test_several_objectives_are_refused(kind: Kind) -> None:
    study = optuna.create_study(sampler=kind(), directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="one objective, not 2"):
        study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=2)


def test_radii_are_checked() -> None:
    for wrong in ({"radius_min": 0.0}, {"radius_max": 0.5}, {"radius_max": math.inf}):
        with pytest.raises(ValueError, match="radius_"):
            GLDSampler(**wrong)


def test_axes_count_in_steps() -> None:
    assert axis_of(IntDistribution(3, 12)).steps == 9
    assert axis_of(FloatDistribution(0.1, 0.7, step=0.1)).steps == 6
    assert axis_of(FloatDistribution(0, 1)).steps == 20
    assert isinstance(axis_of(IntDistribution(0, 1000)), Floats)
    assert isinstance(axis_of(IntDistribution(1, 64, log=True)), Floats)
    for distribution in (FloatDistribution(0.1, 0.7, step=0.1), IntDistribution(3, 30, step=3)):
        axis = axis_of(distribution)
        assert isinstance(axis, Lattice)
        for place in range(int(axis.steps) + 1):
            value = axis.value(place)
            assert distribution._contains(value)
            assert axis.place(value) == place
    for distribution in (FloatDistribution(1e-3, 1e3, log=True), IntDistribution(1, 64, log=True)):
        axis = axis_of(distribution)
        for value in (distribution.low, 2, distribution.high):
            assert axis.value(axis.place(value)) == pytest.approx(value)
        assert axis.value(0.0) == pytest.approx(distribution.low)
        assert axis.value(20.0) == pytest.approx(distribution.high)


def test_many_parameters_still_move_within_their_ranges() -> None:
    distributions = [FloatDistribution(0, 1), IntDistribution(0, 9), CategoricalDistribution(["a", "b"])] * 8
    axes = [axis_of(distribution) for distribution in distributions]
    center = [20.0, 9.0, 1.0] * 8
    rng = np.random.default_rng(1)
    for _ in range(20):
        places = draw_in_ball(axes, center, 4.0, rng)
        assert places != center
        for axis, distribution, place in zip(axes, distributions, places, strict=True):
            assert distribution._contains(distribution.to_internal_repr(axis.value(place)))


@pytest.mark.parametrize("kind", [GLDSampler, CGLDSampler])
def test_workers_share_a_live_study_in_a_storage(kind: type[GLDSampler], tmp_path: Path) -> None:
    """A study in a file, gone on with by a second sampler, on a surface's objective with labels and numbers."""
    from grids.surface import Surface

    table = pd.DataFrame([{"a": a, "b": b, "err": (a - 3) ** 2 + len(b)} for a in range(6) for b in ("x", "yy", "zzz")])
    surface = Surface.from_frame(table, ["a", "b"], "err")
    storage = f"sqlite:///{tmp_path}/live.db"
    study = optuna.create_study(storage=storage, study_name="s", sampler=kind(seed=1))
    study.optimize(surface.objective(by="index"), n_trials=15)
    other = optuna.load_study(study_name="s", storage=storage, sampler=kind(seed=2))
    other.optimize(surface.objective(by="index"), n_trials=25)
    assert len(other.trials) == 40
    assert other.best_value == surface.mean.min()
