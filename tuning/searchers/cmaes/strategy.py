"""The state of CMA-ES, and its update by the values of a generation.

Names and equations are those of Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, with active CMA-ES
as pycma 4 does it. Standard deviations are σ · scaling · √diag(C): as in pycma the axes' own scales (its option
`CMA_stds`) are apart from C, and steps in C's coordinates are divided by them.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled, compiled_part
from tuning.kernels.draws import normal, uniform
from tuning.searchers.cmaes.bounds import LOW, from_bounds
from tuning.searchers.cmaes.constants import Constants

MAX_STD_SHARE = 1.0 / 3.0
"""The largest standard deviation, as a share of an axis's length (pycma's `maxstd_boundrange`)."""

PROGRESS = np.dtype(
    [
        ("sigma", "f8"),
        ("generation", "i8"),  # told since the start
        ("asked", "i8"),  # points of this generation
        ("told", "i8"),
        ("over", "i8"),  # whether the next generation is the first one of a new start
        ("moved", "i8"),  # the generation in which the mean last moved
        ("flat", "i8"),  # the number of latest generations whose better three quarters were equal
        ("lowest", "f8"),  # the lowest value since the start
        ("found", "i8"),  # the number of the evaluation that had it
    ]
)


class State(NamedTuple):
    """One strategy.

    Args:
        now: one record of type `PROGRESS`.
        mean, previous: float64 `[axes]`, the distribution's mean and that of the generation before.
        anchor: float64 `[axes]`, the mean when it last moved.
        scaling: float64 `[axes]`.
        covariance: float64 `[axes, axes]`, C.
        rotated: float64 `[axes, axes]`, work space.
        basis: float64 `[axes, axes]`, B: eigenvectors of C as columns.
        lengths: float64 `[axes]`, D: roots of the eigenvalues.
        step_path, path: float64 `[axes]`, p_σ and p_c.
        points: float64 `[size, axes]`, the generation, before it is mapped into the bounds.
        values: float64 `[size]`, of these points; ascending once all are told.
        order: int64 `[size]`, the points by value, the first drawn first among equals.
        best: float64 `[memory]`, the best values of the latest generations, a ring buffer.
        long: float64 `[2, generations / 5]`, the best value and the median of every fifth generation.
        work: float64 `[2, axes]`, work space.
    """

    now: np.ndarray
    mean: np.ndarray
    previous: np.ndarray
    anchor: np.ndarray
    scaling: np.ndarray
    covariance: np.ndarray
    rotated: np.ndarray
    basis: np.ndarray
    lengths: np.ndarray
    step_path: np.ndarray
    path: np.ndarray
    points: np.ndarray
    values: np.ndarray
    order: np.ndarray
    best: np.ndarray
    long: np.ndarray
    work: np.ndarray


@compiled_part
def start(state: State, ranges: np.ndarray, sigma: float, rng: Any) -> None:
    """Start at a uniform point; `ranges`, float64 `[axes]`: the lengths of the axes."""
    now, axes = state.now[0], len(ranges)
    now["sigma"], now["generation"], now["over"] = sigma, 0, 0
    now["moved"], now["flat"], now["lowest"], now["found"] = 0, 0, math.inf, 0
    for axis in range(axes):
        state.mean[axis] = from_bounds(uniform(rng) * ranges[axis] + LOW, ranges[axis])
        state.anchor[axis], state.scaling[axis] = state.mean[axis], ranges[axis]
        state.step_path[axis], state.path[axis] = 0.0, 0.0
        for other in range(axes):
            state.covariance[axis, other] = 1.0 if axis == other else 0.0
    limit(state, ranges)


@compiled
def decompose(state: State) -> bool:
    """C = B D² Bᵀ, by Jacobi's rotations; False where C is not positive definite."""
    axes, a, basis = len(state.mean), state.rotated, state.basis
    for row in range(axes):
        for column in range(axes):
            a[row, column] = (state.covariance[row, column] + state.covariance[column, row]) / 2.0
            basis[row, column] = 1.0 if row == column else 0.0
    for _ in range(50):
        outside, inside = 0.0, 0.0
        for row in range(axes):
            inside += a[row, row] ** 2
            for column in range(row):
                outside += a[row, column] ** 2
        if outside <= 1e-32 * inside:
            break
        for p in range(axes):
            for q in range(p + 1, axes):
                if abs(a[p, q]) > 1e-17 * math.sqrt(abs(a[p, p] * a[q, q])):
                    _rotate(a, basis, p, q)
    for axis in range(axes):
        if not a[axis, axis] > 0.0:
            return False
        state.lengths[axis] = math.sqrt(a[axis, axis])
    return True


@compiled_part
def _rotate(a: np.ndarray, basis: np.ndarray, p: int, q: int) -> None:
    """Rotate the plane of two axes so that a[p, q] becomes 0."""
    theta = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
    tangent = 1.0 / (abs(theta) + math.hypot(theta, 1.0))
    if theta < 0.0:
        tangent = -tangent
    cosine = 1.0 / math.sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for k in range(len(a)):
        one, two = a[k, p], a[k, q]
        a[k, p], a[k, q] = cosine * one - sine * two, sine * one + cosine * two
    for k in range(len(a)):
        one, two = a[p, k], a[q, k]
        a[p, k], a[q, k] = cosine * one - sine * two, sine * one + cosine * two
        one, two = basis[k, p], basis[k, q]
        basis[k, p], basis[k, q] = cosine * one - sine * two, sine * one + cosine * two


