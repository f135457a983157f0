"""The surfaces that a figure sets against each other: what each is called, and its colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.style import colour
from analysis.replays import Group


@dataclass(frozen=True)
class Contender:
    """One surface of a task as the figure shows it: what it is called, and its colour."""

    surface: str
    label: str
    colour: str


def contenders(groups: Sequence[Group], task: str) -> list[Contender]:
    """The task's surfaces in order of appearance: called by their optimizer, or in full where two share one."""
    surfaces = {group.surface: group for group in groups if group.task == task}
    shared = len({group.optimizer for group in surfaces.values()}) < len(surfaces)
    return [
        Contender(surface, surface if shared else group.optimizer_label, colour(index))
        for index, (surface, group) in enumerate(surfaces.items())
    ]
