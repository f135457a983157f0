"""Replay tables played again: on the seeds that surfaces have in common, or on surfaces without the noise of seeds."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.ert import stream
from analysis.levels import judged_groups
from analysis.noiseless import draws
from analysis.replays import Group, split
from analysis.shared_seeds import cut
from grids import replay_table
from grids.errors import BadInput
from grids.files import file_sha256
from grids.library import find_surface, load_surface
from grids.replay_header import ReplayHeader
from grids.surface import Surface
from grids.within import within as narrowed

DRAWS = 20
"""Surfaces without noise over which the replays of a group are spread."""


@dataclass(frozen=True)
class Again:
    """Plays replays again.

    Args:
        replay: as `tuning.replay.replay`.
        not_again: why replays of a searcher cannot be played again, as `tuning.paths.not_again`.
        say: prints a message.
        progress: shows a progress bar: from a title and a number, a context that gives a function to advance it.
    """

    replay: Callable[..., pd.DataFrame]
    not_again: Callable[[str], str]
    say: Callable[[str], None]
    progress: Callable[[str, int], AbstractContextManager[Callable[[int], None]]]

    def groups(
        self,
        paths: Sequence[Path],
        relative: bool = False,
        lowest: str | None = None,
        common: bool = True,
        noiseless: bool = False,
    ) -> list[Group]:
        """The groups of replay tables, as `analysis.levels.judged_groups`, played again where the options ask for it.

        Args:
            paths: the tables.
            relative, lowest: as `judged_groups`.
            common: compare surfaces of one task on the seeds that all of them have.
            noiseless: play on surfaces without the noise of their seeds.

        Raises:
            BadInput: as `judged_groups`; `noiseless` with other options on suboptimality, or where a table cannot be
                played again, or a surface has one seed.
        """
        if noiseless and (relative or lowest is not None):
            raise BadInput(
                "--noiseless measures from the lowest value of each surface: neither --relative nor --lowest"
            )
        groups = judged_groups(paths, relative, lowest)
        headers = _headers(paths)
        kept = _common(groups) if common and not noiseless else {}
        if noiseless:
            single = {group.surface for group in groups if len(group.about.seeds) == 1}
            if single and len(single) < len({group.surface for group in groups}):
                self.say(f"{', '.join(sorted(single))}: left out, with one seed, whose noise is not known")
                groups = [group for group in groups if group.surface not in single]
        if kept and (relative or lowest is not None):
            self.say(f"{', '.join(kept)}: on all of their seeds, since suboptimality is measured otherwise (--seeds)")
            kept = {}
        wanted = [group for group in groups if noiseless or group.surface in kept]
        if not wanted:
            return groups
        found: dict[tuple[str, ...], Group] = {}
        said: set[tuple[str, str]] = set()
        with self.progress("replays", sum(group.repeats for group in wanted)) as advance:
            for group in wanted:
                name, header = group.surface, headers[group.surface, group.searcher]
                surface = self.playable(group, header)
                if not isinstance(surface, str):
                    part = cut(surface, kept[name]) if name in kept else surface
                    found[group.key] = self._played(group, part, header, noiseless, advance)
                elif noiseless:
                    raise BadInput(f"{name}: cannot be played again without noise: {surface}")
                elif (name, surface) not in said:
                    said.add((name, surface))
                    self.say(f"{name}: is on all of its seeds, not on those that the task's others have: {surface}")
        return [found.get(group.key, group) for group in groups]

    def over_seeds(self, groups: Iterable[Group], paths: Sequence[Path]) -> dict[tuple[str, ...], Group]:
        """Those of the groups that can be played again without noise, so played, by their keys."""
        headers, found = _headers(paths), {}
        some = list(groups)
        with self.progress("replays without noise", sum(group.repeats for group in some)) as advance:
            for group in some:
                header = headers[group.surface, group.searcher]
                surface = self.playable(group, header)
                if not isinstance(surface, str) and len(surface.seeds) > 1:
                    part = cut(surface, group.about.seeds) if set(group.about.seeds) < set(surface.seeds) else surface
                    found[group.key] = self._played(group, part, header, True, advance)
        return found

    def playable(self, group: Group, header: ReplayHeader) -> Surface | str:
        """The surface that a group's replays were played on, if they can be played again; otherwise why not."""
        name, about, judged = group.surface, group.about, group.judged
        if header.live is not None:
            return "it holds live studies"
        if judged.noise != "none" or judged.workers != "1" or header.max_epochs is not None or judged.nearest != "no":
            return "it was not replayed trial by trial on whole trainings"
        if judged.seed_statistic != "mean":
            return f"it was replayed on the {judged.seed_statistic} over seeds"
        if why := self.not_again(group.searcher):
            return why
        try:
            path = find_surface(name)
            if about.sha256 and file_sha256(path) != about.sha256:
                return f"{path} is not the surface that was replayed"
            return load_surface(name, judged.value_of)
        except BadInput as error:
            return str(error)

    def _played(
        self, group: Group, surface: Surface, header: ReplayHeader, noiseless: bool, advance: Callable[[int], None]
    ) -> Group:
        """The group's searcher on a surface, or on surfaces without its noise; as many replays, of the table's seed."""
        seed, trials = header.seed or 0, header.max_trials.get(group.surface)
        part = surface if header.within is None else narrowed(surface, header.within)
        tables: np.ndarray | list[np.ndarray] = [part.mean]
        if noiseless:
            tables = draws(part, DRAWS, stream(seed, group.surface, "noiseless"), 4 * group.about.targets[0])
        each = -(-group.repeats // len(tables))
        frames: list[pd.DataFrame] = []
        for number, table in enumerate(tables):
            own = {group.surface: part.with_values(table[..., None])}
            numbers = range(number * each, (number + 1) * each)
            options: dict[str, Any] = {"max_trials": trials, "seed": seed, "advance": advance}
            frames.append(self.replay(own, [group.searcher], repeats=numbers, **options))
        (found,) = split(pd.concat(frames, ignore_index=True))
        lowest = float(part.mean.min())
        about = replace(group.about, seeds=surface.seeds, lowest=None if noiseless else lowest)
        names = {name: getattr(group, name) for name in ("optimizer", "task", "judged", "searcher_labels", "budget")}
        return replace(found, about=about, draws=DRAWS if noiseless else 1, **names)


def _headers(paths: Sequence[Path]) -> dict[tuple[str, str], ReplayHeader]:
    """By surface and searcher, the header of the table that holds the replays."""
    found: dict[tuple[str, str], ReplayHeader] = {}
    for path in paths:
        frame, header = replay_table.read(path)
        pairs = frame[["surface", "searcher"]].drop_duplicates()
        found |= dict.fromkeys(pairs.itertuples(index=False, name=None), header)
    return found


def _common(groups: Sequence[Group]) -> dict[str, tuple[int, ...]]:
    """The seeds to keep of each surface that has more than its task's others; none where they share none."""
    found: dict[str, tuple[int, ...]] = {}
    for task in dict.fromkeys(group.task for group in groups):
        seeds = {group.surface: set(group.about.seeds) for group in groups if group.task == task and group.about.seeds}
        shared = set.intersection(*seeds.values()) if seeds else set()
        found |= {name: tuple(sorted(shared)) for name, own in seeds.items() if shared and shared < own}
    return found
