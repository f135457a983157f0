"""Compare the cost of live tuning with the cost that replays predict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import Comparison, compare, holm
from analysis.ert import ert, ert_interval, interval, note, resampled_mean, stream
from analysis.levels import in_percent
from analysis.replays import Group, Runtimes, split
from grids.errors import BadInput
from grids.replay_header import ReplayHeader
from grids.surface import Surface
from grids.surface_facts import SurfaceFacts
from grids.target import Count, gap

LIVE, REPLAYED, NOISY = "live", "replayed", "noise"
KINDS = (REPLAYED, NOISY, LIVE)
"""Replays on the mean over seeds; replays with the noise of single seeds; live studies."""
TESTS = ("p_logrank", "p_mannwhitney")
FEW = 0.05
"""Significance level of p-values that are corrected by Holm's method."""


def _columns() -> tuple[str, ...]:
    found = ["surface", "optimizer", "task", "searcher", "target", "count", "trials"]
    for kind in KINDS:
        found += [f"repeats_{kind}", f"hits_{kind}", f"ert_{kind}", f"ert_{kind}_low", f"ert_{kind}_high"]
        found += [f"end_{kind}", f"end_{kind}_low", f"end_{kind}_high"]
    for kind in (REPLAYED, NOISY):
        found += [f"ratio_{kind}", f"ratio_{kind}_low", f"ratio_{kind}_high"]
        found += [f"{test}_{kind}{corrected}" for test in TESTS for corrected in ("", "_holm")]
        found += [f"verdict_{kind}"]
    return (*found, "note", "unit")


COLUMNS = _columns()


@dataclass(frozen=True)
class LiveTable:
    """The content of a file of live studies.

    Args:
        frame: its rows.
        axes: of the space that was searched, as `Space.to_json`.
        trials: of each study.
        source: the file, for messages.
    """

    frame: pd.DataFrame
    axes: Sequence[Mapping[str, Any]]
    trials: int
    source: str

    @classmethod
    def of(cls, frame: pd.DataFrame, header: ReplayHeader, source: str) -> "LiveTable":
        """The table with these rows and this header.

        Raises:
            BadInput: it is not a table of live tuning.
        """
        live = header.live or {}
        try:
            return cls(frame.dropna(subset="cell").astype({"cell": int}), live["axes"], int(live["trials"]), source)
        except (KeyError, TypeError, ValueError):
            raise BadInput(f"{source}: is no table of live tuning; `tunecost tune` writes one") from None

    @property
    def searchers(self) -> list[str]:
        """The searchers in order of appearance."""
        return list(dict.fromkeys(self.frame["searcher"]))

    def judged_on(self, surface: Surface, label: str) -> pd.DataFrame:
        """The same studies, with the mean of `surface` as the value of the cells that they chose.

        Args:
            surface: of the same task, optimizer and space.
            label: its name in the result.

        Raises:
            BadInput: the surface is of another task, optimizer or space.
        """
        about = surface.provenance
        for name, there in (("task", about.task), ("optimizer", about.optimizer)):
            here = ", ".join(dict.fromkeys(self.frame[name]))
            if here != there:
                raise BadInput(f"{self.source}: tunes the {name} {here}, and {label} is of {there}")
        if list(self.axes) != surface.space.to_json():
            raise BadInput(f"{self.source}: tunes over other axes than {label} has")
        best = surface.mean.ravel()[self.frame["cell"].to_numpy()]
        return self.frame.assign(surface=label, best=best, suboptimality=gap(best, float(surface.mean.min())))


def kinds_of_groups(
    table: LiveTable,
    surface: Surface,
    facts: SurfaceFacts,
    name: str,
    relative: bool,
    replay: Callable[[bool], pd.DataFrame],
) -> dict[str, list[Group]]:
    """The studies of a live table and replays of their searchers on a surface, by kind.

    Args:
        table: of the studies.
        surface: that judges the cells that they chose.
        facts: about the surface.
        name: of the surface in the result.
        relative: measure in percent of the surface's lowest value.
        replay: replays the searchers, with noise or without it.

    Raises:
        BadInput: as `LiveTable.judged_on`.
    """
    frames = {LIVE: table.judged_on(surface, name), REPLAYED: replay(False)}
    if len(surface.seeds) > 1:
        frames[NOISY] = replay(True)
    groups: dict[str, list[Group]] = {kind: [] for kind in KINDS}
    for kind, frame in frames.items():
        found = [replace(group, about=facts) for group in split(frame, table.source)]
        groups[kind] = [in_percent(group) for group in found] if relative else found
    return groups


