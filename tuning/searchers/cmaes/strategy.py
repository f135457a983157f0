"""The state of a strategy and its update by a generation's values: pycma's `tell`, compiled.

Names and equations are those of Hansen's tutorial (arXiv:1604.00772). Standard deviations are σ · scaling · √diag(C):
pycma keeps the axes' own scales (its option `CMA_stds`) apart from C, and steps in C's coordinates are divided by them.
"""

import math
from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled
from tuning.searchers.cmaes.bounds import LOW, from_bounds
from tuning.searchers.cmaes.constants import Constants

MAX_STD_SHARE = 1.0 / 3.0
"""The largest standard deviation, as a share of an axis's length (pycma's `maxstd_boundrange`)."""


class State(NamedTuple):
    """Arrays of one strategy; the step size σ and the generation's number are passed separately.

    Args:
        mean, previous_mean: float64 `[axes]`, the distribution's mean and that of the generation before.
        scaling: float64 `[axes]`.
        covariance: float64 `[axes, axes]`, C.
        basis: float64 `[axes, axes]`, B: eigenvectors of C as columns, when it was last decomposed.
        lengths: float64 `[axes]`, D: roots of the eigenvalues, ascending.
        step_path, path: float64 `[axes]`, p_σ and p_c.
        points: float64 `[size, axes]`, the generation, before it is mapped into the bounds.
        order: int64 `[size]`, its points by value.
        vectors: float64 `[size + 1, axes]`, work space.
        spare: float64 `[2, axes]`, work space.
    """

    mean: np.ndarray
    previous_mean: np.ndarray
    scaling: np.ndarray
    covariance: np.ndarray
    basis: np.ndarray
    lengths: np.ndarray
    step_path: np.ndarray
    path: np.ndarray
    points: np.ndarray
    order: np.ndarray
    vectors: np.ndarray
    spare: np.ndarray


@compiled
def new_state(axes: int, size: int) -> State:
    """An uninitialised state."""
    return State(
        np.empty(axes),
        np.empty(axes),
        np.empty(axes),
        np.empty((axes, axes)),
        np.empty((axes, axes)),
        np.empty(axes),
        np.empty(axes),
        np.empty(axes),
        np.empty((size, axes)),
        np.empty(size, np.int64),
        np.empty((size + 1, axes)),
        np.empty((2, axes)),
    )


@compiled
def begin(state: State, ranges: np.ndarray, sigma: float) -> None:
    """Initialise the state around `state.mean`, moved into the bounds; `ranges`, float64 `[axes]`: axis lengths."""
    axes = len(ranges)
    state.covariance[:] = 0.0
    state.basis[:] = 0.0
    state.step_path[:] = 0.0
    state.path[:] = 0.0
    for axis in range(axes):
        state.mean[axis] = from_bounds(state.mean[axis], ranges[axis])
        state.scaling[axis] = ranges[axis]
        # pycma keeps eigenvalues from being equal.
        state.covariance[axis, axis] = math.exp(1e-4 / axes * axis)
        state.basis[axis, axis] = 1.0
        state.lengths[axis] = math.sqrt(state.covariance[axis, axis])
    limit(state, ranges, sigma, 0)


@compiled
def decompose(state: State) -> bool:
    """C = B D² Bᵀ; False where C is not positive definite."""
    covariance, axes = state.covariance, len(state.mean)
    total = 0.0
    for row in range(axes):
        for column in range(row + 1):
            covariance[row, column] = (covariance[row, column] + covariance[column, row]) / 2.0
            covariance[column, row] = covariance[row, column]
            total += covariance[row, column]
    if not math.isfinite(total):
        return False
    values, vectors = np.linalg.eigh(covariance)
    for axis in range(axes):
        if not values[axis] > 0.0:
            return False
        state.lengths[axis] = math.sqrt(values[axis])
        for row in range(axes):
            state.basis[row, axis] = vectors[row, axis]
    return True


@compiled
def whiten(state: State, x: np.ndarray, found: np.ndarray) -> None:
    """C^−½ x, into `found`: standard normal if x is a sample of N(0, C)."""
    axes = len(x)
    found[:] = 0.0
    for axis in range(axes):
        along = 0.0
        for row in range(axes):
            along += state.basis[row, axis] * x[row]
        along /= state.lengths[axis]
        for row in range(axes):
            found[row] += state.basis[row, axis] * along


