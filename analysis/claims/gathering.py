"""The evidence on the paper's statements, gathered: surfaces, and replays on surfaces without noise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.claims import Evidence, Finding, dominance, judge
from analysis.claims.domains import domain_of
from analysis.claims.evidence import PAIR, Key, pair
from analysis.claims.widths import wide_partner
from analysis.ert import stream
from analysis.noiseless import draws, shifts
from analysis.replays import Group, split
from grids.errors import BadInput, unknown
from grids.library import Entry, list_surfaces
from grids.metric import Targets, common_unit, default_targets
from grids.surface import Surface
from grids.surface_file import load

DRAWS, PLAYED = 200, 20
"""Surfaces without noise that are drawn for each of Adam and AvaGrad, and how many of them are replayed."""
ALL = "all domains"
"""Stands in the column `task` for statements about the tasks of all domains together."""


@dataclass(frozen=True)
class Study:
    """The searchers and optimizers that the paper compares, and what replays them.

    Args:
        replay: as `tuning.replay.replay`.
        searchers: by name, the name within a sentence.
        labels: by name, the optimizers' names in figures.
        epsilons: by name, the optimizers' default ε; None for one that has none.
        repeats: replays of each searcher, over all draws together.
        seed: of all randomness.
    """

    replay: Callable[..., pd.DataFrame]
    searchers: Mapping[str, str]
    labels: Mapping[str, str]
    epsilons: Mapping[str, float | None]
    repeats: int
    seed: int

    def work(self, tasks: Mapping[str, Mapping[str, Surface]]) -> int:
        """The number of replays that `findings` needs."""
        each = self._each * PLAYED * len(self._replayed)
        return sum(each for some in tasks.values() for one in pair(some).values() if _several(one))

    @property
    def _each(self) -> int:
        return -(-self.repeats // PLAYED)

    @property
    def _replayed(self) -> list[str]:
        return [name for name in self.searchers if name != "random"]

    def evidence(
        self,
        task: str,
        surfaces: dict[str, Surface],
        wide: dict[str, Surface],
        target: float | None,
        advance: Callable[[int], None],
    ) -> Evidence:
        """The evidence on one task.

        Args:
            task: its name.
            surfaces: by optimizer.
            wide: surfaces of the wider network that the task is compared with.
            target: suboptimality at which tuning cost is compared, in the surfaces' unit; None: their first target.
            advance: called with the number of replays that were made.

        Raises:
            BadInput: surfaces in different units.
        """
        targets, unit = task_targets(task, surfaces)
        common = [max(level) for level in zip(*(each.values for each in targets.values()), strict=False)]
        goal = common[0] if target is None else target
        tables = _draws(surfaces, goal, self.seed)
        return Evidence(
            task=task,
            surfaces=surfaces,
            wide=wide,
            draws=tables,
            replays=self._replays(surfaces, tables, advance),
            searchers=dict(self.searchers),
            methods=dict(self.epsilons),
            target=goal,
            level=max(common),
            unit=unit,
        )

    def _replays(
        self, surfaces: Mapping[str, Surface], draws: Mapping[str, np.ndarray], advance: Callable[[int], None]
    ) -> dict[Key, list[Group]]:
        """Replays by optimizer and searcher: a group for each of the first draws, with random streams of its own."""
        found: dict[Key, list[Group]] = {}
        for number in range(PLAYED if draws else 0):
            tables = {name: surfaces[name].with_values(some[number][..., None]) for name, some in draws.items()}
            numbers = range(number * self._each, (number + 1) * self._each)
            made = self.replay(tables, self._replayed, repeats=numbers, seed=self.seed, advance=advance)
            for group in split(made):
                found.setdefault((group.surface, group.searcher), []).append(group)
        return found

    def findings(
        self,
        tasks: Mapping[str, dict[str, Surface]],
        target: float | None,
        wide: Mapping[str, dict[str, Surface]],
        advance: Callable[[int], None],
    ) -> tuple[dict[str, list[Finding]], list[Finding]]:
        """The findings on each task, and those on all domains together, which need tasks of two or more.

        Args:
            tasks: by task, its surfaces by optimizer.
            target, advance: as of `evidence`.
            wide: surfaces of wider networks, as `wide_partners` returns them.

        Raises:
            BadInput: surfaces of one task in different units.
        """
        known = {**wide, **tasks}
        evidences = [
            self.evidence(name, surfaces, known.get(wide_partner(name), {}), target, advance)
            for name, surfaces in tasks.items()
        ]
        several = len({domain_of(surfaces) for surfaces in tasks.values()} - {None}) > 1
        return {one.task: judge(one) for one in evidences}, dominance(evidences, self.labels) if several else []


def chosen(tasks: list[str] | None) -> dict[str, dict[str, Surface]]:
    """The surfaces of the named tasks, by task and optimizer.

    Args:
        tasks: names; None: all tasks of shipped surfaces, or if none is shipped those in ./surfaces.

    Raises:
        BadInput: a task without surfaces, or there are no surfaces at all.
    """
    known: dict[str, list[Entry]] = {}
    for entry in list_surfaces():
        known.setdefault(entry.name.partition("/")[0], []).append(entry)
    shipped = [name for name, entries in known.items() if any(entry.shipped for entry in entries)]
    if not known:
        raise BadInput("no surface ships with this program and none is in ./surfaces; `tunecost grid run` makes some")
    for name in tasks or ():
        if name not in known:
            raise unknown("task with surfaces", name, known)
    found: dict[str, dict[str, Surface]] = {}
    for name in tasks or shipped or known:
        surfaces = [load(entry.path) for entry in known[name]]
        found[name] = {surface.provenance.optimizer: surface for surface in surfaces}
    return found


def wide_partners(tasks: dict[str, dict[str, Surface]]) -> dict[str, dict[str, Surface]]:
    """The surfaces in ./surfaces or shipped of these tasks' wider networks, by task and optimizer; empty if none."""
    available = {entry.name.partition("/")[0] for entry in list_surfaces()}
    partners = [task for task in map(wide_partner, tasks) if task in available]
    return chosen(partners) if partners else {}


def task_targets(task: str, surfaces: Mapping[str, Surface]) -> tuple[dict[str, Targets], str]:
    """The default targets of the compared pair's surfaces by name, or of all if neither is there, and their unit.

    Raises:
        BadInput: surfaces of different units.
    """
    unit = common_unit([(one.name, one.provenance.unit) for one in surfaces.values()], f"the claims on {task}")
    some = [surfaces[name] for name in PAIR if name in surfaces] or list(surfaces.values())
    return {one.name: default_targets(one) for one in some}, unit


def _several(surface: Surface) -> bool:
    return len(surface.seeds) > 1


def _draws(surfaces: Mapping[str, Surface], target: float, seed: int) -> dict[str, np.ndarray]:
    """Tables `[draws, alpha, epsilon]` without noise of the pair that the paper compares, where both have two seeds."""
    both = pair(surfaces)
    if len({one.seeds for one in both.values()}) > 1:
        return {}
    return {
        name: draws(one, DRAWS, stream(seed, one.name, "noiseless"), 4 * target)
        + shifts(one, seed, DRAWS)[:, None, None]
        for name, one in both.items()
        if _several(one)
    }
