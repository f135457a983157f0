"""TPE on a grid, written to be read: the reference of `tuning.searchers.tpe`.

The Parzen estimator is a mixture of discretised normal distributions, one for each observed cell.

The formulae are those of Optuna 5.0 (`optuna/samplers/_tpe/parzen_estimator.py` and `probability_distributions.py`)
for integer parameters 0 … n−1 at Optuna's defaults, after Bergstra et al., "Making a Science of Model Search", 2013.
An axis of n indices is the interval from −1/2 to n−1/2, and an index is the unit interval around it.
"""

import functools
import math

import numpy as np

from grids.space import Cell, Space

TIE = 1e-9

SMALLEST_SHARE = 100
"""The smallest kernel width is the length of the axis divided by this, or by the number of observations + 2 if less."""


def age_weights(count: int) -> np.ndarray:
    """Weights `[count]` of observations, oldest first: 1 for the newest 25, linear from 1/count to 1 for older ones."""
    if count < 25:
        return np.ones(count)
    return np.concatenate([np.linspace(1.0 / count, 1.0, num=count - 25), np.ones(25)])


def by_index_then_age(centers: np.ndarray) -> np.ndarray:
    """The order of the observations along one axis: by index, the older first among equals.

    Optuna uses NumPy's default sort, whose order of equals differs between processors.
    """
    return np.argsort(centers, kind="stable")


def widths(centers: np.ndarray, length: int) -> np.ndarray:
    """Standard deviations `[count]` of the kernels on one axis, in index steps.

    The distance to the farther of the two neighbours along the axis; the first and the last have one neighbour only,
    and a single observation takes the distance to the farther border. At least `length / min(100, count + 2)`.

    Args:
        centers: int `[count]`, the observed indices.
        length: the length of the axis.
    """
    count = len(centers)
    order = by_index_then_age(centers)
    places = np.concatenate([[-0.5], centers[order], [length - 0.5]])
    gaps = np.diff(places)
    if count >= 2:
        gaps[0] = gaps[-1] = 0.0
    found = np.empty(count)
    found[order] = np.maximum(gaps[:-1], gaps[1:])
    return np.maximum(found, length / min(SMALLEST_SHARE, count + 2))


def kernel_masses(centers: np.ndarray, widths: np.ndarray, length: int) -> np.ndarray:
    """Probability `[count, length]` of each index under normal distributions cut off at the axis's borders.

    Args:
        centers: int `[count]`, indices.
        widths: float64 `[count]`, standard deviations; on a grid only few of them differ.
        length: the length of the axis.
    """
    listed = widths.tolist()
    row = {width: number for number, width in enumerate(dict.fromkeys(listed))}
    around = np.array([_around(width, length) for width in row]).reshape(-1, 2 * length - 1)
    rows = np.array([row[width] for width in listed], np.int64)
    masses = around[rows[:, None], (length - 1 - centers)[:, None] + np.arange(length)]
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


@functools.lru_cache(maxsize=64)
def prior_masses(length: int) -> np.ndarray:
    """Probability `[1, length]` of each index under the prior: centered, with the length as standard deviation."""
    masses = np.array([_masses(np.abs(np.arange(length) - 0.5 * (length - 1)), float(length))])
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


@functools.lru_cache(maxsize=4096)
def _around(width: float, length: int) -> np.ndarray:
    """Masses at the distances −(length − 1) … length − 1 from the center, borders not cut off."""
    right = _masses(np.arange(length), width)
    return np.array([*right[:0:-1], *right])


def _masses(distances: np.ndarray, width: float) -> list[float]:
    """The mass of the unit interval at each distance from the center of a normal distribution, borders not cut off."""
    scale = math.sqrt(2.0) * width
    # Distances are not negative: `erfc` keeps its precision in this tail.
    return [0.5 * (math.erfc((d - 0.5) / scale) - math.erfc((d + 0.5) / scale)) for d in distances.tolist()]


@functools.lru_cache(maxsize=4096)
def _weights(count: int) -> np.ndarray:
    """Weights `[count + 1]` of `count` kernels and the prior, summing to 1."""
    weights = np.append(age_weights(count), 1.0)
    return np.asarray(weights / weights.sum())


