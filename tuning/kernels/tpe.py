"""TPE compiled: trial for trial what `tuning.searchers.tpe.TPE` does, from the same random numbers.

What makes it fast: kernels stand on cells, so a density needs no normal distribution, only looked-up masses; it is
evaluated at the candidates alone, each different one once; and of the rest's kernels all but a few are as narrow as
allowed on every axis. These are gathered in one histogram over cells, of which a candidate sees a small window. Those
few are the oldest and the youngest observation of each index, whose neighbour is another index.

A kernel is its offsets into `tpe_tables.Tables`, one for each axis, and its factor: its weight divided by its mass
within the borders. Trials told are held in two sets, `good` and `rest`, by age.
"""

import numpy as np

from tuning.kernels.compiling import compiled, compiled_sum
from tuning.kernels.pcg import pick, uniform
from tuning.searchers.tpe import TIE

NARROW = -1
"""In place of a row: as narrow as allowed."""


@compiled
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
    rows = np.empty((axes, trials), np.int64)
    rows[:] = NARROW
    longest = 0
    for length in shape:
        longest = max(longest, length)
    good_oldest = np.empty((axes, longest), np.int64)
    good_youngest = np.empty((axes, longest), np.int64)
    rest_oldest = np.empty((axes, longest), np.int64)
    rest_youngest = np.empty((axes, longest), np.int64)
    histogram = np.zeros(cells)
    box = np.empty((2, axes, candidates), np.int64)
    seen = np.empty(cells, np.int64)
    spots = np.empty((axes, candidates), np.int64)
    flats = np.empty(candidates, np.int64)
    counts = np.empty(axes, np.int64)
    distinct = np.empty((axes, candidates), np.int64)
    which = np.empty((axes, candidates), np.int64)
    lines = np.empty((axes, candidates, trials + 1))
    product = np.empty(trials + 1)
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
                    _find_edges(good, good_index, good_oldest, good_youngest)
                    _find_edges(rest, rest_index, rest_oldest, rest_youngest)
                    _widen(shape, good, good_index, good_oldest, good_youngest, rows)
                    _place_prior(good, shape, before, start, good_offset, good_factor)
                    for i in range(good):
                        _place(i, 1.0, i, shape, good, good_index, rows, before, start, good_offset, good_factor)
                different = _draw(state, shape, good, good_offset, before, trial, seen, spots, flats)
                _sort_out(spots, different, counts, distinct, which)
                _sum_kernels(
                    good + 1,
                    good_offset,
                    good_factor,
                    different,
                    counts,
                    distinct,
                    which,
                    mass,
                    lines,
                    product,
                    good_density,
                )

                _widen(shape, rest, rest_index, rest_oldest, rest_youngest, rows)
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
                _sum_kernels(
                    kernels,
                    rest_offset,
                    rest_factor,
                    different,
                    counts,
                    distinct,
                    which,
                    mass,
                    lines,
                    product,
                    rest_density,
                )
                if gathered:
                    _add_histogram(
                        histogram,
                        shape,
                        rest,
                        different,
                        counts,
                        distinct,
                        which,
                        mass,
                        before,
                        reach,
                        start,
                        lines,
                        box,
                        rest_density,
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
                for axis in range(axes):
                    here = rest_index[axis, rest]
                    if rest_youngest[axis, here] < 0:
                        rest_oldest[axis, here] = rest
                    rest_youngest[axis, here] = rest
                rest += 1


@compiled
def _unflatten(shape: np.ndarray, flat: int, column: int, index: np.ndarray) -> None:
    """Write a cell's index on every axis into a column of `index`, int64 `[axes, columns]`."""
    for axis in range(len(shape) - 1, -1, -1):
        index[axis, column] = flat % shape[axis]
        flat //= shape[axis]


@compiled
def _flatten(shape: np.ndarray, count: int, index: np.ndarray, flat: np.ndarray) -> None:
    """The flat numbers of the first cells of `index`, int64 `[axes, columns]`."""
    for i in range(count):
        number = 0
        for axis in range(len(shape)):
            number = number * shape[axis] + index[axis, i]
        flat[i] = number


@compiled
def _pick_out(wanted: bool, is_good: np.ndarray, index: np.ndarray, found: np.ndarray) -> None:
    """Copy the columns of `index` where `is_good` is as wanted, keeping their order."""
    count = 0
    for trial in range(len(is_good)):
        if is_good[trial] == wanted:
            for axis in range(len(index)):
                found[axis, count] = index[axis, trial]
            count += 1


@compiled
def _find_edges(count: int, index: np.ndarray, oldest: np.ndarray, youngest: np.ndarray) -> None:
    """The oldest and the youngest observation of each index, int64 `[axes, longest]`; the latter −1 where none is."""
    youngest[:] = -1
    for axis in range(len(index)):
        for i in range(count):
            youngest[axis, index[axis, i]] = i
        for i in range(count - 1, -1, -1):
            oldest[axis, index[axis, i]] = i


@compiled
def _widen(
    shape: np.ndarray, count: int, index: np.ndarray, oldest: np.ndarray, youngest: np.ndarray, rows: np.ndarray
) -> None:
    """Write the rows of those kernels of a set that are wider than the narrowest; all are `NARROW` before.

    Observations of one index stand side by side by age, with no gap between them. So only the oldest and the youngest
    have a neighbour at a distance: the oldest on its left, the youngest on its right.
    """
    for axis in range(len(shape)):
        length = shape[axis]
        if count == 1:
            rows[axis, 0] = length + 98 + index[axis, 0]
            continue
        narrow = length / min(100, count + 2)
        previous = -1
        for here in range(length):
            if youngest[axis, here] < 0:
                continue
            gap = here - previous
            if previous >= 0 and gap > narrow:
                left = youngest[axis, previous]
                rows[axis, left] = max(rows[axis, left], gap)
                rows[axis, oldest[axis, here]] = gap
            previous = here


@compiled
def _is_wide(i: int, axes: int, rows: np.ndarray) -> bool:
    """Whether a kernel is wider than the narrowest on any axis."""
    wide = False
    for axis in range(axes):
        wide |= rows[axis, i] != NARROW
    return wide


@compiled
def _narrowest(length: int, count: int) -> int:
    """The row of the narrowest kernels of so many observations."""
    return length + min(100, count + 2) - 3


@compiled
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


@compiled
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


@compiled
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
            first, size = np.uint64(offset[axis, kernel]), np.uint64(shape[axis])
            target = before[first] + uniform(state) * (before[first + size] - before[first])
            # Bisection without branches; unsigned places spare the check for negative ones.
            place = first
            while size > np.uint64(1):
                half = size >> np.uint64(1)
                place = place + half if before[place + half] <= target else place
                size -= half
            spot = np.int64(place - first)
            spots[axis, different] = spot
            flat = flat * shape[axis] + spot
        flats[different] = flat
        different += seen[flat] != trial
        seen[flat] = trial
    return different


@compiled
def _sort_out(spots: np.ndarray, different: int, counts: np.ndarray, distinct: np.ndarray, which: np.ndarray) -> None:
    """Find the distinct indices of the candidates on each axis.

    Args:
        spots: int64 `[axes, candidates]`, indices.
        different: how many candidates there are.
        counts: int64 `[axes]`, filled with how many indices are distinct.
        distinct: int64 `[axes, candidates]`, filled with these.
        which: int64 `[axes, candidates]`, filled with the place of each candidate's index among them.
    """
    for axis in range(len(spots)):
        count = 0
        for i in range(different):
            place = 0
            while place < count and distinct[axis, place] != spots[axis, i]:
                place += 1
            if place == count:
                distinct[axis, count] = spots[axis, i]
                count += 1
            which[axis, i] = place
        counts[axis] = count


@compiled_sum
def _sum_kernels(
    kernels: int,
    offset: np.ndarray,
    factor: np.ndarray,
    different: int,
    counts: np.ndarray,
    distinct: np.ndarray,
    which: np.ndarray,
    mass: np.ndarray,
    lines: np.ndarray,
    product: np.ndarray,
    density: np.ndarray,
) -> None:
    """The sum of kernels at each candidate, into `density`.

    Args:
        kernels: how many.
        offset, factor: of the kernels; see the module.
        different: how many candidates there are.
        counts, distinct, which: their distinct indices, from `_sort_out`.
        mass: of the `Tables`.
        lines: float64 `[axes, candidates, kernels or more]`, to work in.
        product: float64 `[kernels or more]`, to work in.
        density: float64 `[candidates]`.
    """
    axes = len(offset)
    for axis in range(axes):
        for i in range(counts[axis]):
            spot = distinct[axis, i]
            for kernel in range(kernels):
                lines[axis, i, kernel] = mass[np.uint64(offset[axis, kernel] + spot)]
    for i in range(different):
        line = which[0, i]
        for kernel in range(kernels):
            product[kernel] = factor[kernel] * lines[0, line, kernel]
        for axis in range(1, axes):
            line = which[axis, i]
            for kernel in range(kernels):
                product[kernel] *= lines[axis, line, kernel]
        total = 0.0
        for kernel in range(kernels):
            total += product[kernel]
        density[i] = total


@compiled
def _weight(rank: int, count: int) -> float:
    """The weight of an observation by age, oldest first: see `tuning.searchers.parzen.age_weights`."""
    ramp = count - 25
    if rank >= ramp:
        return 1.0
    return 1.0 / count + rank * ((1.0 - 1.0 / count) / max(ramp - 1, 1))


@compiled
def _is_gathered(shape: np.ndarray, count: int, reach: np.ndarray, start: np.ndarray) -> bool:
    """Whether the narrowest kernels reach fewer cells than they are: then a histogram is worth its while."""
    window = 1
    for axis in range(len(shape)):
        row = _narrowest(shape[axis], count)
        window *= min(shape[axis], 2 * reach[start[axis] + row * 2 * shape[axis]] + 1)
    return count > 1 and window < count


@compiled
def _gather(count: int, flat: np.ndarray, histogram: np.ndarray) -> None:
    """Add the weights of a set to the histogram of cells."""
    ramp = max(count - 25, 0)
    first = 1.0 / count
    step = (1.0 - first) / max(ramp - 1, 1)
    for rank in range(ramp):
        histogram[flat[rank]] += first + rank * step
    for rank in range(ramp, count):
        histogram[flat[rank]] += 1.0


@compiled
def _add_histogram(
    histogram: np.ndarray,
    shape: np.ndarray,
    count: int,
    different: int,
    counts: np.ndarray,
    distinct: np.ndarray,
    which: np.ndarray,
    mass: np.ndarray,
    before: np.ndarray,
    reach: np.ndarray,
    start: np.ndarray,
    lines: np.ndarray,
    box: np.ndarray,
    density: np.ndarray,
) -> None:
    """Add the narrowest kernels of a set of `count`, gathered in `histogram`, to the density at each candidate.

    Args as of `_sum_kernels`; `box`, int64 `[2, axes, candidates]`, and `lines` are to work in.
    """
    axes, last = len(shape), len(shape) - 1
    first, width = box
    for axis in range(axes):
        length = shape[axis]
        row = start[axis] + _narrowest(length, count) * 2 * length
        for i in range(counts[axis]):
            spot = distinct[axis, i]
            first[axis, i] = max(spot - reach[row], 0)
            width[axis, i] = min(spot + reach[row], length - 1) - first[axis, i] + 1
            for step in range(width[axis, i]):
                place = row + length - 1 - first[axis, i] - step
                lines[axis, i, step] = mass[place + spot] / (before[place + length] - before[place])
    at = np.empty(axes, np.int64)
    for i in range(different):
        at[:] = 0
        inner = which[last, i]
        while True:
            product, start_of_line = 1.0, 0
            for axis in range(last):
                line = which[axis, i]
                product *= lines[axis, line, at[axis]]
                start_of_line = (start_of_line + first[axis, line] + at[axis]) * shape[axis + 1]
            start_of_line += first[last, inner]
            total = 0.0
            for step in range(width[last, inner]):
                total += histogram[np.uint64(start_of_line + step)] * lines[last, inner, step]
            density[i] += product * total
            axis = last - 1
            while axis >= 0 and at[axis] == width[axis, which[axis, i]] - 1:
                at[axis] = 0
                axis -= 1
            if axis < 0:
                break
            at[axis] += 1
