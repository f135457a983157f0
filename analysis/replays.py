"""Replay tables as arrays: the rows of a table split into groups, one for each surface and searcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grids import replay_table
from grids.errors import BadInput
from grids.metric import common_unit
from grids.replay_table import Judged, judged_by
from grids.surface_facts import SurfaceFacts, surface_facts
from grids.target import Count, gap, reached


@dataclass(frozen=True, eq=False)
class Runtimes:
    """How long each replay of a group took to reach one target.

    Args:
        time: int64 or float64 `[replays]`; the runtime where `hit`, otherwise the budget at which the replay ended.
        hit: bool `[replays]`; false where the replay is censored.
    """

    time: np.ndarray
    hit: np.ndarray

    @property
    def repeats(self) -> int:
        return len(self.time)

    @property
    def hits(self) -> int:
        return int(self.hit.sum())

    @property
    def horizon(self) -> float:
        """The shortest budget of a censored replay, beyond which not all is known; infinite where all hit."""
        return float(self.time[~self.hit].min()) if not self.hit.all() else np.inf


@dataclass(frozen=True, eq=False)
class Group:
    """All replays of one searcher over one surface.

    Args:
        start: int64 `[replays + 1]`; replay i has the rows `start[i]:start[i + 1]`, by trial, its end row last.
        trial, unique: int64 `[rows]`, evaluations spent and distinct cells among them.
        best, suboptimality: float64 `[rows]`.
        judged: how, which is the same for all.
        about: the surface's metric and identity, as the table's header has them.
        searcher_labels: what figures call searchers, by name without options, in the order of figures.
        epochs: float64 `[rows]`, charged so far, in the unit of the surface's fidelity; None where not known.
        clock: float64 `[rows]`, elapsed so far; None where not recorded.
        origin: what suboptimality is measured from, where that was chosen after the replays.
    """

    surface: str
    optimizer: str
    task: str
    searcher: str
    start: np.ndarray
    trial: np.ndarray
    unique: np.ndarray
    best: np.ndarray
    suboptimality: np.ndarray
    judged: Judged = field(default_factory=Judged)
    about: SurfaceFacts = field(default_factory=SurfaceFacts)
    searcher_labels: Mapping[str, str] = field(default_factory=dict)
    epochs: np.ndarray | None = None
    clock: np.ndarray | None = None
    origin: float | None = None

    @property
    def names(self) -> dict[str, str]:
        """What tells it from other groups: surface, optimizer, task, searcher."""
        return {name: getattr(self, name) for name in replay_table.KEYS}

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self.names.values())

    @property
    def optimizer_label(self) -> str:
        """The optimizer's name in figures."""
        return self.about.optimizer_label or self.optimizer

    @property
    def repeats(self) -> int:
        return len(self.start) - 1

    def spent(self, count: Count) -> np.ndarray:
        """What each row had cost: int64 `[rows]`; float64 where epochs or time are counted.

        Raises:
            BadInput: the table does not say it.
        """
        if count in (Count.trials, Count.unique):
            return self.trial if count == Count.trials else self.unique
        who = f"{self.surface}, {self.searcher}"
        if count == Count.epochs:
            if self.epochs is None:
                raise BadInput(f"--count epochs: {who}: the surface has no curves, so what was spent is not known")
            return self.epochs
        if self.clock is None:
            raise BadInput(
                f"--count {count}: {who}: no elapsed time was recorded; replay with --workers, or on a surface that "
                f"holds seconds"
            )
        if count == Count.seconds and self.about.clock not in ("", "seconds"):
            raise BadInput(
                f"--count seconds: {who}: the surface holds no seconds; --count clock counts its elapsed "
                f"{self.about.clock}"
            )
        return self.clock

    @property
    def shortened(self) -> bool:
        """Whether its searcher asked for shorter trainings, so that what it cost depends on the cost model."""
        whole = self.about.whole
        if self.epochs is None or whole is None:
            return False
        return bool((self.epochs < (1 - 1e-9) * whole * self.trial).any())

    def lowest(self) -> float:
        """The surface's lowest value; where no replay found any cell, as the table's header has it.

        Raises:
            BadInput: the rows disagree about it, or do not say.
        """
        known = np.isfinite(self.best)
        if not known.any():
            if self.about.lowest is None:
                raise BadInput(f"{self.surface}, {self.searcher}: no cell was trained to the end in any replay")
            return self.about.lowest
        lowest = (self.best - self.suboptimality)[known]
        if np.ptp(lowest) > 1e-9 * max(1.0, float(np.abs(self.best[known]).max())):
            raise BadInput(f"{self.surface}, {self.searcher}: best - suboptimality is not the same in every row")
        return float(np.median(lowest))

    @property
    def arrived(self) -> np.ndarray:
        """Which replays ended at the lowest value there is to find, so that more trials would change nothing: bool
        `[replays]`. By whatever origin suboptimality is measured."""
        last = self.start[1:] - 1
        arrived = self.suboptimality[last] <= 0
        lowest = self.about.lowest if self.about.lowest_within is None else self.about.lowest_within
        return arrived if lowest is None else arrived | (gap(self.best[last], lowest) <= 0)

    def never(self, target: float) -> str:
        """A note where no cell of the surface is within `target` of the origin, so that no budget suffices."""
        lowest = self.about.lowest
        if lowest is None or self.origin is None:
            return ""
        if reached(gap(np.array(lowest), self.origin), target, lowest):
            return ""
        best = -lowest if self.about.maximized else lowest
        return f"no cell is that good: the surface's best value is {best:.6g}"

    def runtimes(self, target: float, count: Count = Count.trials) -> Runtimes:
        """The cost of each replay's first row whose suboptimality is at most `target`, or of its end."""
        spent = self.spent(count)
        owner = np.repeat(np.arange(self.repeats), np.diff(self.start))
        rows = np.flatnonzero(reached(self.suboptimality, target, self.best))
        owners, first = np.unique(owner[rows], return_index=True)
        time = spent[self.start[1:] - 1].copy()
        time[owners] = spent[rows[first]]
        hit = np.zeros(self.repeats, bool)
        hit[owners] = True
        return Runtimes(time, hit)


