"""Surfaces without noise: draws around known truths with the noise of shipped surfaces, and what they rest on."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.noiseless import draws, seed_noise, shifts
from analysis.seed_costs import freedom
from grids.errors import BadInput
from grids.library import load_surface
from grids.space import Axis, Space
from grids.surface import Provenance, Surface

NAMES = ("fashion-mlp/adam", "fashion-mlp/avagrad", "digits-mlp/adam", "kjv-lstm/adam", "kjv-lstm/avagrad")


def surface(truth: np.ndarray, seeds: int, deviation: float, rng: np.random.Generator) -> Surface:
    space = Space(tuple(Axis(name, tuple(range(1, n + 1))) for name, n in zip("ab", truth.shape, strict=False)))
    value = truth[..., None] + deviation * rng.standard_normal((*truth.shape, seeds))
    return Surface(space, tuple(range(seeds)), value, np.zeros(value.shape, bool), Provenance("toy", "adam"))


def bowl(size: int = 15) -> np.ndarray:
    at = (np.arange(size) - size // 2) / 3
    return np.asarray(at[:, None] ** 2 + at**2)


def good(tables: np.ndarray, target: float) -> np.ndarray:
    flat = tables.reshape(len(tables), -1)
    return np.asarray((flat <= flat.min(axis=1, keepdims=True) + target).sum(axis=1))


def test_without_noise_the_draws_are_the_surface() -> None:
    one = surface(bowl(), 3, 0.0, np.random.default_rng(0))
    found = draws(one, 3, np.random.default_rng(0))
    np.testing.assert_allclose(found, np.repeat(one.mean[None], 3, axis=0), atol=1e-9)


def test_one_seed_is_refused_and_names_the_surface() -> None:
    one = surface(bowl(), 1, 0.1, np.random.default_rng(0))
    with pytest.raises(BadInput, match="toy/adam: has one seed, whose noise is not known"):
        draws(one, 3, np.random.default_rng(0))


def test_draws_repeat_and_lie_around_the_truth() -> None:
    """A bowl whose mean of two seeds is lucky: its draws know better where the lowest value lies."""
    truth, off, width, plain = bowl(), [], [], []
    for number in range(20):
        one = surface(truth, 2, 0.6, np.random.default_rng(number))
        found = draws(one, 60, np.random.default_rng(1))
        lowest = found.reshape(60, -1).min(axis=1)
        off.append(lowest.mean() - truth.min())
        width.append(lowest.std())
        plain.append(one.mean.min() - truth.min())
    again = draws(one, 60, np.random.default_rng(1))
    np.testing.assert_array_equal(found, again)
    assert abs(np.mean(off)) < 0.5 * abs(np.mean(plain))
    assert 0.3 * np.std(off) < np.mean(width) < 3 * np.std(off)


def test_spaces_of_any_kind_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    line = surface(bowl()[7], 3, 0.1, rng)
    words = replace(line, space=Space((Axis("kind", tuple(f"k{n}" for n in range(15)), "label"),)))
    cube = Space(tuple(Axis(name, (1.0, 2.0, 3.0, 4.0)) for name in "abc"))
    value = rng.standard_normal((4, 4, 4, 3))
    three = Surface(cube, (0, 1, 2), value, np.zeros(value.shape, bool), Provenance("toy", "adam"))
    for one in (line, words, three):
        found = draws(one, 5, np.random.default_rng(0))
        assert found.shape == (5, *one.space.shape)
        assert np.isfinite(found).all()


def test_what_a_seed_does_to_all_cells_is_a_shift_with_students_error() -> None:
    one = surface(bowl(), 4, 0.01, np.random.default_rng(0))
    moved = replace(one, value=one.value + np.array([-3.0, 0.0, 1.0, 2.0]))
    noise = seed_noise(moved)
    assert noise.shift == pytest.approx([-3, 0, 1, 2], abs=0.02)
    assert noise.deviation < 0.05
    drawn = shifts(moved, 0, 20_000)
    inner = np.quantile(drawn, (0.025, 0.975))
    half = 3.182 * noise.shift.std(ddof=1) / 2
    assert inner == pytest.approx([-half, half], rel=0.08)
    # The same seeds move surfaces together.
    assert np.corrcoef(drawn, shifts(replace(moved, value=2 * moved.value), 0, 20_000))[0, 1] > 0.999


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "most"), [(3, 0.15), (5, 0.15)])
def test_costs_without_noise_are_near_those_of_the_truth(seeds: int, most: float) -> None:
    """Trials of random search: their bias over truths, and how often the interval over seeds holds the true cost."""
    from noise_made import made, truths
    from scipy import stats

    rng, off, plain, inside = np.random.default_rng(seeds), [], [], []
    for name in NAMES:
        shipped = load_surface(name)
        target = shipped.provenance.targets[0]
        for truth in truths(shipped, 24):
            one = made(shipped, "adam", truth, seeds, rng)
            known = np.log(good(truth[None], target)[0])
            found = known - np.log(good(draws(one, 60, rng, 4 * target), target))
            off.append(found.mean())
            plain.append(known - np.log(good(one.mean[None], target)[0]))
            inside.append(abs(found.mean()) <= stats.t.isf(0.025, freedom(seeds)) * max(found.std(ddof=1), 1e-9) + 1e-9)
    assert abs(np.exp(np.mean(off)) - 1) <= most
    assert abs(np.mean(off)) < 0.7 * abs(np.mean(plain))
    assert np.mean(inside) >= 0.9
