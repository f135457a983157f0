"""Equation 11, simulated: the compiled loop against the rules, and what the paper says of it."""

import numpy as np
import pytest

from grids.errors import BadInput
from tests.trainers.plain_counterexample import simulate_by_rules
from trainers.counterexample import Setting, points, samples, simulate

SETTINGS = [
    Setting("adam", 1e-3, 1e-8),
    Setting("amsgrad", 1e-2, 1e-8),
    Setting("delayed-adam", 1e-3, 1e-8),
    Setting("dynamic-adam", 1e-2, 1.0, 0.5),
    Setting("dynamic-adam", 1.0, 0.1, 1.5),
]


@pytest.mark.parametrize("start", [0.0, 0.7])
def test_the_compiled_loop_follows_the_rules(start):
    rare, at = samples(3, 2, 600), points(600, 30)
    assert rare.any()
    ours, theirs = (run(SETTINGS, rare, at, start=start, beta2=0.95) for run in (simulate, simulate_by_rules))
    assert ours.shape == (5, 2, len(at))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_the_measure_is_the_mean_over_the_iterates_so_far():
    """Without a rare sample Adam with ε = 0 in effect climbs by α/√v a step: by hand."""
    rare = np.zeros((1, 3), dtype=bool)
    means = simulate([Setting("adam", 0.1, 1e-12)], rare, np.array([1, 2, 3]), beta2=0.5)[0, 0]
    w = [0.0, 0.1 / np.sqrt(0.5), 0.1 / np.sqrt(0.5) + 0.1 / np.sqrt(0.75)]
    slopes = [((999 * x - 499) / 500) ** 2 for x in w]
    np.testing.assert_allclose(means, [slopes[0], sum(slopes[:2]) / 2, sum(slopes) / 3], rtol=1e-9)


def test_a_runs_samples_depend_on_its_number_alone():
    assert np.array_equal(samples(5, 4, 100)[:2], samples(5, 2, 100))
    assert np.array_equal(samples(5, 2, 100)[:, :40], samples(5, 2, 40))
    assert samples(1, 20, 50_000).mean() == pytest.approx(1 / 500, rel=0.1)


def test_adam_fails_where_delayed_adam_converges():
    """The paper's Figure 3 at α = 1e-4: Adam ends at the border, where ‖∇f‖² = 1; the others come near 0."""
    steps = 100_000
    ends = np.array([steps - steps // 10, steps])
    settings = [
        Setting("adam", 1e-4, 1e-8),
        Setting("delayed-adam", 1e-4, 1e-8),
        Setting("dynamic-adam", 1e-2, 1.0, 0.5),
    ]
    means = simulate(settings, samples(0, 3, steps), ends).mean(axis=1)
    late = (means[:, 1] * ends[1] - means[:, 0] * ends[0]) / (ends[1] - ends[0])
    assert late[0] > 0.9
    assert late[1] < 0.15
    assert late[2] < 0.15


def test_points_end_at_the_last_step():
    assert points(200_000)[-1] == 200_000
    assert points(5)[-1] == 5
    assert (np.diff(points(1000)) > 0).all()


@pytest.mark.parametrize(
    "wrong", [{"method": "adm"}, {"alpha": 0.0}, {"epsilon": -1.0}, {"power": -0.5}, {"alpha": float("nan")}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(BadInput):
        Setting(**{"method": "adam", "alpha": 1e-3, "epsilon": 1e-8, **wrong})
