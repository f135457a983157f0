"""Optuna's distributions as axes measured in steps, and uniform draws from balls in the space of these axes."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

FLOAT_STEPS = 20
"""The number of steps from low to high of a parameter without its own step: as on the AvaGrad paper's grid."""
MOST_VALUES = 100
"""A parameter with more values is treated as a float, and rounded."""
DRAWS = 4096
"""The number of points drawn at once from the box around a ball; in ten dimensions hardly one lies in the ball."""


class SampledAxis(Protocol):
    """One parameter; a place on its axis is a number of steps from its first value."""

    steps: float

    def place(self, value: Any) -> float:
        """The place of `value`."""
        ...

    def value(self, place: float) -> Any:
        """The value at `place`."""
        ...

    def draw(self, center: float, radius: float, rng: np.random.Generator, count: int) -> np.ndarray:
        """Uniform places within `radius` of `center` and within the range, `[count]`."""
        ...

    def distance(self, places: np.ndarray, center: float) -> np.ndarray:
        """Distances in steps from `center` to each of `places`, `[count]`."""
        ...

    def move(self, center: float, offset: float, rng: np.random.Generator) -> float:
        """The place nearest to `center + offset`."""
        ...


class Floats:
    """A float (a log one by its logarithm), or a parameter of many values, whose values are rounded."""

    steps: float = FLOAT_STEPS

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self._distribution = distribution
        self._whole = isinstance(distribution, IntDistribution)
        self._step = None if self._whole and distribution.log else distribution.step
        # The interval of an integer is half a step wide on either side, also at the ends of the range.
        half = 0.5 if self._whole and distribution.log else (self._step or 0.0) / 2
        low, high = distribution.low - half, distribution.high + half
        self._low, self._high = (math.log(low), math.log(high)) if distribution.log else (low, high)

    def place(self, value: Any) -> float:
        number = math.log(value) if self._distribution.log else float(value)
        return (number - self._low) / (self._high - self._low) * FLOAT_STEPS

    def value(self, place: float) -> float | int:
        low, high = self._distribution.low, self._distribution.high
        number = self._low + place / FLOAT_STEPS * (self._high - self._low)
        number = math.exp(number) if self._distribution.log else number
        if self._step is not None:
            number = low + round((number - low) / self._step) * self._step
        number = min(max(number, low), high)
        return round(number) if self._whole else float(number)

    def draw(self, center: float, radius: float, rng: np.random.Generator, count: int) -> np.ndarray:
        return rng.uniform(max(center - radius, 0.0), min(center + radius, self.steps), count)

    def distance(self, places: np.ndarray, center: float) -> np.ndarray:
        return np.abs(places - center)

    def move(self, center: float, offset: float, rng: np.random.Generator) -> float:
        return min(max(center + offset, 0.0), self.steps)


class Lattice:
    """An integer, or a float with a step."""

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self._low, self._high = distribution.low, distribution.high
        self._step = distribution.step or 1
        self._whole = isinstance(distribution, IntDistribution)
        self.steps: float = round((distribution.high - distribution.low) / self._step)

    def place(self, value: Any) -> float:
        return round((value - self._low) / self._step)

    def value(self, place: float) -> float | int:
        number = min(self._low + round(place) * self._step, self._high)
        return int(number) if self._whole else float(number)

    def draw(self, center: float, radius: float, rng: np.random.Generator, count: int) -> np.ndarray:
        reach = math.floor(radius)
        low, high = max(center - reach, 0), min(center + reach, self.steps)
        return rng.integers(int(low), int(high), count, endpoint=True).astype(float)

    def distance(self, places: np.ndarray, center: float) -> np.ndarray:
        return np.abs(places - center)

    def move(self, center: float, offset: float, rng: np.random.Generator) -> float:
        return min(max(round(center + offset), 0), self.steps)


class Choices:
    """A categorical: any two choices are one step apart."""

    steps: float = 1.0

    def __init__(self, distribution: CategoricalDistribution) -> None:
        self._distribution = distribution
        self._count = len(distribution.choices)

    def place(self, value: Any) -> float:
        return float(self._distribution.to_internal_repr(value))

    def value(self, place: float) -> Any:
        return self._distribution.to_external_repr(int(place))

    def draw(self, center: float, radius: float, rng: np.random.Generator, count: int) -> np.ndarray:
        return rng.integers(self._count, size=count).astype(float)

    def distance(self, places: np.ndarray, center: float) -> np.ndarray:
        return (places != center).astype(float)

    def move(self, center: float, offset: float, rng: np.random.Generator) -> float:
        return float(rng.integers(self._count)) if abs(offset) >= 0.5 else center


def axis_of(distribution: BaseDistribution) -> SampledAxis:
    """The axis of one of Optuna's distributions. Raises TypeError for a kind it has added since."""
    if isinstance(distribution, CategoricalDistribution):
        return Choices(distribution)
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise TypeError(f"cannot search over a {type(distribution).__name__}")
    stepped = distribution.step is not None and not distribution.log
    if stepped and Lattice(distribution).steps < MOST_VALUES:
        return Lattice(distribution)
    return Floats(distribution)


def draw_in_ball(
    axes: Sequence[SampledAxis], center: Sequence[float], radius: float, rng: np.random.Generator
) -> list[float]:
    """A uniform point of the ball around `center`, within the ranges, except `center` itself.

    By rejection sampling from the box around the ball. If none of `DRAWS` points is accepted (in many dimensions, or
    where the ball contains no other point), a uniform point of the whole ball is rounded and clipped into the ranges.
    """
    points = np.stack([axis.draw(c, radius, rng, DRAWS) for axis, c in zip(axes, center, strict=True)], axis=1)
    squared = np.sum([axis.distance(points[:, i], center[i]) ** 2 for i, axis in enumerate(axes)], axis=0)
    inside = np.nonzero((squared > 0) & (squared <= radius * radius))[0]
    if len(inside):
        return [float(place) for place in points[inside[0]]]
    direction = rng.standard_normal(len(axes))
    offset = direction / np.linalg.norm(direction) * radius * rng.random() ** (1 / len(axes))
    return [axis.move(c, float(o), rng) for axis, c, o in zip(axes, center, offset, strict=True)]
