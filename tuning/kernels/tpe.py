"""TPE compiled: trial for trial what `tuning.searchers.tpe.TPE` does, from the same random numbers.

What makes it fast: kernels stand on cells, so a density needs no normal distribution, only looked-up masses; it is
evaluated at the candidates alone, each different one once; and of the rest's kernels all but a few are as narrow as
allowed on every axis. These are gathered in one histogram over cells, of which a candidate sees a small window. Those
few are the oldest and the youngest observation of each index, whose neighbour is another index.

A kernel is its offsets into `tpe_tables.Tables`, one for each axis, and its factor: its weight divided by its mass
within the borders. Trials told are held in two sets, `good` and `rest`, by age.
"""

import numpy as np
from numba import njit

from tuning.kernels.pcg import pick, uniform
from tuning.searchers.tpe import TIE

NARROW = -1
"""In place of a row: as narrow as allowed."""


@njit(cache=True, nogil=True)
def play(
    states: np.ndarray,
    shape: np.ndarray,
    told: np.ndarray,
    columns: np.ndarray,
    stop: float,
    startup: int,
    candidates: int,
    good_counts: np.ndarray,
    mass: np.ndarray,
    before: np.ndarray,
    reach: np.ndarray,
    start: np.ndarray,
    matrix: np.ndarray,
) -> None:
    """Play replays, one for each row.

    Args:
        states: uint64 `[replays, 4]`, each replay's stream.
        shape: int64 `[axes]`.
        told: float64 `[cells, columns]`.
        columns: int32 `[replays, trials]`, the column told at each trial.
        stop: a told value at or below it ends a replay.
        startup: uniform trials at first.
        candidates: drawn for each later trial.
        good_counts: int64 `[trials]`, how many of so many told are good.
        mass, before, reach, start: the `Tables` of this shape.
        matrix: int32 `[replays, trials]`, filled with flat cell numbers up to each replay's end.
    """
    cells, axes, trials = len(told), len(shape), matrix.shape[1]
    value_of = np.empty(trials)
    index_of = np.empty((axes, trials), np.int64)
    order = np.empty(trials, np.int64)
    is_good = np.empty(trials, np.bool_)
    good_index = np.empty((axes, trials), np.int64)
    good_offset = np.empty((axes, trials + 1), np.int64)
    good_factor = np.empty(trials + 1)
    rest_flat = np.empty(trials, np.int64)
    rest_index = np.empty((axes, trials), np.int64)
    rest_offset = np.empty((axes, trials + 1), np.int64)
    rest_factor = np.empty(trials + 1)
    rows = np.full((axes, trials), NARROW)
    edges = np.empty((2, np.max(shape)), np.int64)
    histogram = np.zeros(cells)
    box = np.empty((3, axes), np.int64)
    seen = np.empty(cells, np.int64)
    spots = np.empty((axes, candidates), np.int64)
    flats = np.empty(candidates, np.int64)
    product = np.empty(candidates)
    good_density = np.empty(candidates)
    rest_density = np.empty(candidates)
    for replay in range(len(matrix)):
        state = states[replay]
        seen[:] = -1
        good, rest, stale = 0, 0, True
        for trial in range(trials):
            if trial < startup:
                flat = pick(state, cells)
            else:
                if stale or good != good_counts[trial]:
                    good, stale = good_counts[trial], False
                    rest = trial - good
                    is_good[:trial] = False
                    for place in range(good):
                        is_good[order[place]] = True
                    _pick_out(True, is_good[:trial], index_of, good_index)
                    _pick_out(False, is_good[:trial], index_of, rest_index)
                    _flatten(shape, rest, rest_index, rest_flat)
                    _widen(shape, good, good_index, edges, rows)
                    _place_prior(good, shape, before, start, good_offset, good_factor)
                    for i in range(good):
                        _place(i, 1.0, i, shape, good, good_index, rows, before, start, good_offset, good_factor)
                different = _draw(state, shape, good, good_offset, before, trial, seen, spots, flats)
                _add_kernels(good + 1, good_offset, good_factor, different, spots, mass, product, good_density)

                _widen(shape, rest, rest_index, edges, rows)
                _place_prior(0, shape, before, start, rest_offset, rest_factor)
                kernels, gathered = 1, _is_gathered(shape, rest, reach, start)
                if gathered:
                    _gather(rest, rest_flat, histogram)
                for i in range(rest):
                    if gathered:
                        if not _is_wide(i, axes, rows):
                            continue
                        histogram[rest_flat[i]] -= _weight(i, rest)
                    _place(
                        kernels,
                        _weight(i, rest),
                        i,
                        shape,
                        rest,
                        rest_index,
                        rows,
                        before,
                        start,
                        rest_offset,
                        rest_factor,
                    )
                    kernels += 1
                _add_kernels(kernels, rest_offset, rest_factor, different, spots, mass, product, rest_density)
                if gathered:
                    for i in range(different):
                        rest_density[i] += _sum_histogram(
                            i, spots, shape, rest, histogram, mass, before, reach, start, box
                        )
                    for i in range(rest):
                        histogram[rest_flat[i]] = 0.0
                best = 0
                for i in range(1, different):
                    if good_density[i] * rest_density[best] > good_density[best] * rest_density[i] * (1.0 + TIE):
                        best = i
                flat = flats[best]
            value = told[flat, columns[replay, trial]]
            matrix[replay, trial] = flat
            if value <= stop:
                break
            value_of[trial] = value
            _unflatten(shape, flat, trial, index_of)
            place = trial
            while place > 0 and value_of[order[place - 1]] > value:
                order[place] = order[place - 1]
                place -= 1
            order[place] = trial
            if place < good:
                stale = True
            elif not stale:
                rest_flat[rest] = flat
                _unflatten(shape, flat, rest, rest_index)
                rest += 1