@compiled
def draw_generation(state: State, rng: Any) -> None:
    """Draw a generation's points: m + σ · scaling · B D z."""
    z, sigma = state.work[0], state.now[0]["sigma"]
    axes = len(state.mean)
    for place in range(len(state.points)):
        for axis in range(axes):
            z[axis] = state.lengths[axis] * normal(rng)
        for row in range(axes):
            along = 0.0
            for axis in range(axes):
                along += state.basis[row, axis] * z[axis]
            state.points[place, row] = state.mean[row] + sigma * (state.scaling[row] * along)


@compiled
def whiten(state: State, x: np.ndarray, white: np.ndarray) -> float:
    """C^−½ x, into `white`: standard normal if x is a sample of N(0, C). Returns its squared length."""
    squared = 0.0
    for axis in range(len(white)):
        white[axis] = 0.0
    for axis in range(len(white)):
        along = 0.0
        for row in range(len(white)):
            along += state.basis[row, axis] * x[row]
        along /= state.lengths[axis]
        squared += along * along
        for row in range(len(white)):
            white[row] += state.basis[row, axis] * along
    return squared


@compiled
def update(c: Constants, state: State, ranges: np.ndarray) -> None:
    """Update the state by its points, ranked by `state.order`."""
    now = state.now[0]
    now["generation"] += 1
    for axis in range(c.axes):
        state.previous[axis] = state.mean[axis]
        total = 0.0
        for rank in range(c.parents):
            total += c.weights[rank] * state.points[state.order[rank], axis]
        state.mean[axis] = total
    h_sigma = _paths(c, state)
    _adapt(c, state, h_sigma)
    length = 0.0
    for axis in range(c.axes):
        length += state.step_path[axis] ** 2
    change = (math.sqrt(length) / c.norm - 1.0) * (c.step_rate / c.damping)  # (44)
    now["sigma"] *= math.exp(min(max(change, -1.0), 1.0))
    limit(state, ranges)


@compiled_part
def _paths(c: Constants, state: State) -> bool:
    """Update both evolution paths; returns h_σ, whether the mean's step is added to the path of C."""
    now, shift, white = state.now[0], state.work[0], state.work[1]
    for axis in range(c.axes):
        shift[axis] = (state.mean[axis] - state.previous[axis]) / state.scaling[axis] / now["sigma"]
    whiten(state, shift, white)
    squared = 0.0
    for axis in range(c.axes):
        along = math.sqrt(c.step_rate * (2.0 - c.step_rate) * c.effective) * white[axis]
        state.step_path[axis] = (1.0 - c.step_rate) * state.step_path[axis] + along  # (43)
        squared += state.step_path[axis] ** 2
    squared /= 1.0 - (1.0 - c.step_rate) ** (2.0 * now["generation"])
    h_sigma = squared / c.axes - 1.0 < 1.0 + 4.0 / (c.axes + 1)
    factor = math.sqrt(c.path_rate * (2.0 - c.path_rate) * c.effective) if h_sigma else 0.0
    for axis in range(c.axes):
        state.path[axis] = (1.0 - c.path_rate) * state.path[axis] + factor * shift[axis]  # (45)
    return h_sigma


@compiled_part
def _adapt(c: Constants, state: State, h_sigma: bool) -> None:
    """Update C by the evolution path (rank one) and the weighted points (rank μ), equations (46) and (47)."""
    step, white, sigma = state.work[0], state.work[1], state.now[0]["sigma"]
    # Where the path was held back, C loses less of its old value.
    held_back = 0.0 if h_sigma else c.rank_one * c.path_rate * (2.0 - c.path_rate)
    keep = 1.0 - c.rank_one + held_back
    for rank in range(c.size):
        keep -= c.rank_parents * c.weights[rank]
    for number in range(-1, c.size):
        weight = c.rank_one
        for axis in range(c.axes):
            step[axis] = state.path[axis]
        if number >= 0:
            weight = c.rank_parents * c.weights[number]
            for axis in range(c.axes):
                point = state.points[state.order[number], axis]
                step[axis] = (point - state.previous[axis]) / (sigma * state.scaling[axis])
            if weight < 0.0:
                # Scaled so that C stays positive definite for any distance of the point.
                weight *= c.axes / (math.sqrt(whiten(state, step, white)) + 1e-9) ** 2
        for row in range(c.axes):
            for column in range(c.axes):
                old = state.covariance[row, column] * (keep if number < 0 else 1.0)
                state.covariance[row, column] = old + weight * step[row] * step[column]


@compiled_part
def deviation(state: State, axis: int) -> float:
    """The standard deviation along an axis."""
    return state.now[0]["sigma"] * state.scaling[axis] * math.sqrt(state.covariance[axis, axis])


@compiled_part
def limit(state: State, ranges: np.ndarray) -> None:
    """Scale axes down whose standard deviation is larger than a third of their length (`_stds_into_limits`)."""
    for axis in range(len(ranges)):
        most = ranges[axis] * MAX_STD_SHARE
        if deviation(state, axis) > most:
            state.scaling[axis] *= most / deviation(state, axis)
