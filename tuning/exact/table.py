"""The rows of `tunecost exact`: calculated runtimes of searchers on surfaces."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.metric import Targets, default_targets
from grids.surface import Surface
from grids.surface_facts import SurfaceFacts
from grids.within import within as narrowed
from tuning.exact.laws import EXACT, exact_laws, most_cells, too_large
from tuning.problem import TabularProblem
from tuning.replay import not_on_a_pool
from tuning.searchers import get_searcher

COLUMNS = ("surface", "optimizer", "task", "searcher", "target", "mean", "median", "q25", "q75", "ever", "unit")


@dataclass
class Table:
    """The rows, and the notes that are printed with them.

    Args:
        rows: with the keys of COLUMNS, then `hit_by_…`.
        left_out: a line for each surface on which a searcher's law cannot be calculated.
        ranges: for each surface, its name and the range of its values.
        derived: where default targets were used: the surface's name, the targets, its unit.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    ranges: list[tuple[str, SurfaceFacts]] = field(default_factory=list)
    derived: list[tuple[str, Targets, str]] = field(default_factory=list)


def add_rows(
    table: Table,
    label: str,
    whole: Surface,
    searchers: Sequence[str],
    targets: Sequence[float],
    *,
    by: Sequence[int] = (),
    seed_statistic: str = "mean",
    within: str | None = None,
    lowest: str = "own",
    levels: Sequence[float] = (),
    of_task: float | None = None,
    usual: Targets | None = None,
    percent: tuple[Sequence[float], str] | None = None,
) -> None:
    """Add one surface's rows to `table`: one for each searcher and target.

    Args:
        label: the surface's name, as the user gave it.
        whole: the surface.
        searchers: texts; every searcher with an exact law where none is named.
        targets: suboptimalities; the surface's default targets where none is given.
        by: numbers of trials; for each, the probability of a hit by then is a column.
        seed_statistic: how the values of a cell's seeds become its one value.
        within: a part of the space, which is all that searchers see.
        lowest: `own`: suboptimality is measured from the lowest value of the whole surface; `within`: of that part;
            `all`: from `of_task`.
        levels: absolute values to reach, in the metric's own sense, in place of targets.
        of_task: the lowest value of all surfaces of the task.
        usual: default targets in place of the surface's own.
        percent: read targets as percent of the absolute lowest value; the default percentages, and the unit's name.

    Raises:
        BadInput: no searcher's law can be calculated, a named searcher does not work on a pool, or percent of 0.
    """
    surface = whole if within is None else narrowed(whole, within)
    own = float(whole.table(seed_statistic).min())
    least = {"own": own, "all": of_task}.get(lowest)
    problem = TabularProblem.of(label, surface, seed_statistic, lowest=least)
    wanted, scale, unit = targets, 1.0, surface.provenance.unit
    if percent is not None:
        if problem.lowest == 0:
            raise BadInput(f"{label}: relative targets need a lowest value other than 0")
        wanted, scale, unit = targets or percent[0], abs(problem.lowest) / 100, percent[1]
    if not (wanted or levels):
        usual = usual or default_targets(whole, seed_statistic)
        table.derived.append((label, usual, unit))
        wanted = usual.values
    table.ranges.append((label, SurfaceFacts(span=float(np.ptp(problem.value / 2.0)) * 2.0)))
    sense = -1.0 if surface.provenance.maximized else 1.0
    values = problem.value.reshape(surface.space.shape)
    texts = list(dict.fromkeys(searchers or EXACT))
    for text in _within_reach(surface, label, texts, bool(searchers), table.left_out):
        if levels:
            # A value is reached where it is no worse: a distance of 0 from the level.
            laws = [exact_laws(values, text, [0.0], sense * level, surface.space)[0] for level in levels]
        else:
            laws = exact_laws(values, text, [target * scale for target in wanted], problem.lowest, surface.space)
        for level, law in zip(levels or wanted, laws, strict=True):
            q25, median, q75 = law.quantiles([0.25, 0.5, 0.75])
            known = (label, problem.optimizer, problem.task, text, level, law.mean, median, q25, q75, law.ever, unit)
            chances = {f"hit_by_{trial}": float(hit) for trial, hit in zip(by, law.hit_by(by), strict=True)}
            table.rows.append(dict(zip(COLUMNS, known, strict=True)) | chances)


def _within_reach(surface: Surface, label: str, texts: list[str], named: bool, left_out: list[str]) -> list[str]:
    """The searchers whose law can be calculated on this surface; a line about the others is added to `left_out`.

    Raises:
        BadInput: there is none, or a named searcher does not work on a pool.
    """
    on_pool = [text for text in texts if surface.space.is_pool and not get_searcher(text).from_list]
    if on_pool and (named or len(on_pool) == len(texts)):
        raise BadInput(not_on_a_pool(get_searcher(on_pool[0]), label))
    large = [text for text in texts if text not in on_pool and too_large(text, surface.space.size)]
    most = most_cells(large[0]) if large else None
    size = f"{surface.space.size:,} cells, exact laws of these go up to {most or 0:,}; replay them"
    if len(large) == len(texts):
        raise BadInput(f"{label}: searcher '{large[0]}': {size}")
    if large:
        left_out.append(f"{label}: left out {', '.join(large)}: {size}")
    if on_pool:
        left_out.append(f"{label}: left out {', '.join(on_pool)}: a pool's configurations have no neighbours")
    return [text for text in texts if text not in large and text not in on_pool]