@njit(cache=True, nogil=True)
def _unflatten(shape: np.ndarray, flat: int, column: int, index: np.ndarray) -> None:
    """Write a cell's index on every axis into a column of `index`, int64 `[axes, columns]`."""
    for axis in range(len(shape) - 1, -1, -1):
        index[axis, column] = flat % shape[axis]
        flat //= shape[axis]


@njit(cache=True, nogil=True)
def _flatten(shape: np.ndarray, count: int, index: np.ndarray, flat: np.ndarray) -> None:
    """The flat numbers of the first cells of `index`, int64 `[axes, columns]`."""
    for i in range(count):
        number = 0
        for axis in range(len(shape)):
            number = number * shape[axis] + index[axis, i]
        flat[i] = number


@njit(cache=True, nogil=True)
def _pick_out(wanted: bool, is_good: np.ndarray, index: np.ndarray, found: np.ndarray) -> None:
    """Copy the columns of `index` where `is_good` is as wanted, keeping their order."""
    count = 0
    for trial in range(len(is_good)):
        if is_good[trial] == wanted:
            for axis in range(len(index)):
                found[axis, count] = index[axis, trial]
            count += 1


@njit(cache=True, nogil=True)
def _widen(shape: np.ndarray, count: int, index: np.ndarray, edges: np.ndarray, rows: np.ndarray) -> None:
    """Write the rows of those kernels of a set that are wider than the narrowest; all are `NARROW` before.

    Observations of one index stand side by side by age, with no gap between them. So only the oldest and the youngest
    have a neighbour at a distance: the oldest on its left, the youngest on its right.
    """
    oldest, youngest = edges
    for axis in range(len(shape)):
        length = shape[axis]
        if count == 1:
            rows[axis, 0] = length + 98 + index[axis, 0]
            continue
        narrow = length / min(100, count + 2)
        youngest[:length] = -1
        for i in range(count):
            youngest[index[axis, i]] = i
        for i in range(count - 1, -1, -1):
            oldest[index[axis, i]] = i
        previous = -1
        for here in range(length):
            if youngest[here] < 0:
                continue
            gap = here - previous
            if previous >= 0 and gap > narrow:
                rows[axis, youngest[previous]] = max(rows[axis, youngest[previous]], gap)
                rows[axis, oldest[here]] = gap
            previous = here


@njit(cache=True, nogil=True)
def _is_wide(i: int, axes: int, rows: np.ndarray) -> bool:
    """Whether a kernel is wider than the narrowest on any axis."""
    wide = False
    for axis in range(axes):
        wide |= rows[axis, i] != NARROW
    return wide


@njit(cache=True, nogil=True)
def _narrowest(length: int, count: int) -> int:
    """The row of the narrowest kernels of so many observations."""
    return length + min(100, count + 2) - 3


@njit(cache=True, nogil=True)
def _place(
    kernel: int,
    weight: float,
    i: int,
    shape: np.ndarray,
    count: int,
    index: np.ndarray,
    rows: np.ndarray,
    before: np.ndarray,
    start: np.ndarray,
    offset: np.ndarray,
    factor: np.ndarray,
) -> None:
    """Make observation `i` of a set a kernel; its rows are `NARROW` again afterwards."""
    factor[kernel] = weight
    for axis in range(len(shape)):
        length = shape[axis]
        row = rows[axis, i]
        rows[axis, i] = NARROW
        if row == NARROW:
            row = _narrowest(length, count)
        place = start[axis] + row * 2 * length + length - 1 - index[axis, i]
        offset[axis, kernel] = place
        factor[kernel] /= before[place + length] - before[place]


@njit(cache=True, nogil=True)
def _place_prior(
    kernel: int, shape: np.ndarray, before: np.ndarray, start: np.ndarray, offset: np.ndarray, factor: np.ndarray
) -> None:
    """Make the prior a kernel."""
    factor[kernel] = 1.0
    for axis in range(len(shape)):
        length = shape[axis]
        place = start[axis] + (2 * length + 98) * 2 * length
        offset[axis, kernel] = place
        factor[kernel] /= before[place + length] - before[place]


