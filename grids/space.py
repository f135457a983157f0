"""Spaces of hyperparameters: the product of axes, each with its ordered values. A cell is a tuple of indices."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from grids.errors import BadInput, unknown

Cell = tuple[int, ...]
"""One point of a space: its integer index on every axis, in the space's order."""

Scale = Literal["log", "linear", "label"]
"""How an axis is drawn and searched. Labels are texts in a given order; searchers see only their indices."""

NONE = "None"
"""How the empty label, which stands for no value, is shown."""

_LARGEST_WHOLE = 1e15
"""Below this size a whole number is written with all its digits."""

MOST_AXES = 30
"""Parts of numpy take at most 32 dimensions, two of which are seeds and epochs."""
MOST_CELLS = 10_000_000
"""Largest number of cells of a space that a user types: a typing error must not fill the memory."""


@dataclass(frozen=True)
class Axis:
    """One hyperparameter with its ordered values: strictly increasing numbers, or labels, each once.

    Args:
        name: the hyperparameter's name (`alpha`, `epsilon`, `beta2`, …).
        values: at least one: finite numbers, strictly increasing; or, on the scale `label`, texts in any order, of
            which the empty one stands for no value (`None`).
        scale: how the axis is drawn and searched: `log` needs positive values.

    Raises:
        BadInput: no values; values that are not finite, not increasing, given twice, or not positive on a log scale;
            labels that are not text.
    """

    name: str
    values: tuple[Any, ...]
    scale: Scale = "log"

    def __post_init__(self) -> None:
        if not self.name:
            raise BadInput("an axis needs a name")
        if not len(self.values):
            raise BadInput(f"axis '{self.name}' has no values")
        if self.scale == "label":
            object.__setattr__(self, "values", tuple(self.values))
            if not all(isinstance(value, str) for value in self.values):
                raise BadInput(f"axis '{self.name}': labels must be text")
            if len(set(self.values)) != len(self.values):
                raise BadInput(f"axis '{self.name}': a label is given twice")
            return
        object.__setattr__(self, "values", tuple(float(value) for value in self.values))
        if not all(math.isfinite(value) for value in self.values):
            raise BadInput(f"axis '{self.name}' has a value that is not finite")
        if any(after <= before for before, after in zip(self.values, self.values[1:], strict=False)):
            raise BadInput(f"axis '{self.name}': values must be strictly increasing")
        if self.scale not in ("log", "linear"):
            raise BadInput(f"axis '{self.name}': scale must be 'log', 'linear' or 'label', not '{self.scale}'")
        if self.scale == "log" and self.values[0] <= 0:
            raise BadInput(f"axis '{self.name}': a log scale needs positive values")

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, name: str, values: Sequence[float]) -> "Axis":
        """An axis over `values` in any order, on their `natural_scale`.

        Raises:
            BadInput: as `Axis`; the message names a value given twice.
        """
        ordered = tuple(sorted(float(value) for value in values))
        for value, after in itertools.pairwise(ordered):
            if value == after:
                raise BadInput(f"axis '{name}': the value {number_text(value)} is given twice")
        return cls(name, ordered, natural_scale(ordered))

    @classmethod
    def labels(cls, name: str, values: Sequence[str]) -> "Axis":
        """An axis of labels, in the order given."""
        return cls(name, tuple(values), "label")

    @property
    def labelled(self) -> bool:
        """Whether its values are labels rather than numbers."""
        return self.scale == "label"

    def text(self, index: int) -> str:
        """The value at `index` as text (`value_text`)."""
        return value_text(self.values[index])

    def indices(self, column: np.ndarray) -> np.ndarray:
        """The index on this axis of each value of `column`, −1 where there is none: int64, in the column's shape."""
        if self.labelled:
            places = {value: place for place, value in enumerate(self.values)}
            return np.array([places.get(value, -1) for value in column.tolist()], np.int64)
        values = np.array(self.values)
        found = np.searchsorted(values, column).clip(0, len(values) - 1)
        return np.where(values[found] == column, found, -1).astype(np.int64)


def natural_scale(values: Sequence[float]) -> Scale:
    """`log` or `linear`, whichever makes steps between rising values more even; of two values, log from a factor 10 on.

    >>> natural_scale([16, 32, 64]), natural_scale([1, 2, 3, 4]), natural_scale([0.1, 1.0]), natural_scale([0, 1, 10])
    ('log', 'linear', 'log', 'linear')
    """
    if len(values) < 2 or not values[0] > 0:
        return "linear"
    if len(values) == 2:
        return "log" if values[1] / values[0] >= 10 else "linear"
    return "log" if _unevenness([math.log(value) for value in values]) < _unevenness(values) else "linear"


