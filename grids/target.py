"""Targets: levels of suboptimality, the test whether a value reaches one, and the kinds of cost counted until then."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from grids.errors import BadInput

if TYPE_CHECKING:  # the command line's help needs `Count` without the time that importing numpy takes
    import numpy as np

SLACK = 1e-9
"""Relative tolerance of targets, for the rounding of `value - lowest` (1.1 - 0.6 is slightly above 0.5)."""

ROUNDING = 1e-14
"""Relative tolerance of values: two means of a few seeds that differ by less are equal."""
RELATIVE_TARGETS = (0.5, 1.0)
"""Default targets in percent of the lowest value."""
RELATIVE_UNIT = "% of the lowest"


class Count(StrEnum):
    """The kinds of cost."""

    trials = "trials"  # every query, repeated cells too
    unique = "unique"  # distinct cells
    epochs = "epochs"  # charged by the ledger, in the unit of the surface's fidelity
    seconds = "seconds"  # elapsed, simulated: with one worker the sum
    clock = "clock"  # the same, in epochs where the surface has no seconds


def gap(value: "np.ndarray", lowest: float) -> "np.ndarray":
    """`value - lowest` in the shape of `value`: 0 where they differ only by rounding, infinite where it overflows.

    >>> import numpy as np
    >>> gap(np.array([0.2, 0.1 + 0.1 + 1e-17, 0.3]), 0.2)[:2]
    array([0., 0.])
    """
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.asarray(value - lowest)
        near = np.abs(difference) <= ROUNDING * np.maximum(np.abs(value), abs(lowest))
        near &= np.isfinite(value)
    return np.where(near, 0.0, difference)


def reached(suboptimality: "np.ndarray", target: float, value: "np.ndarray | float" = 0.0) -> "np.ndarray":
    """Test `suboptimality <= target` up to rounding: bool, in the shape of `suboptimality`; false for NaN.

    Args:
        suboptimality: value − lowest.
        target: the level.
        value: the values themselves, where known: the larger they are, the larger is the rounding of their difference.

    >>> import numpy as np
    >>> reached(np.array([0.0, 1.1 - 0.6, 0.51]), 0.5)
    array([ True,  True, False])
    """
    import numpy as np

    near = np.where(np.isfinite(value), ROUNDING * np.abs(value), 0.0)
    within: np.ndarray = suboptimality <= target * (1 + SLACK) + near
    return within


def check_targets(targets: Sequence[float]) -> tuple[float, ...]:
    """`targets` in their order, without duplicates.

    Raises:
        BadInput: one that is negative or not finite.
    """
    for target in targets:
        if not (math.isfinite(target) and target >= 0):
            raise BadInput(f"--target must be a number of at least 0, not {target:g}")
    return tuple(dict.fromkeys(float(target) for target in targets))


def check_levels(
    levels: Sequence[float], targets: Sequence[float] = (), relative: bool = False, lowest: object = None
) -> tuple[float, ...]:
    """`levels` in their order, without duplicates.

    Raises:
        BadInput: one that is not finite, or further options that do not apply to absolute values.
    """
    for level in levels:
        if not math.isfinite(level):
            raise BadInput(f"--level must be a finite number, not {level:g}")
    for option, given in (("--target", bool(targets)), ("--relative", relative), ("--lowest", lowest is not None)):
        if levels and given:
            raise BadInput(f"--level is an absolute value of the metric: {option} does not go with it")
    return tuple(dict.fromkeys(float(level) for level in levels))
