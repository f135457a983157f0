"""The candidates of compiled TPE, and the density of kernels at each of them."""

from typing import NamedTuple

import numpy as np

from tuning.kernels.compiling import compiled_part, compiled_sum
from tuning.kernels.pcg import pick, uniform
from tuning.searchers.tpe.sets import Kernels, narrowest
from tuning.searchers.tpe.tables import Tables


class Candidates(NamedTuple):
    """The distinct cells among those drawn for one trial."""

    flat: np.ndarray
    """int64 `[candidates]`: flat numbers."""
    spot: np.ndarray
    """int64 `[axes, candidates]`: indices on every axis."""
    counts: np.ndarray
    """int64 `[axes]`: the number of distinct indices on each axis."""
    distinct: np.ndarray
    """int64 `[axes, candidates]`: the distinct indices."""
    which: np.ndarray
    """int64 `[axes, candidates]`: the place of each candidate's index in `distinct`."""
    first: np.ndarray
    """int64 `[axes, candidates]`, work space of `draw`: the offset of each draw's kernel in the tables."""
    target: np.ndarray
    """float64 `[axes, candidates]`, work space: the cumulative mass to find."""
    place: np.ndarray
    """uint64 `[candidates]`, work space: the place in the tables where it is, on one axis."""


class Work(NamedTuple):
    """Work space of the sums over kernels."""

    lines: np.ndarray
    """float64 `[axes, candidates, kernels or more]`: masses at each distinct index of an axis."""
    product: np.ndarray
    """float64 `[kernels or more]`: products over axes, for one candidate."""
    first: np.ndarray
    """int64 `[axes, candidates]`: for each distinct index, the first index within reach."""
    width: np.ndarray
    """int64 `[axes, candidates]`: for each distinct index, the number of indices within reach."""
    at: np.ndarray
    """int64 `[axes]`: the current position within the window."""


@compiled_part
def new_candidates(axes: int, number: int) -> Candidates:
    """Uninitialised arrays for `number` candidates."""
    return Candidates(
        np.empty(number, np.int64),
        np.empty((axes, number), np.int64),
        np.empty(axes, np.int64),
        np.empty((axes, number), np.int64),
        np.empty((axes, number), np.int64),
        np.empty((axes, number), np.int64),
        np.empty((axes, number)),
        np.empty(number, np.uint64),
    )


@compiled_part
def new_work(axes: int, number: int, kernels: int) -> Work:
    """Uninitialised arrays for `number` candidates and this many kernels."""
    return Work(
        np.empty((axes, number, kernels)),
        np.empty(kernels),
        np.empty((axes, number), np.int64),
        np.empty((axes, number), np.int64),
        np.empty(axes, np.int64),
    )


@compiled_part
def draw(
    state: np.ndarray,
    shape: np.ndarray,
    number: int,
    kernels: Kernels,
    tables: Tables,
    trial: int,
    seen: np.ndarray,
    candidates: Candidates,
) -> int:
    """Draw candidates from a density whose kernels all have weight 1; returns the number of distinct ones.

    Args:
        state: uint64 `[4]`, the stream, which is advanced.
        shape: int64 `[axes]`.
        number: the number of kernels.
        kernels, tables: the density.
        trial: any number that is not in `seen` yet.
        seen: int64 `[cells]`, for each cell the last trial that had it among its candidates.
        candidates: filled with the distinct cells.
    """
    before, flat, spot = tables.before, candidates.flat, candidates.spot
    first, target, place = candidates.first, candidates.target, candidates.place
    count, axes = len(flat), len(shape)
    for i in range(count):
        kernel = pick(state, number)
        for axis in range(axes):
            start = kernels.offset[axis, kernel]
            first[axis, i] = start
            target[axis, i] = before[start] + uniform(state) * (before[start + shape[axis]] - before[start])
    flat[:] = 0
    for axis in range(axes):
        for i in range(count):
            place[i] = first[axis, i]
        # Bisection of all candidates together: the inner loop has no branches, so that it is vectorised.
        size = np.uint64(shape[axis])
        while size > np.uint64(1):
            half = size >> np.uint64(1)
            for i in range(count):
                middle = place[i] + half
                place[i] = middle if before[middle] <= target[axis, i] else place[i]
            size -= half
        for i in range(count):
            spot[axis, i] = np.int64(place[i]) - first[axis, i]
            flat[i] = flat[i] * shape[axis] + spot[axis, i]
    different = 0
    for i in range(count):
        cell = flat[i]
        flat[different] = cell
        for axis in range(axes):
            spot[axis, different] = spot[axis, i]
        different += seen[cell] != trial
        seen[cell] = trial
    _find_distinct(different, candidates)
    return different


