"""Rank optimizers, or searchers, by their cost over several tasks, and test whether ranks differ by more than chance.

Each task is one observation, so few tasks are weak evidence, however many replays each has: with five tasks even the
same winner on all can be chance (Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", 2006).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from analysis.ert import ert, resampled_ert, stream
from analysis.levels import goals
from analysis.replays import Group, common_targets
from grids.errors import BadInput
from grids.target import Count

FEW_TASKS = 10
"""Ranks over fewer tasks than this are marked as weak evidence."""
_RESAMPLES = 2000


def rank_rows(
    groups: Sequence[Group],
    of: str = "optimizer",
    targets: Sequence[float] | None = None,
    count: Count = Count.trials,
    *,
    levels: Sequence[float] | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row for each contestant and target, the best first.

    Optimizers are ranked under each searcher, searchers under each optimizer. The rank on a task is by expected
    runtime, 1 for the lowest; contestants without a hit share the last rank. The interval of the mean rank is a 95 %
    bootstrap over tasks, and over the replays of each.

    Args:
        groups: of several tasks.
        of: what is ranked, `optimizer` or `searcher`.
        targets: suboptimality; each task's first where not given.
        count: the kind of cost.
        levels: absolute values instead of targets.
        seed: of the bootstrap.

    Raises:
        BadInput: fewer than two tasks, or than two contestants that all tasks have; several surfaces of one optimizer
            and task.
    """
    under = "searcher" if of == "optimizer" else "optimizer"
    rows: list[dict[str, Any]] = []
    for fixed in dict.fromkeys(getattr(group, under) for group in groups):
        table = _by_task([group for group in groups if getattr(group, under) == fixed], of)
        names = dict.fromkeys(name for one in table.values() for name in one)
        shared = [name for name in names if all(name in one for one in table.values())]
        if len(table) > 1 and len(shared) > 1:
            named: Sequence[float | None] = levels or targets or [None]
            for goal in named:
                rows += _rows(fixed, table, shared, of, goal, bool(levels), count, seed)
    if not rows:
        raise BadInput(
            f"--across tasks needs two tasks or more, and two {of}s or more that were replayed on each of them; here "
            f"are the tasks {', '.join(dict.fromkeys(group.task for group in groups))}"
        )
    return rows


def _by_task(groups: Sequence[Group], of: str) -> dict[str, dict[str, Group]]:
    """The groups by task and contestant."""
    found: dict[str, dict[str, Group]] = {}
    for group in groups:
        task, name = found.setdefault(group.task, {}), getattr(group, of)
        if name in task:
            raise BadInput(
                f"{task[name].surface} and {group.surface} are both {name} on {group.task}: rank one of them at a time"
            )
        task[name] = group
    return found


def _rows(
    fixed: str,
    table: dict[str, dict[str, Group]],
    names: Sequence[str],
    of: str,
    goal: float | None,
    is_level: bool,
    count: Count,
    seed: int,
) -> Iterator[dict[str, Any]]:
    from scipy.stats import rankdata

    costs, drawn, used = np.empty((len(table), len(names))), [], []
    for place, (task, groups) in enumerate(table.items()):
        target = common_targets([groups[name] for name in names])[0] if goal is None else goal
        used.append(target)
        runtimes = []
        for name in names:
            ((_, group, gap),) = goals(groups[name], [target], [target] if is_level else None)
            runtimes.append(group.runtimes(gap, count))
        costs[place] = [ert(one) if one.hits else np.inf for one in runtimes]
        rng = stream(seed, task, fixed, target, count, "ranks")
        drawn.append(rankdata([resampled_ert(one, rng, _RESAMPLES) for one in runtimes], axis=0))
    ranks = rankdata(costs, axis=1)
    mean, (low, high) = ranks.mean(axis=0), _interval(np.array(drawn), stream(seed, fixed, str(used), "tasks"))
    p, test = chance(ranks)
    few = f"{len(table)} tasks are few: weak evidence" if len(table) < FEW_TASKS else None
    for place in np.argsort(mean, kind="stable").tolist():
        yield {
            **{kind: names[place] if kind == of else fixed for kind in ("searcher", "optimizer")},
            "target": used[0] if len(set(used)) == 1 else None,
            "count": str(count),
            "tasks": len(table),
            "mean_rank": float(mean[place]),
            "rank_low": float(low[place]),
            "rank_high": float(high[place]),
            "best_on": int((ranks[:, place] == ranks.min(axis=1)).sum()),
            "p": p,
            "test": test,
            "note": few,
        }


def _interval(ranks: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The interval of the mean rank over resampled tasks, from ranks `[tasks, contestants, resamples]` of replays."""
    tasks, _, resamples = ranks.shape
    chosen = rng.integers(tasks, size=(tasks, resamples))
    means = ranks[chosen, :, np.arange(resamples)].mean(axis=0)
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return low, high


def chance(ranks: np.ndarray) -> tuple[float, str]:
    """The p-value of ranks `[tasks, contestants]` if all contestants are alike, and the test's name; NaN if all tie.

    Friedman's test for three or more contestants, the sign test without ties for two.
    """
    from scipy.stats import binomtest, friedmanchisquare

    if ranks.shape[1] > 2:
        if (ranks == ranks[:, :1]).all():
            return float("nan"), "Friedman"
        return float(friedmanchisquare(*ranks.T).pvalue), "Friedman"
    wins, losses = int((ranks[:, 0] < ranks[:, 1]).sum()), int((ranks[:, 0] > ranks[:, 1]).sum())
    if not wins + losses:
        return float("nan"), "sign"
    return float(binomtest(wins, wins + losses).pvalue), "sign"
