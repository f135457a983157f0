"""The cost table: the cost at which each searcher reaches each target on each surface."""

from collections.abc import Iterator, Sequence
from typing import Any

from analysis import survival
from analysis.ert import ert, ert_interval, note, stream
from analysis.levels import goals, in_percent
from analysis.replays import Group
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

    The others are `restricted_mean`, `cost_model`, `note`, and the options of the replays.

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
            q25, median, q75 = survival.quantiles(runtimes, (0.25, 0.5, 0.75))
            low, high = ert_interval(runtimes, stream(seed, *group.key, target, count))
            yield {
                **group.names,
                "target": target,
                "count": str(count),
                "repeats": runtimes.repeats,
                "hits": runtimes.hits,
                "mean": survival.mean(runtimes),
                "median": median,
                "q25": q25,
                "q75": q75,
                "ert": ert(runtimes),
                "ert_low": low,
                "ert_high": high,
                "unit": group.about.unit,
                "restricted_mean": survival.restricted_mean(runtimes),
                "cost_model": group.judged.cost_model,
                "note": "; ".join(filter(None, (note([runtimes]), group.about.beyond(gap), group.never(gap)))) or None,
                **group.judged.columns(),
            }
