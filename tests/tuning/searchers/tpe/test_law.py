"""The readable TPE against Optuna's own code, for given observations: both densities at all cells, one trial's law."""

import math

import numpy as np
import optuna
import pytest
import readable
from optuna.distributions import IntDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights
from readable import ReadableTPE, good_count
from scipy import stats

from grids.space import Axis, Space

SHAPES = [(21, 21), (5, 40), (4, 6, 5), (30,), (3, 1, 7)]


def space_of(shape: tuple[int, ...]) -> Space:
    return Space(tuple(Axis(f"x{i}", tuple(range(n)), "linear") for i, n in enumerate(shape)))


def optuna_distributions(shape: tuple[int, ...]) -> dict[str, IntDistribution]:
    return {f"x{i}": IntDistribution(0, n - 1) for i, n in enumerate(shape)}


def optuna_parzen(cells: np.ndarray, shape: tuple[int, ...]) -> _ParzenEstimator:
    parameters = _ParzenEstimatorParameters(
        prior_weight=1.0,
        consider_magic_clip=True,
        consider_endpoints=False,
        weights=default_weights,
        multivariate=True,
    )
    return _ParzenEstimator(by_name(cells), optuna_distributions(shape), parameters)


def by_name(cells: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{i}": cells[:, i].astype(float) for i in range(cells.shape[1])}


def all_cells(shape: tuple[int, ...]) -> np.ndarray:
    return np.array(list(np.ndindex(shape)))


def clustered(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Cells as TPE leaves them behind: some anywhere, most around one place, many of them repeated."""
    anywhere = np.stack([rng.integers(0, n, count) for n in shape], axis=1)
    near = np.stack([np.clip(np.rint(rng.normal(n / 3, n / 8, count)), 0, n - 1) for n in shape], axis=1)
    return np.where(rng.random((count, 1)) < 0.3, anywhere, near).astype(int)


@pytest.fixture
def optunas_order_of_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal indices stand in the order of numpy's default sort, as in Optuna: it depends on the processor."""
    monkeypatch.setattr(readable, "by_index_then_age", lambda centers: np.argsort(centers.astype(float)))


@pytest.mark.usefixtures("optunas_order_of_equals")
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 24, 25, 26, 27, 60, 98, 99, 416])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_density_at_every_cell_is_optunas(shape: tuple[int, ...], count: int) -> None:
    cells = clustered(np.random.default_rng(count), shape, count)
    ours = readable.Parzen(cells, shape).density(all_cells(shape))
    theirs = np.exp(optuna_parzen(cells, shape).log_pdf(by_name(all_cells(shape))))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0)
    assert math.isclose(ours.sum(), 1.0, rel_tol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 10, 21])
def test_without_equal_indices_the_order_does_not_enter(count: int) -> None:
    rng = np.random.default_rng(count)
    cells = np.stack([rng.permutation(21)[:count], rng.permutation(21)[:count]], axis=1)
    ours = readable.Parzen(cells, (21, 21)).density(all_cells((21, 21)))
    theirs = np.exp(optuna_parzen(cells, (21, 21)).log_pdf(by_name(all_cells((21, 21)))))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0)


def test_the_split_and_the_weights_are_optunas() -> None:
    assert [good_count(n) for n in range(600)] == [default_gamma(n) for n in range(600)]
    for n in range(460):
        np.testing.assert_array_equal(readable.age_weights(n), default_weights(n))


@pytest.mark.parametrize("shape", SHAPES)
def test_draws_follow_the_density(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(7)
    density = readable.Parzen(clustered(rng, shape, 12), shape)
    drawn = density.draw(rng.random((40_000, 1 + len(shape))))
    counts = np.bincount(np.ravel_multi_index(tuple(drawn.T), shape), minlength=math.prod(shape))
    expected = density.density(all_cells(shape)) * 40_000
    rare = expected < 5
    observed, wanted = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    keep = wanted > 0
    assert stats.chisquare(observed[keep], wanted[keep]).pvalue > 1e-4


def one_trial_law(told: ReadableTPE, candidates: int) -> np.ndarray:
    """Exact probability `[cells]` of the next trial: of independent draws, the one of largest ratio."""
    everywhere = all_cells(told.space.shape)
    good, rest = (density.density(everywhere) for density in told.densities())
    order = np.argsort(-good / rest)
    better = np.concatenate([[0.0], np.cumsum(good[order])])
    law = np.empty(len(everywhere))
    law[order] = (1 - better[:-1]) ** candidates - np.maximum(1 - better[1:], 0.0) ** candidates
    return law


def told(space: Space, cells: np.ndarray, values: np.ndarray, seed: int = 0) -> ReadableTPE:
    searcher = ReadableTPE(space, np.random.default_rng(seed))
    for cell, value in zip(cells, values, strict=True):
        searcher.tell(tuple(int(i) for i in cell), float(value))
    return searcher


HISTORIES = [((21, 21), 10), ((21, 21), 60), ((5, 40), 33), ((4, 6, 5), 300)]


def history(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    return clustered(rng, shape, count), rng.normal(size=count).round(1)


def frequencies_fit(counts: np.ndarray, law: np.ndarray) -> float:
    """The p-value of a chi-square test, rare cells taken together."""
    expected = law * counts.sum()
    rare = expected < 5
    return float(
        stats.chisquare(
            np.append(counts[~rare], counts[rare].sum()) + 1e-9, np.append(expected[~rare], expected[rare].sum()) + 1e-9
        ).pvalue
    )


@pytest.mark.parametrize(("shape", "count"), HISTORIES)
def test_the_next_trial_follows_its_exact_law(shape: tuple[int, ...], count: int) -> None:
    cells, values = history(shape, count)
    searcher = told(space_of(shape), cells, values)
    asked = [np.ravel_multi_index(searcher.ask(), shape) for _ in range(1000)]
    assert frequencies_fit(np.bincount(asked, minlength=math.prod(shape)), one_trial_law(searcher, 24)) > 1e-4


@pytest.mark.slow
@pytest.mark.usefixtures("optunas_order_of_equals")
@pytest.mark.parametrize(("shape", "count"), HISTORIES)
def test_optunas_next_trial_follows_the_same_exact_law(shape: tuple[int, ...], count: int) -> None:
    """The whole of Optuna's sampler, from a study that was told the same trials."""
    cells, values = history(shape, count)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=TPESampler(seed=1))
    for cell, value in zip(cells, values, strict=True):
        params = {name: int(column[0]) for name, column in by_name(cell[None]).items()}
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=optuna_distributions(shape), value=float(value))
        )
    counts = np.zeros(math.prod(shape))
    for _ in range(2000):
        trial = study.ask(optuna_distributions(shape))
        counts[np.ravel_multi_index([trial.params[f"x{i}"] for i in range(len(shape))], shape)] += 1
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    law = one_trial_law(told(space_of(shape), cells, values), 24)
    assert frequencies_fit(counts, law) > 1e-4


def test_equal_ratios_go_to_the_first_candidate_drawn() -> None:
    """Before anything is told both densities are the prior's, and every ratio is 1 but for rounding."""
    for seed in range(20):
        searcher = ReadableTPE(space_of((9, 4)), np.random.default_rng(seed), n_startup_trials=0)
        good, _ = searcher.densities()
        first = good.draw(np.random.default_rng(seed).random((24, 3)))[0]
        assert searcher.ask() == tuple(first)