@compiled
def update(constants: Constants, state: State, ranges: np.ndarray, sigma: float, generation: int) -> float:
    """Update the state by its points, ranked by `state.order`; returns the new step size."""
    c, axes = constants, constants.axes
    for axis in range(axes):
        state.previous_mean[axis] = state.mean[axis]
        total = 0.0
        for rank in range(c.parents):
            total += c.weights[rank] * state.points[state.order[rank], axis]
        state.mean[axis] = total
    h_sigma = _paths(c, state, sigma, generation)
    _adapt(c, state, sigma, h_sigma)
    length = math.sqrt((state.step_path**2).sum())
    change = (length / c.norm - 1.0) * (c.step_rate / c.damping)  # (44)
    sigma *= math.exp(min(max(change, -1.0), 1.0))
    limit(state, ranges, sigma, generation)
    return sigma


@compiled
def _paths(constants: Constants, state: State, sigma: float, generation: int) -> bool:
    """Update both evolution paths; returns h_σ, whether the mean's step is added to the path of C."""
    c, (shift, white) = constants, (state.spare[0], state.spare[1])
    for axis in range(c.axes):
        shift[axis] = (state.mean[axis] - state.previous_mean[axis]) / state.scaling[axis]
    whiten(state, shift, white)
    squared = 0.0
    for axis in range(c.axes):
        state.step_path[axis] *= 1.0 - c.step_rate  # (43)
        state.step_path[axis] += (
            math.sqrt(c.step_rate * (2.0 - c.step_rate)) * white[axis] * (math.sqrt(c.effective) / sigma)
        )
        squared += state.step_path[axis] ** 2
    squared /= 1.0 - (1.0 - c.step_rate) ** (2 * generation)
    h_sigma = squared / c.axes - 1.0 < 1.0 + 4.0 / (c.axes + 1)
    factor = math.sqrt(c.path_rate * (2.0 - c.path_rate) * c.effective) / sigma
    for axis in range(c.axes):
        state.path[axis] *= 1.0 - c.path_rate  # (45)
        if h_sigma:
            state.path[axis] += factor * (state.mean[axis] - state.previous_mean[axis]) / state.scaling[axis]
    return h_sigma


@compiled
def _adapt(constants: Constants, state: State, sigma: float, h_sigma: bool) -> None:
    """Update C by the evolution path (rank one) and the weighted points (rank μ), equations (46) and (47)."""
    c, vectors, white = constants, state.vectors, state.spare[0]
    rank_one = c.rank_one
    if not h_sigma:
        rank_one *= 1.0 - c.path_rate * (2.0 - c.path_rate)
    for axis in range(c.axes):
        vectors[0, axis] = math.sqrt(c.rank_one / (rank_one + 1e-23)) * state.path[axis]
        for rank in range(c.size):
            vectors[1 + rank, axis] = (state.points[state.order[rank], axis] - state.previous_mean[axis]) / (
                sigma * state.scaling[axis]
            )
    keep = 1.0 - rank_one
    for rank in range(c.size):
        keep -= c.rank_parents * c.weights[rank]
    state.covariance[:] *= keep
    for number in range(c.size + 1):
        weight = rank_one if number == 0 else c.rank_parents * c.weights[number - 1]
        if weight < 0.0:
            # Scaled so that C stays positive definite for any distance of the point.
            whiten(state, vectors[number], white)
            weight *= c.axes / (math.sqrt((white**2).sum()) + 1e-9) ** 2
        for row in range(c.axes):
            for column in range(c.axes):
                state.covariance[row, column] += weight * vectors[number, row] * vectors[number, column]


@compiled
def limit(state: State, ranges: np.ndarray, sigma: float, generation: int) -> None:
    """Scale axes down whose standard deviation is larger than a third of their length (`_stds_into_limits`)."""
    slack = math.exp(1e-4) if generation <= 2 else 1.0
    for axis in range(len(ranges)):
        deviation = sigma * (state.scaling[axis] * math.sqrt(state.covariance[axis, axis]))
        most = ranges[axis] * MAX_STD_SHARE
        if deviation > most * slack:
            state.scaling[axis] = state.scaling[axis] * most / deviation


@compiled
def start_at(state: State, axis: int, uniform: float, length: float) -> None:
    """Set the mean's coordinate on an axis to a share `uniform` of its length; call it before `begin`."""
    state.mean[axis] = uniform * length + LOW
