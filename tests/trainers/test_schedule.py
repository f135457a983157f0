"""A schedule's factors: ends, order, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grids.errors import BadInput
from trainers.schedule import KINDS, Schedule


@given(st.sampled_from(KINDS), st.integers(1, 9), st.integers(1, 20), st.integers(0, 8))
def test_factors_never_rise_after_the_warm_up_and_stay_within_0_and_1(
    kind: str, epochs: int, steps: int, eighths: int
) -> None:
    schedule = Schedule(kind, warmup=eighths * epochs / 8)
    factors = [factor for epoch in range(epochs) for factor in schedule.factors(epoch, epochs, steps)]
    assert len(factors) == epochs * steps
    assert all(0 <= factor <= 1 for factor in factors)
    warm = eighths * epochs * steps / 8
    after = [factor for step, factor in enumerate(factors) if step >= warm]
    assert after == sorted(after, reverse=True)


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_a_falling_rate_begins_whole_and_ends_a_step_before_nothing(kind: str) -> None:
    factors = [f for epoch in range(5) for f in Schedule(kind).factors(epoch, 5, 40)]
    assert factors[0] == 1.0
    assert 0 < factors[-1] < 0.006


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"kind": "linaer"}, "unknown schedule 'linaer'; did you mean 'linear'"),
        ({"warmup": -1.0}, "warm-up takes a number of epochs of at least 0, not -1"),
        ({"warmup": float("nan")}, "not nan"),
        ({"factor": float("inf")}, "factor must be a number of at least 0"),
    ],
)
def test_what_no_schedule_can_be_is_refused(given_: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Schedule(**given_)
