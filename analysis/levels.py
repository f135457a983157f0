"""Measure the suboptimality of replays from another value than the surface's lowest, or in percent of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grids.errors import BadInput
from grids.metric import shared_targets
from grids.target import RELATIVE_TARGETS, RELATIVE_UNIT, gap

if TYPE_CHECKING:  # pandas is not needed to check options
    from analysis.replays import Group


def judged_groups(paths: Sequence[str | Path], relative: bool = False, lowest: str | None = None) -> "list[Group]":
    """The groups of replay tables, with suboptimality measured as the options say, and one set of targets per task.

    Args:
        paths: replay tables.
        relative: whether to measure in percent of each surface's lowest value.
        lowest: see `measured_from`; None: as in the table.

    Raises:
        BadInput: as `load_groups`, `measured_from` and `in_percent`.
    """
    from analysis.replays import load_groups

    groups = load_groups(paths)
    if lowest is not None:
        groups = measured_from(groups, lowest)
    if relative:
        return [in_percent(group) for group in groups]
    shared = shared_targets((group.task, group.about.default_targets) for group in groups)
    return [
        replace(group, about=replace(group.about, targets=shared[group.task].values)) if group.task in shared else group
        for group in groups
    ]


def in_percent(group: "Group") -> "Group":
    """The same replays, with values and suboptimality in percent of the absolute lowest value.

    Raises:
        BadInput: the lowest value is 0.
    """
    lowest = group.lowest()
    if lowest == 0:
        raise BadInput(f"{group.surface}: relative targets need a lowest value other than 0")
    with np.errstate(over="ignore"):
        factor = 100.0 / abs(lowest)
        best, suboptimality = group.best * factor, group.suboptimality * factor
    span = None if group.about.span is None else group.about.span * factor
    about = replace(group.about, span=span, unit=RELATIVE_UNIT, targets=RELATIVE_TARGETS, targets_derived=False)
    return replace(group, best=best, suboptimality=suboptimality, about=about, origin=None)


def held_to(group: "Group", level: float) -> "Group":
    """The same replays, with suboptimality measured from an absolute value: 0 where the best cell reaches it.

    Args:
        group: in its surface's own unit.
        level: the value, in the metric's own direction.
    """
    origin = -level if group.about.maximized else level
    suboptimality = np.maximum(gap(group.best, origin), 0.0)
    about = replace(group.about, span=None)
    judged = replace(group.judged, lowest="level")
    return replace(group, suboptimality=suboptimality, about=about, judged=judged, origin=origin)


def goals(
    group: "Group", targets: Sequence[float] | None, levels: Sequence[float] | None
) -> "Iterator[tuple[float, Group, float]]":
    """The goals of a group: the number that the output shows, the group to use, and the suboptimality to reach.

    Args:
        group: a group from `judged_groups`.
        targets: suboptimality; the surface's own where neither is given.
        levels: absolute values instead of targets.
    """
    if levels:
        for level in levels:
            yield level, held_to(group, level), 0.0
    else:
        for target in group.about.targets if targets is None else targets:
            yield target, group, target


def measured_from(groups: "Sequence[Group]", lowest: str) -> "list[Group]":
    """The same replays, with suboptimality measured from another value.

    Args:
        groups: of any surfaces.
        lowest: `own`: each surface's own lowest value; `all`: the lowest of all surfaces of its task here; `within`:
            the lowest within the part of the space that was replayed.

    Raises:
        BadInput: a table that does not hold that value.
    """
    own = {group.surface: _own(group) for group in groups}
    found = []
    for group in groups:
        if lowest == "own":
            least = own[group.surface]
        elif lowest == "all":
            least = min(own[other.surface] for other in groups if other.task == group.task)
        elif group.about.lowest_within is None:
            raise BadInput(f"{group.surface}: was not replayed with --within, so --lowest within has no meaning")
        else:
            least = group.about.lowest_within
        judged = replace(group.judged, lowest=lowest)
        suboptimality = np.maximum(gap(group.best, least), 0.0)
        found.append(replace(group, suboptimality=suboptimality, judged=judged, origin=least))
    return found


def _own(group: "Group") -> float:
    if group.about.lowest is not None:
        return group.about.lowest
    if group.judged.lowest != "own":
        raise BadInput(f"{group.surface}: the table does not say the surface's own lowest value")
    return group.lowest()
