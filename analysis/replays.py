"""Replay tables as arrays: groups of rows, one for each surface and searcher, and their runtimes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from grids import replay_table
from grids.errors import BadInput
from grids.metric import common_unit
from grids.replay_header import Judged
from grids.surface_facts import SurfaceFacts
from grids.target import Count, gap, reached


@dataclass(frozen=True, eq=False)
class Runtimes:
    """The cost at which each replay of a group reached one target.

    Args:
        time: int64 or float64 `[replays]`: the runtime where `hit`, otherwise the cost at which the replay ended.
        hit: bool `[replays]`, false where the replay is censored.
    """

    time: np.ndarray
    hit: np.ndarray

    @property
    def repeats(self) -> int:
        """The number of replays."""
        return len(self.time)

    @property
    def hits(self) -> int:
        """The number of replays that reached the target."""
        return int(self.hit.sum())

    @property
    def horizon(self) -> float:
        """The shortest cost at which a replay was censored; infinite where all hit."""
        return float(self.time[~self.hit].min()) if not self.hit.all() else np.inf

    def cut(self, horizon: float) -> "Runtimes":
        """The same replays, censored at a cost up to which it is known of every one whether and when it hit.

        Distinct cells need it: a replay that is stuck ends with few of them, so that the cost at which it is censored
        tells that it would not have hit.
        """
        late = self.time > horizon
        return Runtimes(np.where(late, horizon, self.time), self.hit & ~late) if late.any() else self


@dataclass(frozen=True, eq=False)
class Group:
    """All replays of one searcher over one surface.

    Args:
        surface, optimizer, task, searcher: the group's names.
        start: int64 `[replays + 1]`; replay i has the rows `start[i]:start[i + 1]`, by trial, its end row last.
        trial, unique: int64 `[rows]`, evaluations so far and distinct cells among them.
        best, suboptimality: float64 `[rows]`.
        judged: the options of the replays.
        about: the surface's metric and identity, from the table's header.
        searcher_labels: searchers' names in figures, by name without options, in the order of figures.
        epochs: float64 `[rows]`, charged so far, in the unit of the surface's fidelity; None where unknown.
        clock: float64 `[rows]`, elapsed so far; None where not recorded.
        origin: the value from which suboptimality is measured, where it was chosen after the replays.
        budget: trials that a replay could spend; None where not recorded.
        draws: over how many surfaces without noise the replays are spread, in equal parts; 1 for the surface itself.
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
    budget: int | None = None
    draws: int = 1

    @property
    def names(self) -> dict[str, str]:
        """The names that identify the group: surface, optimizer, task, searcher."""
        return {name: getattr(self, name) for name in replay_table.KEYS}

    @property
    def key(self) -> tuple[str, ...]:
        """The values of `names`."""
        return tuple(self.names.values())

    @property
    def optimizer_label(self) -> str:
        """The optimizer's name in figures."""
        return self.about.optimizer_label or self.optimizer

    @property
    def repeats(self) -> int:
        """The number of replays."""
        return len(self.start) - 1

    def spent(self, count: Count) -> np.ndarray:
        """The cost of each row: int64 `[rows]`, or float64 where epochs or time are counted.

        Raises:
            BadInput: the table does not hold this kind of cost.
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
        """Whether the searcher asked for shortened trainings, so that its cost depends on the cost model."""
        whole = self.about.whole
        if self.epochs is None or whole is None:
            return False
        return bool((self.epochs < (1 - 1e-9) * whole * self.trial).any())

    def lowest(self) -> float:
        """The surface's lowest value, from the rows, or from the table's header where no replay found any cell.

        Raises:
            BadInput: the rows disagree about it, or neither holds it.
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
        """Which replays ended at the lowest value that can be found: bool `[replays]`.

        It does not depend on the value from which suboptimality is measured.
        """
        last = self.start[1:] - 1
        arrived = self.suboptimality[last] <= 0
        lowest = self.about.lowest if self.about.lowest_within is None else self.about.lowest_within
        return arrived if lowest is None else arrived | (gap(self.best[last], lowest) <= 0)

    def never(self, target: float) -> str:
        """A note where no cell of the surface is within `target` of `origin`; otherwise empty."""
        lowest = self.about.lowest
        if lowest is None or self.origin is None:
            return ""
        if reached(gap(np.array(lowest), self.origin), target, lowest):
            return ""
        best = -lowest if self.about.maximized else lowest
        return f"no cell is that good: the surface's best value is {best:.6g}"

    def runtimes(self, target: float, count: Count = Count.trials) -> Runtimes:
        """For each replay, the cost of the first row with a suboptimality of at most `target`, or of its end.

        Raises:
            BadInput: as `spent`.
        """
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
    """Default targets for several surfaces: the first is the largest of their first ones, and so on."""
    own = [group.about.targets for group in groups]
    return tuple(max(level) for level in zip(*own, strict=False))


def unit_of(groups: Sequence[Group], what: str) -> str:
    """The unit that all groups share; `what` names what needs one, for the error.

    Raises:
        BadInput: their surfaces have different units.
    """
    return common_unit([(group.surface, group.about.unit) for group in groups], what)


def load_groups(paths: Sequence[str | Path]) -> list[Group]:
    """The groups of one or more replay tables, in order of appearance; parts of a group in several files are joined.

    Raises:
        BadInput: a table that cannot be read or is empty; a replay without exactly one end; parts of a group with
            different options, or on different surfaces of one name.
    """
    tables = [replay_table.read(path) for path in paths]
    source = ", ".join(map(str, paths))
    groups = split(pd.concat([frame for frame, _ in tables], ignore_index=True), source)
    ways: dict[tuple[str, ...], list[Judged]] = {}
    abouts: dict[tuple[str, ...], list[SurfaceFacts]] = {}
    labels: dict[str, str] = {}
    budgets: dict[str, int] = {}
    for frame, header in tables:
        labels |= header.searcher_labels
        budgets |= {name: trials for name, trials in header.max_trials.items() if trials is not None}
        for key in frame[list(replay_table.KEYS)].drop_duplicates().itertuples(index=False, name=None):
            ways.setdefault(key, []).append(header.judged)
            abouts.setdefault(key, []).append(header.surfaces.get(key[0], SurfaceFacts()))
    for group in groups:
        _check_parts(group, ways[group.key], abouts[group.key], source)
    return [
        replace(
            group,
            judged=ways[group.key][0],
            about=abouts[group.key][0],
            searcher_labels=labels,
            budget=budgets.get(group.surface),
        )
        for group in groups
    ]


def _check_parts(group: Group, ways: Sequence[Judged], abouts: Sequence[SurfaceFacts], source: str) -> None:
    """Raise BadInput where the tables that hold parts of `group` differ in options (`ways`) or surface (`abouts`)."""
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
    """The groups of a replay table's rows, in order of appearance; `source` names the table in errors.

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
        ("has more than one end row (a table given twice, or two seeds: replay once with more --repeats)", ends > 1),
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
    """An optional column of costs, in the given order; None where it is missing, or lacks a row."""
    if name not in part:
        return None
    column = part[name].to_numpy(np.float64)[order]
    return column if np.isfinite(column).all() else None


def _any(rows: np.ndarray, start: np.ndarray) -> np.ndarray:
    return np.asarray(np.logical_or.reduceat(rows, start[:-1]))
