"""Known truths with the noise of shipped surfaces.

The truth is a shipped surface's mean, or a surface drawn from what its seeds support; noise is its seeds' residuals,
drawn again cell by cell or as whole fields, and their shifts.
"""

from dataclasses import replace

import numpy as np

from analysis.noiseless import draws
from grids.surface import Surface


def noise(surface: Surface, seeds: int, rng: np.random.Generator, field: bool) -> np.ndarray:
    """New seeds' values less the truth, `[*shape, seeds]`; no cell is luckier than three deviations of good cells."""
    residuals, count = surface.finite - surface.mean[..., None], len(surface.seeds)
    good = surface.mean <= np.quantile(surface.mean, 0.1)
    shift = residuals[good].mean(axis=0)
    wider = np.sqrt(count / (count - 1))
    own = (residuals - shift) * wider
    least = -3 * float(np.sqrt((own[good] ** 2).mean()))
    if field:
        drawn = own @ rng.standard_normal((count, seeds)) / np.sqrt(count)
    else:
        drawn = np.take_along_axis(own, rng.integers(count, size=(*surface.space.shape, seeds)), -1)
    return np.maximum(drawn, least) + rng.choice(shift * wider, size=seeds)


def made(surface: Surface, optimizer: str, truth: np.ndarray, seeds: int, rng: np.random.Generator) -> Surface:
    value = truth[..., None] + noise(surface, seeds, rng, bool(rng.integers(2)))
    bare = replace(surface, curve=None, train_loss=None, seconds=None, extra={}, filled=None)
    about = replace(surface.provenance, optimizer=optimizer)
    return replace(bare, seeds=tuple(range(seeds)), value=value, diverged=np.zeros(value.shape, bool), provenance=about)


def truths(surface: Surface, count: int) -> np.ndarray:
    """The mean, and draws without noise, in turns."""
    found = draws(surface, count, np.random.default_rng(5), 4 * surface.provenance.targets[0])
    found[::2] = surface.mean
    return found
