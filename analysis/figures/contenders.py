"""The surfaces that a figure sets against each other: what each is called, and its colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.style import colour, optimizer_label, optimizer_order
from analysis.replays import Group


@dataclass(frozen=True)
class Contender:
    """One surface of a task as the figure shows it: what it is called, and its colour."""

    surface: str
    label: str
    colour: str


def contenders(groups: Sequence[Group], task: str) -> list[Contender]:
    """The task's surfaces in the study's order: called by their optimizer, or in full where two share one."""
    surfaces = {group.surface: group.optimizer for group in groups if group.task == task}
    ordered = sorted(surfaces, key=lambda surface: (optimizer_order(surfaces[surface]), surface))
    shared = len(set(surfaces.values())) < len(surfaces)
    return [
        Contender(surface, surface if shared else optimizer_label(surfaces[surface]), colour(index))
        for index, surface in enumerate(ordered)
    ]
