"""The surfaces that a figure compares, with their labels and colours."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.style import colour, plain
from analysis.replays import Group


@dataclass(frozen=True)
class Contender:
    """A surface's name, its label in the figure, and its colour."""

    surface: str
    label: str
    colour: str


def contenders(groups: Sequence[Group], task: str) -> list[Contender]:
    """The task's surfaces in order of appearance, labelled by optimizer, or by surface where two share an optimizer."""
    surfaces = {group.surface: group for group in groups if group.task == task}
    shared = len({group.optimizer for group in surfaces.values()}) < len(surfaces)
    return [
        Contender(surface, plain(surface if shared else group.optimizer_label), colour(index))
        for index, (surface, group) in enumerate(surfaces.items())
    ]
