"""Surfaces with different seeds are compared on those that all have."""

from dataclasses import replace

import numpy as np

from analysis.shared_seeds import on_shared_seeds
from grids.space import PRESETS
from grids.surface import Provenance, Surface


def surface_of(value: np.ndarray, optimizer: str, seeds: int) -> Surface:
    noisy = value[..., None] + np.arange(seeds)
    about = Provenance("toy", optimizer)
    return Surface(PRESETS["paper-cifar"], tuple(range(seeds)), noisy, np.zeros(noisy.shape, bool), about)


def test_only_shared_seeds_are_kept() -> None:
    many, few = (surface_of(np.full((21, 21), 5.0), name, seeds=seeds) for name, seeds in (("adam", 4), ("avagrad", 2)))
    late = replace(few, seeds=(3, 1))
    found = on_shared_seeds({"adam": many, "avagrad": late})
    np.testing.assert_array_equal(found["avagrad"].value, late.value[..., ::-1])
    assert found["adam"].seeds == found["avagrad"].seeds == (1, 3)
    np.testing.assert_array_equal(found["adam"].value, many.finite[..., [1, 3]])
    np.testing.assert_array_equal(found["adam"].diverged, many.diverged[..., [1, 3]])


def test_where_no_seed_is_shared_all_are_kept() -> None:
    one, other = (surface_of(np.full((21, 21), 5.0), name, seeds=2) for name in ("adam", "avagrad"))
    other = replace(other, seeds=(7, 8))
    assert on_shared_seeds({"adam": one, "avagrad": other}) == {"adam": one, "avagrad": other}
    assert on_shared_seeds({}) == {}
