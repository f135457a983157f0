"""Random search against its closed forms: n/k trials with replacement, (n+1)/(k+1) without."""

import numpy as np
import pytest

from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from tuning.replay import replay

REPLAYS = 20_000


def surface_with(good: int, shape: tuple[int, ...]) -> Surface:
    """A surface on which `good` cells, scattered, share the lowest value."""
    space = Space(tuple(Axis(f"axis{i}", tuple(range(1, n + 1)), "linear") for i, n in enumerate(shape)))
    value = np.ones(space.size)
    value[np.random.default_rng(3).permutation(space.size)[:good]] = 0.0
    value = value.reshape(*shape, 1)
    return Surface(space, (0,), value, np.zeros(value.shape, bool), Provenance("toy", "scattered"))


@pytest.mark.parametrize(("good", "shape"), [(1, (7,)), (4, (6, 6)), (9, (3, 4, 3))])
@pytest.mark.parametrize("searcher", ["random", "random-unique"])
def test_mean_runtime(searcher: str, good: int, shape: tuple[int, ...]) -> None:
    surface = surface_with(good, shape)
    cells = surface.space.size
    frame = replay({"toy": surface}, [searcher], repeats=REPLAYS, max_trials=20 * cells // good + cells, seed=11)
    runtimes = frame.loc[frame["end"], "trial"].to_numpy()
    assert (frame.loc[frame["end"], "suboptimality"] == 0).all()
    expected = cells / good if searcher == "random" else (cells + 1) / (good + 1)
    assert len(runtimes) == REPLAYS
    assert abs(runtimes.mean() - expected) <= 3 * runtimes.std(ddof=1) / np.sqrt(REPLAYS)
    if searcher == "random-unique":
        assert runtimes.max() <= cells - good + 1
