"""The candidates of TPE, and the density of kernels at each of them.

It is fast for three reasons. Kernels have their centers on cells, so a density needs no normal distribution, only
masses from a table. The density is evaluated only at the candidates, once for each distinct one. And nearly all kernels
of the rest have the smallest allowed width on every axis: their weights are added up in one histogram over cells, of
which each candidate needs a small window. The other kernels are those of the oldest and the youngest observation of
each index, which have a neighbour at another index.
"""

from typing import Any

import numpy as np

from tuning.kernels.compiling import compiled, compiled_part, compiled_sum, two_forms
from tuning.kernels.draws import pick, uniform
from tuning.searchers.tpe.kernels import GOOD, REST, State, Tables, narrowest


@compiled_part
def draw(tables: Tables, state: State, rng: Any) -> int:
    """Draw candidates from the density of the good trials; returns the number of distinct ones.

    Each takes 1 + axes uniform numbers: the kernel, of which the prior is the last, then the index on each axis.
    """
    shape, before, offset, drawn = tables.shape, tables.masses.before, state.offset, state.drawn
    target, kernels, count, axes = state.numbers, state.counts[GOOD] + 1, tables.candidates, len(tables.shape)
    for i in range(count):
        chosen = pick(rng, kernels) + 1
        drawn[0, i] = 0 if chosen == kernels else chosen
        for axis in range(axes):
            start = offset[GOOD, axis, drawn[0, i]]
            drawn[1 + axis, i] = start
            target[axis, i] = before[start] + uniform(rng) * (before[start + shape[axis]] - before[start])
    for axis in range(axes):
        # Bisection of all candidates together: the inner loop has no branches, so that it is vectorised.
        spot, size = drawn[1 + axis], shape[axis]
        while size > 1:
            half = size >> 1
            for i in range(count):
                middle = spot[i] + half
                spot[i] = middle if before[np.uint64(middle)] <= target[axis, i] else spot[i]
            size -= half
        for i in range(count):
            spot[i] -= offset[GOOD, axis, drawn[0, i]]
    different, trial = 0, state.counts[3]
    for i in range(count):
        cell = 0
        for axis in range(axes):
            cell = cell * shape[axis] + drawn[1 + axis, i]
        if state.seen[cell] != trial:
            state.seen[cell] = trial
            drawn[0, different] = cell
            for axis in range(1, axes + 1):
                drawn[axis, different] = drawn[axis, i]
            different += 1
    return different


@compiled_sum
def _sum_kernels(
    kernels: int,
    offset: np.ndarray,
    factor: np.ndarray,
    mass: np.ndarray,
    count: int,
    drawn: np.ndarray,
    product: np.ndarray,
    density: np.ndarray,
) -> None:
    """The compiled form of `sum_kernels`."""
    for i in range(count):
        for axis in range(len(offset)):
            index = drawn[1 + axis, i]
            for kernel in range(kernels):
                there = mass[np.uint64(offset[axis, kernel] + index)]
                product[kernel] = there * (factor[kernel] if axis == 0 else product[kernel])
        total = 0.0
        for kernel in range(kernels):
            total += product[kernel]
        density[i] = total


def _sum_kernels_by_numpy(
    kernels: int,
    offset: np.ndarray,
    factor: np.ndarray,
    mass: np.ndarray,
    count: int,
    drawn: np.ndarray,
    product: np.ndarray,
    density: np.ndarray,
) -> None:
    """The sum of kernels at each of `count` candidates, into `density`.

    Args:
        kernels: their number.
        offset: int64 `[axes, kernels or more]`.
        factor: float64 `[kernels or more]`.
        mass: of the tables.
        drawn: int64 `[1 + axes, candidates]`, the indices of the candidates after their flat numbers.
        product: float64 `[kernels or more]`, work space.
        density: float64 `[candidates]`.
    """
    places = offset[:, :kernels, None] + drawn[1:, None, :count]
    density[:count] = factor[:kernels] @ mass[places].prod(axis=0)


sum_kernels = two_forms(_sum_kernels, _sum_kernels_by_numpy)


@compiled
def add_histogram(tables: Tables, state: State, different: int, density: np.ndarray) -> None:
    """Add the narrowest kernels of the rest, gathered in the histogram, to the density at each candidate."""
    shape, (mass, _, scale, reach, start), lines = tables.shape, tables.masses, state.numbers
    axes, last, trials = len(shape), len(shape) - 1, state.counts[REST]
    at = state.wide
    for i in range(different):
        cells = 1
        for axis in range(axes):
            length, index = shape[axis], state.drawn[1 + axis, i]
            row = start[axis] + narrowest(length, trials) * 2 * length
            first = max(index - reach[row], 0)
            width = min(index + reach[row], length - 1) - first + 1
            for step in range(width):
                segment = row + length - 1 - first - step
                lines[3 + axis, step] = mass[segment + index] * scale[segment]
            at[3 * axis], at[3 * axis + 1], at[3 * axis + 2] = first, width, 0
            cells *= width
        width = at[3 * last + 1]
        for _ in range(cells // width):
            # Add one line of the window along the last axis; then go to the next line, as an odometer does.
            product, flat = 1.0, 0
            for axis in range(last):
                product *= lines[3 + axis, at[3 * axis + 2]]
                flat = (flat + at[3 * axis] + at[3 * axis + 2]) * shape[axis + 1]
            flat += at[3 * last]
            total = 0.0
            for step in range(width):
                total += state.histogram[np.uint64(flat + step)] * lines[3 + last, step]
            density[i] += product * total
            for axis in range(last - 1, -1, -1):
                at[3 * axis + 2] += 1
                if at[3 * axis + 2] < at[3 * axis + 1]:
                    break
                at[3 * axis + 2] = 0
    for place in range(trials):
        state.histogram[state.cells[state.member[REST, place]]] = 0.0
