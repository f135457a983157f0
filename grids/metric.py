"""A surface's default targets, resolution and bounds, also where its file does not give them.

The file's header gives the metric's unit, bounds, failure, targets and resolution. Files of the first version of this
program and of other programs give only a name and a unit; `_names_percent` alone decides what such a file means.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from grids.errors import BadInput
from grids.surface import Provenance, Surface
from grids.units import with_unit

SHARES = (0.05, 0.1)
"""Targets of a surface without any: shares of the distance from its lowest value to the median of the others."""
PERCENT_TARGETS = (0.5, 1.0)
"""Targets of an error in % whose file gives none, in percentage points."""


@dataclass(frozen=True)
class Targets:
    """The levels of suboptimality for which costs are reported where the user names none.

    Args:
        values: in the surface's unit, at least one.
        derived: whether they are shares of the surface's own range, since neither its file nor its unit gives any.
    """

    values: tuple[float, ...]
    derived: bool = False


def default_targets(surface: Surface, statistic: str = "mean") -> Targets:
    """The header's targets; without any, 0.5 and 1 for an error in %, and for other metrics shares of the range.

    The latter are 5 % and 10 % of the distance from the lowest value to the median of the cells above it, each rounded
    to one significant digit, over the cells that have a value of their own: no seed diverged or was filled in. Where
    all cells are equal, that distance counts as 1.

    Args:
        surface: of any task.
        statistic: how several seeds of a cell become one value.

    >>> from grids.space import Axis, Space
    >>> values = np.array([2.0, 2.4, 3.0, 5.0, 9.0])[:, None]
    >>> space = Space((Axis("alpha", (1.0, 2.0, 3.0, 4.0, 5.0)),))
    >>> default_targets(Surface(space, (0,), values, values > 9, Provenance("moons", "adam", unit="nats")))
    Targets(values=(0.1, 0.2), derived=True)
    """
    if surface.provenance.targets:
        return Targets(surface.provenance.targets)
    if _names_percent(surface.provenance):
        return Targets(PERCENT_TARGETS)
    table = surface.table(statistic)
    own = ~surface.diverged.any(axis=-1) & (surface.filled_share == 0)
    return derived_targets(table[own] if own.any() else table)


def shared_targets(own: Iterable[tuple[str, Targets]]) -> dict[str, Targets]:
    """By task, the one set of targets of its surfaces: the smallest, so that it tells the cells of each apart.

    Args:
        own: task and targets of each surface. A task is left out where the targets of one are not derived.

    >>> shared_targets([("a", Targets((0.4, 0.8), True)), ("a", Targets((0.1, 0.2), True)), ("b", Targets((1.0,)))])
    {'a': Targets(values=(0.1, 0.2), derived=True)}
    """
    by_task: dict[str, list[Targets]] = {}
    for task, targets in own:
        by_task.setdefault(task, []).append(targets)
    derived = {task: sets for task, sets in by_task.items() if all(targets.derived for targets in sets)}
    return {task: min(sets, key=lambda targets: targets.values) for task, sets in derived.items()}


def derived_targets(table: np.ndarray) -> Targets:
    """Targets that are shares of the range of `table` (finite, any shape), as `default_targets` describes."""
    above = table[table > table.min()]
    with np.errstate(over="ignore"):
        span = float(np.median(above) - table.min()) if above.size else 1.0
    span = min(span, float(np.finfo(np.float64).max))
    least = float(np.finfo(np.float64).smallest_subnormal)
    values = (max(float(f"{share * span:.0e}"), least) for share in SHARES)
    return Targets(tuple(dict.fromkeys(values)), derived=True)


def is_bounded(provenance: Provenance) -> bool:
    """Whether the metric has a largest value, so that a value is a share of the examples."""
    return provenance.bounded or _names_percent(provenance)


def resolution(provenance: Provenance) -> float | None:
    """The change of a value by one validation example, in the surface's unit; None where unknown."""
    size = validation_size(provenance)
    if provenance.resolution is None and size and _names_percent(provenance):
        return 100.0 / size
    return provenance.resolution


def validation_size(provenance: Provenance) -> int | None:
    """The number of validation examples; None where unknown."""
    size = provenance.data.get("validation")
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None


def binomial_deviation(provenance: Provenance, value: float) -> float | None:
    """The standard deviation of `value` by the binomial law of the validation examples, in the value's unit.

    With n examples and resolution r a bounded metric goes up to r·n, and p = value/(r·n) is the share of examples that
    count: r·√(n·p·(1−p)). None where the metric is not bounded, r or n not known, or the value out of range.
    """
    step, size = resolution(provenance), validation_size(provenance)
    if not (is_bounded(provenance) and step and size):
        return None
    share = value / (step * size)
    return step * math.sqrt(size * share * (1 - share)) if 0 <= share <= 1 else None


def common_unit(named: Iterable[tuple[str, str]], what: str) -> str:
    """The unit that all surfaces share, as is needed to show them on one scale.

    Args:
        named: name and unit of each surface.
        what: what needs one unit, for the error.

    Raises:
        BadInput: they have different units; the message names one surface of each.
    """
    units: dict[str, str] = {}
    for name, unit in named:
        units.setdefault(unit, name)
    if len(units) > 1:
        listed = ", ".join(f"{name} {f'in {unit}' if unit else 'without a unit'}" for unit, name in units.items())
        raise BadInput(f"{what} needs values of one unit, not {listed}; take them one by one")
    return next(iter(units), "")


def derived_words(targets: Targets, unit: str) -> str:
    """The targets that were derived, and how, in words.

    >>> derived_words(Targets((0.05, 0.1), derived=True), "nats")
    'targets 0.05 and 0.1 nats, 5 % and 10 % of the way from its lowest value to the median of the others'
    """
    values = targets.values
    shares = " and ".join(f"{100 * share:g} %" for share in SHARES[: len(values)])
    numbers = with_unit(" and ".join(f"{value:g}" for value in values), unit)
    way = "of the way from its lowest value to the median of the others"
    return f"target{'s' * (len(values) > 1)} {numbers}, {shares} {way}"


def _names_percent(provenance: Provenance) -> bool:
    """Whether this is an error in % whose file gives nothing but that unit."""
    return provenance.unit == "%" and provenance.failure is None
