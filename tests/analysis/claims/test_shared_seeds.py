"""Surfaces with different seeds are compared on those that all have."""

from dataclasses import replace

import numpy as np
from evidence_made import as_in_the_paper, surface_of

from analysis.claims import Evidence
from analysis.claims.costs import cheaper_to_the_same_value
from analysis.claims.shared_seeds import on_shared_seeds


def test_only_shared_seeds_are_kept() -> None:
    many, few = (surface_of(np.full((21, 21), 5.0), name, seeds=seeds) for name, seeds in (("adam", 4), ("avagrad", 2)))
    late = replace(few, seeds=(3, 1))
    found = on_shared_seeds({"adam": many, "avagrad": late})
    assert found["avagrad"] is late
    assert found["adam"].seeds == (1, 3)
    np.testing.assert_array_equal(found["adam"].value, many.finite[..., [1, 3]])
    np.testing.assert_array_equal(found["adam"].diverged, many.diverged[..., [1, 3]])


def test_where_no_seed_is_shared_all_are_kept() -> None:
    one, other = (surface_of(np.full((21, 21), 5.0), name, seeds=2) for name in ("adam", "avagrad"))
    other = replace(other, seeds=(7, 8))
    assert on_shared_seeds({"adam": one, "avagrad": other}) == {"adam": one, "avagrad": other}
    assert on_shared_seeds({}) == {}


def test_costs_are_those_on_the_shared_seeds() -> None:
    """A fourth seed of one of the two changes nothing, and takes no interval away."""
    adam, avagrad = (surface_of(as_in_the_paper(name), name, jitter=0.2) for name in ("adam", "avagrad"))
    expected = cheaper_to_the_same_value(Evidence("toy", {"adam": adam, "avagrad": avagrad}))
    worse = np.concatenate([avagrad.value, avagrad.value[..., :1] + 40], axis=-1)
    longer = replace(avagrad, seeds=(0, 1, 2, 3), value=worse, diverged=np.zeros(worse.shape, bool))
    found = cheaper_to_the_same_value(Evidence("toy", {"adam": adam, "avagrad": longer}))
    assert (found.ours.value, found.ours.low, found.ours.high) == (
        expected.ours.value,
        expected.ours.low,
        expected.ours.high,
    )
    assert found.why == expected.why