class Parzen:
    """The density of a set of cells: a mixture of one kernel for each, a product over axes, and one wide prior kernel.

    The prior has its mean at the middle of every axis, the axis's length as standard deviation, and weight 1.

    Args:
        cells: int `[count, axes]`, the observed cells, oldest first; there may be none.
        shape: the space's.
    """

    def __init__(self, cells: np.ndarray, shape: tuple[int, ...]) -> None:
        self.weights = _weights(len(cells))
        """`[count + 1]`, summing to 1; the last is the prior's."""
        self.masses = [
            np.concatenate(
                [kernel_masses(cells[:, axis], widths(cells[:, axis], length), length), prior_masses(length)]
            )
            for axis, length in enumerate(shape)
        ]
        """For each axis, `[count + 1, length]`: the probability of each index under each kernel."""

    @functools.cached_property
    def _sums(self) -> list[np.ndarray]:
        return [np.cumsum(masses, axis=1) for masses in self.masses]

    def density(self, cells: np.ndarray) -> np.ndarray:
        """Probability `[m]` of each of `cells`, int `[m, axes]`."""
        product = np.ones((len(self.weights), len(cells)))
        for axis, masses in enumerate(self.masses):
            product *= masses[:, cells[:, axis]]
        return np.asarray(self.weights @ product)

    def draw(self, uniforms: np.ndarray) -> np.ndarray:
        """Independent cells, int `[m, axes]`, from `uniforms`, float64 `[m, 1 + axes]`: the kernel, then each axis."""
        kernel = _invert(np.cumsum(self.weights)[None, :], uniforms[:, 0])
        axes = [_invert(sums[kernel], uniforms[:, 1 + axis]) for axis, sums in enumerate(self._sums)]
        return np.stack(axes, axis=1)


def _invert(cumulative: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """The first position `[m]` at which rows of `cumulative` exceed `uniform` of their total."""
    return np.asarray((cumulative > uniform[:, None] * cumulative[:, -1:]).argmax(axis=1))


def good_count(told: int) -> int:
    """The number of good trials among those told: ⌈n/10⌉, at most 25 (in Optuna's own float arithmetic: 70 give 8)."""
    return min(math.ceil(0.1 * told), 25)


class ReadableTPE:
    """Bergstra et al. 2011, as in Optuna 5.0 with its defaults, every axis an integer parameter 0 … n−1.

    The first trials are uniform cells. Then the told trials are split into the `good_count` of lowest value (the older
    ones among equals) and the rest. Both sets get a `Parzen` density, joint over all axes. Candidates are drawn
    from the good one; the trial is the candidate where good ÷ rest is largest, the first drawn among equals. Only
    the indices on an axis are used, not its values or scale. A cell may be proposed again.

    Each of the first trials takes one `rng.random()`; each later one takes `n_ei_candidates` times 1 + axes.

    Args:
        n_startup_trials: the number of uniform trials before the densities are used.
        n_ei_candidates: the number of candidates drawn for each trial.
    """

    parallel = True

    def __init__(
        self, space: Space, rng: np.random.Generator, *, n_startup_trials: int = 10, n_ei_candidates: int = 24
    ) -> None:
        self.space = space
        self.rng = rng
        self.n_startup_trials = n_startup_trials
        self.n_ei_candidates = n_ei_candidates
        self._cells: list[Cell] = []
        self._values: list[float] = []
        self._good: tuple[np.ndarray, Parzen] | None = None  # the good trials and their density, kept until they change

    def ask(self) -> Cell:
        if len(self._values) < self.n_startup_trials:
            return self.space.cell(int(self.rng.random() * self.space.size))
        good, rest = self.densities()
        candidates = good.draw(self.rng.random((self.n_ei_candidates, 1 + len(self.space.shape))))
        ratio = (good.density(candidates) / rest.density(candidates)).tolist()
        best = 0
        for place in range(1, len(ratio)):
            if ratio[place] > ratio[best] * (1.0 + TIE):
                best = place
        return tuple(int(index) for index in candidates[best])

    def tell(self, cell: Cell, value: float) -> None:
        self._cells.append(cell)
        self._values.append(value)

    def densities(self) -> tuple[Parzen, Parzen]:
        """The densities of the good trials and of the rest, among all trials told so far."""
        cells = np.array(self._cells, dtype=np.int64).reshape(-1, len(self.space.shape))
        is_good = np.zeros(len(cells), dtype=bool)
        is_good[np.argsort(self._values, kind="stable")[: good_count(len(cells))]] = True
        good = np.flatnonzero(is_good)
        if self._good is None or not np.array_equal(good, self._good[0]):
            self._good = good, Parzen(cells[good], self.space.shape)
        return self._good[1], Parzen(cells[~is_good], self.space.shape)
