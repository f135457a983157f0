"""Surfaces without the noise of their seeds, drawn from what the seeds support.

The lowest of hundreds of means over few seeds is lower than any cell deserves, so that few other cells seem to be near
it, and trials to a target are overstated: by 1.3 to 2.8 times with three seeds. A cell's value is therefore taken for
a Gaussian process over the grid (neighbours are alike) plus the noise of the seeds, and tables are drawn from the
posterior distribution: their spread is what the seeds leave open, and statistics of them have an interval over seeds.

The process has a Matérn 3/2 covariance, one length for each axis, and a part of its variance that neighbours do not
share (Rasmussen and Williams 2006, chapters 2 and 5); lengths and variances are drawn by their likelihood. The noise
is estimated from the residuals of value = cell + seed + residual: a variance for each level of values, and a
correlation of neighbours along each axis, since neighbouring cells of one seed start and see data alike.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from grids.errors import BadInput
from grids.space import Space
from grids.surface import Surface

WIDTH = 6.0
"""Cells this many standard deviations of one seed above the lowest mean keep their means: they cannot be the lowest."""
FEWEST, MOST = 12, 400
"""The least and the largest number of cells that are drawn."""
LENGTHS = (1.0, 2.0, 4.0, 10.0)
"""Lengths of the process, in steps of an axis."""
OWN = (0.0, 0.05, 0.2)
"""Shares of its variance that neighbours do not share."""
AMPLITUDES = (0.3, 1.0, 3.0)
"""Its variance, in units of that of the means less that of the noise."""
_RUNNING = 31
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class SeedNoise:
    """The noise of one seed's values around the cells' true values, in the good cells and those near them.

    Args:
        shift: what each seed does to all good cells alike: float64 `[seeds]`, of mean 0.
        deviation: of the residual of the median good cell.
        cells: bool `[*shape]`, the cells that are drawn.
        covariance: of one seed's residuals in these cells: float64 `[cells, cells]`.
    """

    shift: np.ndarray
    deviation: float
    cells: np.ndarray
    covariance: np.ndarray


def seed_noise(surface: Surface, floor: float = 0.0) -> SeedNoise:
    """The noise between a surface's seeds.

    Args:
        surface: with two seeds or more.
        floor: cells up to this far above the lowest mean are among those that are drawn, however small the noise.

    Raises:
        BadInput: one seed.
    """
    values, mean, seeds = surface.finite, surface.mean, len(surface.seeds)
    if seeds < 2:
        raise BadInput(f"{surface.name}: has one seed, whose noise is not known; two seeds or more are needed")
    good = mean <= np.quantile(mean, 0.1)
    shift = (values - mean[..., None])[good].mean(axis=0)
    residuals = values - mean[..., None] - shift
    variance = (residuals**2).sum(axis=-1) / (seeds - 1)
    deviation = float(np.sqrt(np.median(variance[good])))
    ordered = np.sort(mean, axis=None)
    least, most = (ordered[min(count, mean.size) - 1] for count in (FEWEST, MOST))
    cells = mean <= min(max(mean.min() + max(WIDTH * deviation, floor), least), most)
    local = _by_level(mean[cells], variance[cells])
    scaled = np.zeros_like(residuals)
    scaled[cells] = residuals[cells] / np.sqrt(np.maximum(local, np.finfo(float).tiny))[:, None]
    correlation = np.ones((len(local), len(local)))
    for axis, distance in enumerate(_distances(surface.space, cells)):
        correlation *= np.maximum(_neighbours(scaled, cells, axis), _TINY) ** distance
    return SeedNoise(shift, deviation, cells, correlation * np.sqrt(np.outer(local, local)))


def draws(surface: Surface, count: int, rng: np.random.Generator, floor: float = 0.0) -> np.ndarray:
    """Tables drawn from the posterior distribution of the surface's true values: float64 `[count, *shape]`.

    Args:
        surface: with two seeds or more.
        count: how many.
        rng: draws them.
        floor: as `seed_noise`; four times the target of a cost is enough.

    Raises:
        BadInput: one seed.
    """
    noise = seed_noise(surface, floor)
    found = np.repeat(surface.mean[None], count, axis=0)
    error = noise.covariance / len(surface.seeds)
    if not noise.covariance.any():
        return found
    means, distances = surface.mean[noise.cells], _distances(surface.space, noise.cells)
    size = max(float(means.var() - np.trace(error) / len(means)), 0.1 * float(means.var()), np.finfo(float).tiny)
    models = [_Process(size * amplitude, lengths, own) for lengths, own, amplitude in _grid(len(distances))]
    fits = [model.fit(means, error, distances) for model in models]
    likelihoods = np.array([fit[0] for fit in fits])
    shares = np.exp(likelihoods - likelihoods.max())
    drawn = [
        model.draw(means, error, distances, centre, many, rng)
        for model, (_, centre), many in zip(models, fits, rng.multinomial(count, shares / shares.sum()), strict=True)
        if many
    ]
    found[:, noise.cells] = rng.permutation(np.concatenate(drawn))
    return found


def shifts(surface: Surface, seed: int, count: int) -> np.ndarray:
    """What seeds leave open of a surface's level as a whole: float64 `[count]`, of mean 0.

    Student's t of seeds − 1 degrees of freedom times the standard error of the seeds' shift. Each seed's number has its
    own random stream, so that surfaces trained with the same seeds move together.
    """
    shift = seed_noise(surface).shift
    many = len(shift)
    own = np.array([np.random.default_rng([seed, abs(int(number))]).standard_normal(count) for number in surface.seeds])
    scale = np.random.default_rng([seed, many]).chisquare(many - 1, count)
    return np.asarray(shift @ own / np.sqrt(many * scale))


@dataclass(frozen=True)
class _Process:
    variance: float
    lengths: tuple[float, ...]
    own: float

    def covariance(self, distances: list[np.ndarray]) -> np.ndarray:
        shared = np.ones_like(distances[0])
        for distance, length in zip(distances, self.lengths, strict=True):
            scaled = np.sqrt(3.0) / length * distance
            shared *= (1.0 + scaled) * np.exp(-scaled)
        return np.asarray(self.variance * ((1.0 - self.own) * shared + self.own * np.eye(len(shared))))

    def fit(self, means: np.ndarray, error: np.ndarray, distances: list[np.ndarray]) -> tuple[float, float]:
        """The log likelihood of the means, and the process's centre, by generalized least squares."""
        factor = linalg.cho_factor(self.covariance(distances) + error, lower=True, check_finite=False)
        solved = linalg.cho_solve(factor, np.stack([means, np.ones_like(means)], axis=1), check_finite=False)
        centre = float(solved[:, 0].sum() / solved[:, 1].sum())
        square = float((means - centre) @ (solved[:, 0] - centre * solved[:, 1]))
        return -0.5 * square - float(np.log(np.diag(factor[0])).sum()), centre

    def draw(
        self,
        means: np.ndarray,
        error: np.ndarray,
        distances: list[np.ndarray],
        centre: float,
        count: int,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws given the means: float64 `[count, cells]`, by Matheron's rule."""
        covariance = self.covariance(distances)
        factor = linalg.cho_factor(covariance + error, lower=True, check_finite=False)
        process, noise = (_root(one) @ rng.standard_normal((len(means), count)) for one in (covariance, error))
        away = (means - centre)[:, None] - process - noise
        return np.asarray((centre + process + covariance @ linalg.cho_solve(factor, away, check_finite=False)).T)


def _root(covariance: np.ndarray) -> np.ndarray:
    jitter = _TINY * float(np.diag(covariance).max()) * np.eye(len(covariance))
    return np.asarray(linalg.cholesky(covariance + jitter, lower=True, check_finite=False))


def _grid(axes: int) -> "itertools.product[tuple[tuple[float, ...], float, float]]":
    """Lengths, shares and amplitudes that are tried; of more than two axes all have the same length."""
    lengths = list(itertools.product(LENGTHS, repeat=axes)) if axes <= 2 else [(one,) * axes for one in LENGTHS]
    return itertools.product(lengths, OWN, AMPLITUDES)


def _distances(space: Space, cells: np.ndarray) -> list[np.ndarray]:
    """The distance of each two of the cells along each axis: in steps, of labels 1; of a pool 1 throughout."""
    places = np.argwhere(cells)
    apart = [np.abs(np.subtract.outer(column, column)).astype(float) for column in places.T]
    if space.is_pool:
        return [np.minimum(one, 1.0) for one in apart]
    return [np.minimum(one, 1.0) if axis.labelled else one for one, axis in zip(apart, space.axes, strict=True)]


def _by_level(level: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """`variance` `[cells]`, averaged over the cells next to each one in the order of `level`."""
    order = np.argsort(level, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(variance[order])])
    places = np.arange(len(order))
    low = np.maximum(places - _RUNNING // 2, 0)
    high = np.minimum(places + _RUNNING // 2 + 1, len(order))
    found = np.empty(len(order))
    found[order] = (sums[high] - sums[low]) / (high - low)
    return found


def _neighbours(scaled: np.ndarray, cells: np.ndarray, axis: int) -> float:
    """The correlation of residuals of neighbours along an axis, both among the cells; from 0 to 0.95."""
    one, other = (np.delete(scaled, end, axis=axis) for end in (-1, 0))
    both = np.delete(cells, -1, axis=axis) & np.delete(cells, 0, axis=axis)
    first, second = one[both], other[both]
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float(np.clip((first * second).sum() / size, 0.0, 0.95)) if size else 0.0