@njit(cache=True, nogil=True)
def _draw(
    state: np.ndarray,
    shape: np.ndarray,
    good: int,
    offset: np.ndarray,
    before: np.ndarray,
    trial: int,
    seen: np.ndarray,
    spots: np.ndarray,
    flats: np.ndarray,
) -> int:
    """Draw candidates from the good density; returns how many of them are different. Repeated ones are dropped.

    Args:
        trial: any number that `seen` does not hold yet.
        seen: int64 `[cells]`, the last trial that had a cell among its candidates.
        spots: int64 `[axes, candidates]`, filled with indices.
        flats: int64 `[candidates]`, filled with flat numbers.
    """
    different = 0
    for _ in range(len(flats)):
        kernel = pick(state, good + 1)
        flat = 0
        for axis in range(len(shape)):
            first = offset[axis, kernel]
            length = shape[axis]
            target = before[first] + uniform(state) * (before[first + length] - before[first])
            spot = 0
            for place in range(first + 1, first + length):
                spot += before[place] <= target
            spots[axis, different] = spot
            flat = flat * length + spot
        flats[different] = flat
        different += seen[flat] != trial
        seen[flat] = trial
    return different


@njit(cache=True, nogil=True)
def _add_kernels(
    kernels: int,
    offset: np.ndarray,
    factor: np.ndarray,
    different: int,
    spots: np.ndarray,
    mass: np.ndarray,
    product: np.ndarray,
    density: np.ndarray,
) -> None:
    """The sum of kernels at each candidate, into `density`."""
    axes = len(offset)
    density[:different] = 0.0
    for kernel in range(kernels):
        product[:different] = factor[kernel]
        for axis in range(axes):
            place = offset[axis, kernel]
            for i in range(different):
                product[i] *= mass[place + spots[axis, i]]
        for i in range(different):
            density[i] += product[i]


@njit(cache=True, nogil=True)
def _weight(rank: int, count: int) -> float:
    """The weight of an observation by age, oldest first: see `tuning.searchers.parzen.age_weights`."""
    ramp = count - 25
    if rank >= ramp:
        return 1.0
    return 1.0 / count + rank * ((1.0 - 1.0 / count) / max(ramp - 1, 1))


@njit(cache=True, nogil=True)
def _is_gathered(shape: np.ndarray, count: int, reach: np.ndarray, start: np.ndarray) -> bool:
    """Whether the narrowest kernels reach fewer cells than they are: then a histogram is worth its while."""
    window = 1
    for axis in range(len(shape)):
        row = _narrowest(shape[axis], count)
        window *= min(shape[axis], 2 * reach[start[axis] + row * 2 * shape[axis]] + 1)
    return count > 1 and window < count


@njit(cache=True, nogil=True)
def _gather(count: int, flat: np.ndarray, histogram: np.ndarray) -> None:
    """Add the weights of a set to the histogram of cells."""
    ramp = max(count - 25, 0)
    first = 1.0 / count
    step = (1.0 - first) / max(ramp - 1, 1)
    for rank in range(ramp):
        histogram[flat[rank]] += first + rank * step
    for rank in range(ramp, count):
        histogram[flat[rank]] += 1.0


@njit(cache=True, nogil=True)
def _sum_histogram(
    candidate: int,
    spots: np.ndarray,
    shape: np.ndarray,
    count: int,
    histogram: np.ndarray,
    mass: np.ndarray,
    before: np.ndarray,
    reach: np.ndarray,
    start: np.ndarray,
    box: np.ndarray,
) -> float:
    """The sum of the narrowest kernels of the cells within their reach of a candidate."""
    first, last, at = box
    inner = len(shape) - 1
    for axis in range(inner + 1):
        row = start[axis] + _narrowest(shape[axis], count) * 2 * shape[axis]
        first[axis] = max(spots[axis, candidate] - reach[row], 0)
        last[axis] = min(spots[axis, candidate] + reach[row], shape[axis] - 1)
        at[axis] = first[axis]
    total = 0.0
    while True:
        product, line = 1.0, 0
        for axis in range(inner):
            product *= _narrow_mass(axis, at[axis], spots[axis, candidate], shape, count, mass, before, start)
            line = (line + at[axis]) * shape[axis + 1]
        sum_of_line = 0.0
        for here in range(first[inner], last[inner] + 1):
            weight = histogram[line + here]
            if weight != 0.0:
                sum_of_line += weight * _narrow_mass(
                    inner, here, spots[inner, candidate], shape, count, mass, before, start
                )
        total += product * sum_of_line
        axis = inner - 1
        while axis >= 0 and at[axis] == last[axis]:
            at[axis] = first[axis]
            axis -= 1
        if axis < 0:
            return total
        at[axis] += 1


@njit(cache=True, nogil=True)
def _narrow_mass(
    axis: int,
    center: int,
    spot: int,
    shape: np.ndarray,
    count: int,
    mass: np.ndarray,
    before: np.ndarray,
    start: np.ndarray,
) -> float:
    """Probability of an index under the narrowest kernel at a center, on one axis."""
    length = shape[axis]
    place = start[axis] + _narrowest(length, count) * 2 * length + length - 1 - center
    return mass[place + spot] / (before[place + length] - before[place])
