"""What a surface's values mean to those who judge it, whether its file says so or not.

The file's header gives the metric's unit, bounds, failure, targets and resolution. Files of this program's first round,
and those of others, give a name and a unit alone; `_names_percent` is the one place that says what such a file means.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from grids.errors import BadInput
from grids.surface import Provenance, Surface
from grids.units import with_unit

SHARES = (0.05, 0.1)
"""Where nothing names targets: these shares of the way from a surface's lowest value to the median of the others."""
PERCENT_TARGETS = (0.5, 1.0)
"""Of an error in %, in percentage points."""


@dataclass(frozen=True)
class Targets:
    """Levels of suboptimality to count the cost of where the user names none.

    Args:
        values: in the surface's unit, at least one.
        derived: whether they are a share of the surface's own range, because nothing else says what they should be.
    """

    values: tuple[float, ...]
    derived: bool = False


def default_targets(surface: Surface, statistic: str = "mean") -> Targets:
    """The header's targets; else 0.5 and 1 for an error in % whose header is silent; else a share of the range.

    The latter are 5 % and 10 % of the way from the lowest value to the median of the cells above it, each rounded to
    one significant digit. Where all cells are equal, every target is reached at once: that way counts as 1.

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
    return derived_targets(surface.table(statistic))


def derived_targets(table: np.ndarray) -> Targets:
    """Targets from a share of the range of finite values of any shape, as `default_targets` says."""
    above = table[table > table.min()]
    with np.errstate(over="ignore"):
        span = float(np.median(above) - table.min()) if above.size else 1.0
    span = min(span, float(np.finfo(np.float64).max))
    least = float(np.finfo(np.float64).smallest_subnormal)
    values = (max(float(f"{share * span:.0e}"), least) for share in SHARES)
    return Targets(tuple(dict.fromkeys(values)), derived=True)


def is_bounded(provenance: Provenance) -> bool:
    """Whether the metric has a largest value, which a share of examples can be told from."""
    return provenance.bounded or _names_percent(provenance)


def resolution(provenance: Provenance) -> float | None:
    """What one example of the validation set is worth, in the surface's unit; None where that is not known."""
    size = validation_size(provenance)
    if provenance.resolution is None and size and _names_percent(provenance):
        return 100.0 / size
    return provenance.resolution


def validation_size(provenance: Provenance) -> int | None:
    """How many examples a value is over; None where that is not known."""
    size = provenance.data.get("validation")
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None


def binomial_deviation(provenance: Provenance, value: float) -> float | None:
    """The standard deviation of `value` by the binomial law of the validation set it is over, in its unit.

    With n examples and resolution r a bounded metric goes up to r·n, and p = value/(r·n) is the share of examples that
    count: r·√(n·p·(1−p)). None where the metric is not bounded, r or n not known, or the value out of range.
    """
    step, size = resolution(provenance), validation_size(provenance)
    if not (is_bounded(provenance) and step and size):
        return None
    share = value / (step * size)
    return step * math.sqrt(size * share * (1 - share)) if 0 <= share <= 1 else None


def common_unit(named: Iterable[tuple[str, str]], what: str) -> str:
    """The unit of all, for `what` shows them on one scale.

    Args:
        named: each one's name and unit.
        what: says in an error what needs one unit.

    Raises:
        BadInput: they have different units; one of each is named.
    """
    units: dict[str, str] = {}
    for name, unit in named:
        units.setdefault(unit, name)
    if len(units) > 1:
        listed = ", ".join(f"{name} {f'in {unit}' if unit else 'without a unit'}" for unit, name in units.items())
        raise BadInput(f"{what} needs values of one unit, not {listed}; take them one by one")
    return next(iter(units), "")


def derived_words(targets: Targets, unit: str) -> str:
    """A remark on derived targets: which they are, and what of.

    >>> derived_words(Targets((0.05, 0.1), derived=True), "nats")
    'targets 0.05 and 0.1 nats, 5 % and 10 % of the way from its lowest value to the median of the others'
    """
    values = targets.values
    shares = " and ".join(f"{100 * share:g} %" for share in SHARES[: len(values)])
    numbers = with_unit(" and ".join(f"{value:g}" for value in values), unit)
    way = "of the way from its lowest value to the median of the others"
    return f"target{'s' * (len(values) > 1)} {numbers}, {shares} {way}"


def _names_percent(provenance: Provenance) -> bool:
    """Whether this is an error in % of which its file says no more than that."""
    return provenance.unit == "%" and provenance.failure is None
