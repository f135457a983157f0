"""Optuna's distributions as axes counted in steps, and uniform draws from balls over them."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

FLOAT_STEPS = 20
"""Steps from low to high of what has none of its own: those of the AvaGrad paper's grid."""
MOST_VALUES = 100
"""A parameter of more values than this is treated as a float, and rounded."""
DRAWS = 4096
"""Points drawn at once from the box around a ball; in some ten dimensions hardly one of them lies inside."""


class SampledAxis(Protocol):
    """One parameter; a place on it is a number, in steps from its first value."""

    steps: float

    def place(self, value: Any) -> float:
        """Where `value` is."""
        ...

    def value(self, place: float) -> Any:
        """What is at `place`."""
        ...

    def draw(self, center: float, radius: float, rng: np.random.Generator, count: int) -> np.ndarray:
        """Uniform places within `radius` of `center` and within the range, `[count]`."""
        ...

    def distance(self, places: np.ndarray, center: float) -> np.ndarray:
        """In steps, from `center` to each of `places`."""
        ...

    def move(self, center: float, offset: float, rng: np.random.Generator) -> float:
        """The place nearest to `center + offset`."""
        ...


class Floats:
    """A float, a log one by its logarithm; or a parameter of many values, which is rounded."""

    steps: float = FLOAT_STEPS

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self._distribution = distribution
        self._whole = isinstance(distribution, IntDistribution)
        self._step = None if self._whole and distribution.log else distribution.step
        # An integer owns half a step to either side, at the ends of its range too.
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
    """A uniform point of the ball around `center`, within the ranges, `center` itself excepted.

    By rejection from the box around the ball. Where the box holds too little of it (many axes), or the ball no other
    point, a uniform point of the ball without ranges is rounded and clipped into them instead.
    """
    points = np.stack([axis.draw(c, radius, rng, DRAWS) for axis, c in zip(axes, center, strict=True)], axis=1)
    squared = np.sum([axis.distance(points[:, i], center[i]) ** 2 for i, axis in enumerate(axes)], axis=0)
    inside = np.nonzero((squared > 0) & (squared <= radius * radius))[0]
    if len(inside):
        return [float(place) for place in points[inside[0]]]
    direction = rng.standard_normal(len(axes))
    offset = direction / np.linalg.norm(direction) * radius * rng.random() ** (1 / len(axes))
    return [axis.move(c, float(o), rng) for axis, c, o in zip(axes, center, offset, strict=True)]