def live_rows(
    groups: Mapping[str, Sequence[Group]],
    facts: SurfaceFacts,
    trials: int,
    targets: Sequence[float],
    count: Count = Count.trials,
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row for each searcher and target, with the keys of COLUMNS; Holm's correction is over all rows of a test.

    `ratio_replayed` is the ERT of live studies over that of replays: above 1, tuning costs more than replays predict.
    `end` is the mean suboptimality of the chosen cell at the end of the budget.

    Args:
        groups: by kind, of one surface; `noise` may be empty. There is a row for each searcher with live studies.
        facts: of the surface.
        trials: the budget of each study and replay.
        targets: suboptimality.
        count: the kind of cost.
        seed: of the bootstrap.
    """
    rows = []
    for live in groups[LIVE]:
        mine = {kind: next((g for g in groups[kind] if g.searcher == live.searcher), None) for kind in KINDS}
        for target in targets:
            rows.append(_row(mine, facts, trials, target, count, seed))
    for kind in (REPLAYED, NOISY):
        for test in TESTS:
            corrected = holm(np.array([row[f"{test}_{kind}"] for row in rows], np.float64))
            for row, p in zip(rows, corrected, strict=True):
                row[f"{test}_{kind}_holm"] = float(p)
        for row in rows:
            row[f"verdict_{kind}"] = verdict(
                row[f"p_logrank_{kind}_holm"], *(row[f"ratio_{kind}{end}"] for end in ("", "_low", "_high"))
            )
    return rows


def verdict(p: float, ratio: float, low: float, high: float) -> str | None:
    """Whether live tuning costs more or less than replays predict, in words; None where it was not tested.

    It is told apart only where the test, corrected, and the interval of the ratio both tell; the interval is NaN where
    one side never hit.

    >>> verdict(0.001, 1.8, 1.3, 2.4), verdict(0.001, 1.4, 0.9, 2.4), verdict(0.3, 1.2, 1.1, 1.3)
    ('live costs more', 'not told apart', 'not told apart')
    """
    if np.isnan(p):
        return None
    if p >= FEW or low <= 1 <= high:
        return "not told apart"
    return "live costs more" if not ratio < 1 else "live costs less"


def _row(
    groups: Mapping[str, Group | None], facts: SurfaceFacts, trials: int, target: float, count: Count, seed: int
) -> dict[str, Any]:
    live = groups[LIVE]
    assert live is not None
    runtimes = {kind: None if group is None else group.runtimes(target, count) for kind, group in groups.items()}
    named = (*live.key, target, count)
    row: dict[str, Any] = {**live.names, "target": target, "count": str(count), "trials": trials}
    for kind, one in runtimes.items():
        group = groups[kind]
        row |= _measured(kind, one, lambda kind=kind: stream(seed, kind, *named))  # type: ignore[misc]
        row |= _at_the_end(kind, group, stream(seed, kind, "end", *live.key))
    for kind in (REPLAYED, NOISY):
        row |= _compared(kind, runtimes[kind], runtimes[LIVE], stream(seed, kind, LIVE, *named))
    words = (note([one for one in runtimes.values() if one is not None]), facts.beyond(target))
    return row | {"note": "; ".join(filter(None, words)) or None, "unit": facts.unit}


def _measured(kind: str, runtimes: Runtimes | None, rng: Callable[[], np.random.Generator]) -> dict[str, Any]:
    names = f"repeats_{kind}", f"hits_{kind}", f"ert_{kind}", f"ert_{kind}_low", f"ert_{kind}_high"
    if runtimes is None:
        return dict.fromkeys(names)
    numbers = runtimes.repeats, runtimes.hits, ert(runtimes), *ert_interval(runtimes, rng())
    return dict(zip(names, numbers, strict=True))


def _at_the_end(kind: str, group: Group | None, rng: np.random.Generator) -> dict[str, Any]:
    """The mean suboptimality at the end of the replays, and its bootstrap interval."""
    names = f"end_{kind}", f"end_{kind}_low", f"end_{kind}_high"
    if group is None:
        return dict.fromkeys(names)
    last = group.suboptimality[group.start[1:] - 1]
    return dict(zip(names, (float(last.mean()), *interval(resampled_mean(last, rng))), strict=True))


def _compared(
    kind: str, replayed: Runtimes | None, live: Runtimes | None, rng: np.random.Generator
) -> dict[str, float]:
    nothing = (float("nan"), float("nan"))
    found = Comparison(float("nan"), nothing, float("nan"), nothing, float("nan"), float("nan"))
    if replayed is not None and live is not None:
        found = compare(replayed, live, rng)
    return {
        f"ratio_{kind}": found.ratio,
        f"ratio_{kind}_low": found.ratio_interval[0],
        f"ratio_{kind}_high": found.ratio_interval[1],
        f"p_logrank_{kind}": found.p_logrank,
        f"p_mannwhitney_{kind}": found.p_mannwhitney,
    }