def common_targets(groups: Sequence[Group]) -> tuple[float, ...]:
    """The default targets of surfaces that are held to the same: each the largest that any of them has in its place."""
    own = [group.about.targets for group in groups]
    return tuple(max(level) for level in zip(*own, strict=False))


def unit_of(groups: Sequence[Group], what: str) -> str:
    """The one unit of all groups; `what` names in an error what needs one.

    Raises:
        BadInput: their surfaces have different units.
    """
    return common_unit([(group.surface, group.about.unit) for group in groups], what)


def load_groups(paths: Sequence[str | Path]) -> list[Group]:
    """The groups of one or more replay tables, in order of appearance; halves of one replay in two files are joined.

    Raises:
        BadInput: a table that cannot be read, holds nothing, or in which a replay has no end or two; parts of a group
            that were judged differently, or on different surfaces of one name.
    """
    tables = [replay_table.load(path) for path in paths]
    source = ", ".join(map(str, paths))
    groups = split(pd.concat([frame for frame, _ in tables], ignore_index=True), source)
    ways: dict[tuple[str, ...], list[Judged]] = {}
    abouts: dict[tuple[str, ...], list[SurfaceFacts]] = {}
    labels: dict[str, str] = {}
    for path, (frame, header) in zip(paths, tables, strict=True):
        way, about = judged_by(header), _facts(path, header)
        labels |= _labels(header)
        for key in frame[list(replay_table.KEYS)].drop_duplicates().itertuples(index=False, name=None):
            ways.setdefault(key, []).append(way)
            abouts.setdefault(key, []).append(about.get(key[0], SurfaceFacts()))
    for group in groups:
        _check_parts(group, ways[group.key], abouts[group.key], source)
    return [
        replace(group, judged=ways[group.key][0], about=abouts[group.key][0], searcher_labels=labels)
        for group in groups
    ]