def _unevenness(points: Sequence[float]) -> float:
    """The largest step over the smallest; infinite where there is no step at all."""
    steps = [after - before for before, after in itertools.pairwise(points)]
    return max(steps) / min(steps) if min(steps) > 0 else math.inf


def number_text(value: float) -> str:
    """The shortest text that reads back as this number.

    >>> number_text(10.0), number_text(1e-8), number_text(0.1000001)
    ('10', '1e-08', '0.1000001')
    >>> number_text(214663680.0), number_text(1e20)
    ('214663680', '1e+20')
    """
    if abs(value) < _LARGEST_WHOLE and value == int(value):
        return str(int(value))
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def value_text(value: float | str) -> str:
    """A value of an axis as text: a label itself, `None` for the empty one, a number by `number_text`."""
    return (value or NONE) if isinstance(value, str) else number_text(value)


@dataclass(frozen=True)
class Space:
    """The product of axes, in order. Cells are addressed by index tuples, or flat in C order (last axis fastest).

    >>> space = Space((Axis("alpha", (0.1, 1.0)), Axis("epsilon", (1e-8, 1e-4, 1.0))))
    >>> space.shape, space.size
    ((2, 3), 6)
    >>> space.values((1, 0))
    {'alpha': 1.0, 'epsilon': 1e-08}
    >>> space.flat((1, 0)), space.cell(3)
    (3, (1, 0))

    Raises:
        BadInput: no axes, more than `MOST_AXES`, or two of one name.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(self.axes))
        if not self.axes:
            raise BadInput("a space needs at least one axis")
        if len(self.axes) > MOST_AXES:
            raise BadInput(f"a space may have {MOST_AXES} axes, not {len(self.axes)}")
        if len(set(self.names)) != len(self.axes):
            raise BadInput(f"a space's axes need different names, not {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names, in order."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each axis, in order."""
        return tuple(len(axis) for axis in self.axes)

    @cached_property
    def size(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    def axis(self, name: str) -> Axis:
        """The axis called `name`. Raises BadInput where there is none."""
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise unknown("axis", name, self.names)

    def values(self, cell: Sequence[int]) -> dict[str, Any]:
        """The hyperparameters at `cell`, by axis name."""
        return {axis.name: axis.values[index] for axis, index in zip(self.axes, cell, strict=True)}

    def describe(self, cell: Sequence[int]) -> str:
        """A cell as text with every number in full: `alpha=0.1, epsilon=1e-08`."""
        return ", ".join(f"{name}={value_text(value)}" for name, value in self.values(cell).items())

    def flat(self, cell: Sequence[int]) -> int:
        """The flat number of `cell`, in C order."""
        return int(np.ravel_multi_index(tuple(cell), self.shape))

    def cell(self, flat: int) -> Cell:
        """The cell whose flat number is `flat`."""
        return tuple(int(index) for index in np.unravel_index(flat, self.shape))

    def __iter__(self) -> Iterator[Cell]:
        """Every cell once, in C order."""
        return iter(np.ndindex(self.shape))

    def columns(self) -> dict[str, np.ndarray]:
        """For each axis, its value at every cell in C order: arrays `[size]`, float64, or of texts for labels."""
        places = np.indices(self.shape).reshape(len(self.shape), -1)
        return {axis.name: axis_values(axis)[index] for axis, index in zip(self.axes, places, strict=True)}

    @property
    def is_pool(self) -> bool:
        """Whether this is a list of configurations without neighbours (see `grids.pool`)."""
        return False

    def to_json(self) -> list[dict[str, Any]]:
        """Each axis's name, values and scale, ready for JSON."""
        return [{"name": a.name, "values": list(a.values), "scale": a.scale} for a in self.axes]

    @classmethod
    def from_json(cls, axes: Sequence[Mapping[str, Any]]) -> "Space":
        """The space that `to_json` wrote; an axis without a scale gets its `natural_scale`, or `label`."""
        return cls(tuple(axis_from_json(axis) for axis in axes))


def axis_values(axis: Axis) -> np.ndarray:
    """An axis's values `[len(axis)]`: float64, or of Python texts for labels."""
    return np.array(axis.values, object if axis.labelled else np.float64)


def axis_from_json(axis: Mapping[str, Any]) -> Axis:
    """One axis of what `Space.to_json` wrote; see `Space.from_json`."""
    values = tuple(axis["values"])
    words = any(isinstance(value, str) for value in values)
    return Axis(axis["name"], values, axis.get("scale") or ("label" if words else natural_scale(values)))


def _decades(low: int, high: int, steps: tuple[float, ...]) -> tuple[float, ...]:
    """step·10^k for every k from `low` to `high`, parsed from decimal text so that 2e-8 is exactly the float 2e-8."""
    return tuple(float(f"{step}e{k}") for k in range(low, high + 1) for step in steps)


PRESETS: dict[str, Space] = {}
"""Spaces by name, in the order in which they were registered."""
PRESET_SUMMARIES: dict[str, str] = {}
"""A one-line description of each preset."""
_VARIANTS: dict[tuple[str, str], Space] = {}


def register_space(name: str, summary: str, space: Space, **variants: Space) -> Space:
    """Register `space` under a name that `--space` accepts, and return it.

    Args:
        name, summary, space: the preset.
        variants: by optimizer, a space that replaces it for that optimizer.

    Raises:
        ValueError: the name is taken.
    """
    if name in PRESETS:
        raise ValueError(f"two spaces are called '{name}'")
    PRESETS[name], PRESET_SUMMARIES[name] = space, summary
    _VARIANTS.update({(name, optimizer): variant for optimizer, variant in variants.items()})
    return space


def preset_for(name: str, optimizer: str) -> Space:
    """The preset called `name`, or its variant for an optimizer.

    >>> preset_for("paper-ptb", "adam").axis("epsilon").values[0]
    1e-08
    >>> preset_for("paper-ptb", "adabelief").axis("epsilon").values[0]
    1e-16
    """
    return _VARIANTS.get((name, optimizer), PRESETS[name])


# Section 5.1 of the AvaGrad paper: alpha from 5e-7 to 5000 and epsilon from 1e-8 to 100.
register_space(
    "paper-cifar",
    "21 x 21, the AvaGrad paper's for vision",
    Space((Axis("alpha", _decades(-7, 3, (5, 10))[:-1]), Axis("epsilon", _decades(-8, 2, (1, 2))[:-1]))),
)
# Section 5.2, character-level language modelling; for AdaBelief ε is "smaller by a factor of 1e-8".
_LANGUAGE = Axis("alpha", _decades(-4, 1, (2, 10))[:-1])
register_space(
    "paper-ptb",
    "its 11 x 21 for language",
    Space((_LANGUAGE, Axis("epsilon", _decades(-8, 2, (1, 5))[:-1]))),
    adabelief=Space((_LANGUAGE, Axis("epsilon", _decades(-16, -6, (1, 5))[:-1]))),
)
# Section 5.3.
register_space(
    "paper-gan",
    "its 9 x 3 for GANs",
    Space((Axis("alpha", _decades(-5, -1, (1, 2))[:-1]), Axis("epsilon", (1e-8, 1e-6, 1e-4)))),
    sgd=Space((Axis("alpha", _decades(-6, 0, (1, 2))[:-1]),)),
)
# The corners and the middle of the paper's grid.
register_space(
    "tiny",
    "3 x 3, for a first look",
    Space((Axis("alpha", (1e-3, 1e-1, 10.0)), Axis("epsilon", (1e-8, 1e-4, 1.0)))),
)


def parse_space(text: str) -> Space:
    """The space named by `text`: a preset's name, or `axis=v1,v2,…` for each axis, separated by commas.

    A value list may also be a range `low..high:n` of n log-spaced values.

    >>> parse_space("alpha=0.1,1,epsilon=1e-8,1e-4,1").shape
    (2, 3)
    >>> parse_space("alpha=1e-3..1:4").axes[0].values
    (0.001, 0.01, 0.1, 1.0)

    Raises:
        BadInput: an unknown preset, an axis that cannot be read, or more than `MOST_CELLS` cells.
    """
    if "=" not in text:
        if text not in PRESETS:
            raise unknown("space", text, PRESETS)
        return PRESETS[text]
    axes = []
    for part in re.split(r",(?=\s*[A-Za-z_][\w.]*\s*=)", text):
        name, _, values = part.partition("=")
        axes.append(Axis.of(name.strip(), _parse_values(name.strip(), values)))
    space = Space(tuple(axes))
    if space.size > MOST_CELLS:
        raise BadInput(f"a space may have {MOST_CELLS:,} cells, not {space.size:,}")
    return space


def _parse_values(name: str, text: str) -> tuple[float, ...]:
    span = re.fullmatch(r"\s*([^.,\s][^,\s]*?)\.\.([^:,\s]+):(\d+)\s*", text)
    try:
        if span:
            low, high, count = float(span[1]), float(span[2]), int(span[3])
            if not 0 < low < high or count < 2:
                raise BadInput(f"axis '{name}': a range needs 0 < low < high and 2 values or more, not '{text}'")
            if count > MOST_CELLS:
                raise BadInput(f"axis '{name}': a space may have {MOST_CELLS:,} cells, not {count:,}")
            # Rounded to 12 digits, so that a decade is the decimal 0.01 and not its neighbour.
            return tuple(float(f"{value:.12g}") for value in np.geomspace(low, high, count))
        return tuple(float(value) for value in re.split(r"[,\s:;]+", text.strip().strip("[]()")) if value)
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"axis '{name}': cannot read the values '{text}' (numbers separated by commas)") from error
