"""What is measured for the theorems, against the rules themselves and closed forms."""

import numpy as np

from tests.trainers.plain_counterexample import simulate_by_rules
from trainers.counterexample import Setting, samples, simulate
from trainers.theory import HORIZONS, LARGE_HORIZONS, RATES, family, rates, ridge


def test_each_horizon_is_a_training_of_its_own_on_the_same_samples() -> None:
    measured = rates(3, 2, (50, 200))
    rare = samples(3, 2, 200)
    for name, of in RATES.items():
        expected = simulate_by_rules([of(50)], rare[:, :50], np.array([50]))
        np.testing.assert_allclose(measured[name].means[0], expected[0, :, 0], rtol=1e-9)
        assert measured[name].means.shape == (2, 2)


def test_large_horizons_begin_where_epsilon_has_outgrown_the_rare_gradient() -> None:
    roots = np.sqrt(LARGE_HORIZONS)
    largest = np.sqrt(0.01) * 999.0
    assert (roots >= largest).all()
    assert set(HORIZONS) - set(LARGE_HORIZONS) == {steps for steps in HORIZONS if np.sqrt(steps) < largest}


def test_horizons_come_back_in_the_order_in_which_they_were_asked() -> None:
    forth, back = rates(3, 2, (50, 200)), rates(3, 2, (200, 50))
    for name in RATES:
        np.testing.assert_array_equal(back[name].means, forth[name].means[::-1])


def test_on_the_problem_times_epsilon_adam_walks_alike_whatever_epsilon() -> None:
    shares = family(0, 2, 3000, epsilons=(1e-8, 1e-3, 1.0))
    for share in shares.values():
        np.testing.assert_allclose(share, shares[1e-8], rtol=1e-6)


def test_a_scaled_problem_is_measured_by_the_rules_alike() -> None:
    settings = [Setting("adam", 0.01, 1e-2, scale=1e6), Setting("delayed-adam", 1e-3, 1.0, scale=100.0)]
    rare, at = samples(1, 2, 600), np.array([10, 600])
    np.testing.assert_allclose(simulate(settings, rare, at), simulate_by_rules(settings, rare, at), rtol=1e-9)


def test_the_ridge_is_flat_and_then_goes_with_epsilon() -> None:
    found = ridge(0, 2, 2000)
    low, high = found.epsilon <= 1e-3, found.epsilon >= 1e5
    assert len(set(found.alpha[low])) == 1
    steps = np.diff(np.log10(found.alpha[high]))
    np.testing.assert_allclose(steps, 0.5, atol=1e-9)
    assert (found.mean > 0).all()