def _facts(path: str | Path, header: Mapping[str, Any]) -> dict[str, SurfaceFacts]:
    try:
        return surface_facts(header)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _labels(header: Mapping[str, Any]) -> dict[str, str]:
    found = header.get("searcher_labels")
    return {name: str(label) for name, label in found.items()} if isinstance(found, dict) else {}


def _check_parts(group: Group, ways: Sequence[Judged], abouts: Sequence[SurfaceFacts], source: str) -> None:
    """`ways` and `abouts` say of each table that holds replays of `group` how they were judged, and on what."""
    who = f"{source}: {group.surface}, {group.searcher}"
    if len(set(ways)) > 1:
        raise BadInput(f"{who}: parts that were judged differently ({'; '.join(map(str, dict.fromkeys(ways)))})")
    if len({about.sha256 for about in abouts} - {""}) > 1:
        raise BadInput(f"{who}: parts that were played on different surfaces (their files differ)")
    if len(ways) > 1:
        try:
            group.lowest()
        except BadInput as error:
            raise BadInput(
                f"{who}: parts that were played on different surfaces (best - suboptimality differs)"
            ) from error


def split(frame: pd.DataFrame, source: str = "the replay table") -> list[Group]:
    """The groups of a replay table's rows, in order of appearance; `source` names it in errors.

    Raises:
        BadInput: no rows, a NaN, a trial below 1, or a replay that has not exactly one end row, its last.
    """
    if frame.empty:
        raise BadInput(f"{source}: holds no replays")
    groups = []
    for key, part in frame.groupby(list(replay_table.KEYS), sort=False, observed=True):
        groups.append(_group(dict(zip(replay_table.KEYS, map(str, key), strict=True)), part, source))
    return groups


def _group(names: dict[str, Any], part: pd.DataFrame, source: str) -> Group:
    repeat, trial, end = (part[name].to_numpy() for name in ("repeat", "trial", "end"))
    order = np.lexsort((end, trial, repeat))
    repeat, end = repeat[order], end[order]
    start = np.append(np.flatnonzero(np.diff(repeat, prepend=repeat[0] - 1)), len(repeat))
    group = Group(
        **names,
        start=start,
        trial=trial[order],
        unique=part["unique"].to_numpy()[order],
        best=part["best"].to_numpy()[order],
        suboptimality=part["suboptimality"].to_numpy()[order],
        epochs=_further(part, "spent", order),
        clock=_further(part, "clock", order),
    )
    ends = np.add.reduceat(end.astype(np.int64), start[:-1])
    faults = (
        ("has no end row (the table is not whole)", ends == 0),
        ("has more than one end row (given twice?)", ends > 1),
        ("goes on after its end row", ~end[start[1:] - 1]),
        ("has a trial or a count of unique cells below 1", _any(np.minimum(group.trial, group.unique) < 1, start)),
        ("has more unique cells than trials", _any(group.unique > group.trial, start)),
        ("has a suboptimality that is not a number of at least 0", _any(~(group.suboptimality >= 0), start)),
    )
    for fault, where in faults:
        if where.any():
            which = int(repeat[start[int(np.argmax(where))]])
            raise BadInput(f"{source}: {group.surface}, {group.searcher}, repeat {which} {fault}")
    return group


def _further(part: pd.DataFrame, name: str, order: np.ndarray) -> np.ndarray | None:
    """A column of costs that not every table has; None where it is not there, or not for every row."""
    if name not in part:
        return None
    column = part[name].to_numpy(np.float64)[order]
    return column if np.isfinite(column).all() else None


def _any(rows: np.ndarray, start: np.ndarray) -> np.ndarray:
    return np.asarray(np.logical_or.reduceat(rows, start[:-1]))