@compiled_part
def _find_distinct(different: int, candidates: Candidates) -> None:
    """Fill `counts`, `distinct` and `which` for the first `different` candidates."""
    index, counts, distinct, which = candidates.spot, candidates.counts, candidates.distinct, candidates.which
    for axis in range(len(index)):
        count = 0
        for i in range(different):
            place = 0
            while place < count and distinct[axis, place] != index[axis, i]:
                place += 1
            if place == count:
                distinct[axis, count] = index[axis, i]
                count += 1
            which[axis, i] = place
        counts[axis] = count


@compiled_sum
def sum_kernels(
    number: int,
    kernels: Kernels,
    tables: Tables,
    different: int,
    candidates: Candidates,
    work: Work,
    density: np.ndarray,
) -> None:
    """The sum of the first `number` kernels at each candidate, into `density`, float64 `[candidates]`."""
    offset, factor = kernels
    counts, distinct, which = candidates.counts, candidates.distinct, candidates.which
    mass, lines, product = tables.mass, work.lines, work.product
    axes = len(offset)
    for axis in range(axes):
        for i in range(counts[axis]):
            index = distinct[axis, i]
            for kernel in range(number):
                lines[axis, i, kernel] = mass[np.uint64(offset[axis, kernel] + index)]
    for i in range(different):
        line = which[0, i]
        for kernel in range(number):
            product[kernel] = factor[kernel] * lines[0, line, kernel]
        for axis in range(1, axes):
            line = which[axis, i]
            for kernel in range(number):
                product[kernel] *= lines[axis, line, kernel]
        total = 0.0
        for kernel in range(number):
            total += product[kernel]
        density[i] = total


@compiled_part
def age_weight(rank: int, count: int) -> float:
    """Element `rank` of `tuning.searchers.tpe.parzen.age_weights(count)`."""
    ramp = count - 25
    if rank >= ramp:
        return 1.0
    return 1.0 / count + rank * ((1.0 - 1.0 / count) / max(ramp - 1, 1))


@compiled_part
def is_gathered(shape: np.ndarray, count: int, tables: Tables) -> bool:
    """Whether a histogram is faster: the narrowest kernels of a set reach fewer cells than there are kernels."""
    window = 1
    for axis in range(len(shape)):
        row = tables.start[axis] + narrowest(shape[axis], count) * 2 * shape[axis]
        window *= min(shape[axis], 2 * tables.reach[row] + 1)
    return count > 1 and window < count


@compiled_part
def gather(count: int, flats: np.ndarray, histogram: np.ndarray) -> None:
    """Add the weights of a set of `count` trials, whose cells are `flats`, to the histogram of cells."""
    ramp = max(count - 25, 0)
    first = 1.0 / count
    step = (1.0 - first) / max(ramp - 1, 1)
    for rank in range(ramp):
        histogram[flats[rank]] += first + rank * step
    for rank in range(ramp, count):
        histogram[flats[rank]] += 1.0


@compiled_sum
def add_histogram(
    histogram: np.ndarray,
    shape: np.ndarray,
    count: int,
    tables: Tables,
    different: int,
    candidates: Candidates,
    work: Work,
    density: np.ndarray,
) -> None:
    """Add the narrowest kernels of a set of `count`, gathered in `histogram`, to the density at each candidate."""
    mass, _, scale, reach, start = tables
    counts, distinct, which = candidates.counts, candidates.distinct, candidates.which
    lines, _, first, width, at = work
    axes, last = len(shape), len(shape) - 1
    for axis in range(axes):
        length = shape[axis]
        row = start[axis] + narrowest(length, count) * 2 * length
        for i in range(counts[axis]):
            index = distinct[axis, i]
            first[axis, i] = max(index - reach[row], 0)
            width[axis, i] = min(index + reach[row], length - 1) - first[axis, i] + 1
            for step in range(width[axis, i]):
                place = row + length - 1 - first[axis, i] - step
                lines[axis, i, step] = mass[place + index] * scale[place]
    for i in range(different):
        at[:] = 0
        inner = which[last, i]
        axis = last
        while axis >= 0:
            # Add one line of the window along the last axis; then go to the next line, as an odometer does.
            product, place = 1.0, 0
            for outer in range(last):
                line = which[outer, i]
                product *= lines[outer, line, at[outer]]
                place = (place + first[outer, line] + at[outer]) * shape[outer + 1]
            place += first[last, inner]
            total = 0.0
            for step in range(width[last, inner]):
                total += histogram[np.uint64(place + step)] * lines[last, inner, step]
            density[i] += product * total
            axis = last - 1
            while axis >= 0 and at[axis] == width[axis, which[axis, i]] - 1:
                at[axis] = 0
                axis -= 1
            if axis >= 0:
                at[axis] += 1
