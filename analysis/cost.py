"""The cost table: the cost at which each searcher reaches each target on each surface."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from analysis import survival
from analysis.ert import ert, ert_interval, note, stream
from analysis.levels import goals, in_percent
from analysis.replays import Group, Runtimes
from analysis.seed_costs import ert_over_seeds
from grids.target import Count

COLUMNS = (
    "surface",
    "optimizer",
    "task",
    "searcher",
    "target",
    "count",
    "repeats",
    "hits",
    "mean",
    "median",
    "q25",
    "q75",
    "ert",
    "ert_low",
    "ert_high",
    "unit",
)
NARROW = (*(name for name in COLUMNS if name not in ("optimizer", "task", "count", "unit")), "note")
"""The columns that people are shown: the surface's name tells task and optimizer."""


def cost_rows(
    groups: Sequence[Group],
    targets: Sequence[float] | None = None,
    count: Count = Count.trials,
    *,
    levels: Sequence[float] | None = None,
    relative: bool = False,
    seed: int = 0,
) -> Iterator[dict[str, Any]]:
    """One row for each group and target: the keys of COLUMNS, then others; NaN where not reached.

    The others are `restricted_mean`, `interval` (what it is over), `cost_model`, `note`, the options of the replays.

    Args:
        groups: of one or more replay tables.
        targets: suboptimality in the surface's unit, or with `relative` in percent of the surface's lowest value; by
            default each surface's own, or with `relative` `RELATIVE_TARGETS`.
        count: the kind of cost.
        levels: absolute values to reach instead of targets; `target` then holds the level.
        relative: whether suboptimality is measured in percent of the lowest value.
        seed: of the bootstrap; a row depends only on it and on its own replays.

    Raises:
        BadInput: `relative` on a surface whose lowest value is 0.
    """
    for absolute in groups:
        measured = in_percent(absolute) if relative else absolute
        for target, group, gap in goals(measured, targets, levels):
            runtimes = group.runtimes(gap, count)
            known = runtimes.cut(runtimes.horizon) if count == Count.unique else runtimes
            q25, median, q75 = survival.quantiles(known, (0.25, 0.5, 0.75))
            mean, low, high = expected_cost(group, runtimes, stream(seed, *group.key, target, count))
            yield {
                **group.names,
                "target": target,
                "count": str(count),
                "repeats": runtimes.repeats,
                "hits": runtimes.hits,
                "mean": survival.mean(known),
                "median": median,
                "q25": q25,
                "q75": q75,
                "ert": mean,
                "ert_low": low,
                "ert_high": high,
                "unit": group.about.unit,
                "restricted_mean": survival.restricted_mean(known),
                "interval": interval_words(group),
                "cost_model": group.judged.cost_model,
                "note": "; ".join(filter(None, (note([runtimes]), group.about.beyond(gap), group.never(gap)))) or None,
                **group.judged.columns(),
            }


def expected_cost(group: Group, runtimes: Runtimes, rng: np.random.Generator) -> tuple[float, float, float]:
    """ERT of a group's runtimes with its 95 % interval: over seeds where it was played without their noise.

    Otherwise over replays, by the bootstrap that `rng` draws.
    """
    if group.draws > 1:
        return ert_over_seeds(runtimes, group.draws, len(group.about.seeds))
    return ert(runtimes), *ert_interval(runtimes, rng)


def interval_words(group: Group) -> str:
    """What the interval of a cost is over, in words."""
    seeds = len(group.about.seeds)
    return f"over {seeds} seeds" if group.draws > 1 else "over replays of one surface"
