"""`tunecost exact`: runtimes of memoryless searchers, calculated instead of simulated."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuning.commands.options import (
    Epoch,
    Form,
    PartLowest,
    PartOf,
    Relative,
    SeedStatistic,
    Statistic,
    Surfaces,
    Targets,
    ValueOf,
    Within,
    remark_on_range,
    remark_on_targets,
    unusual,
)
from tuning.terminal import Format, print_rows, say

if TYPE_CHECKING:
    from grids.metric import Targets as DefaultTargets
    from grids.surface import Surface

COLUMNS = ("surface", "optimizer", "task", "searcher", "target", "mean", "median", "q25", "q75", "ever", "unit")


def exact(
    surfaces: Surfaces,
    searchers: Annotated[
        list[str] | None,
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="Once for each: {exact_searchers}; options as gld:radius_max=10.",
            show_default="{exact_searchers}",
        ),
    ] = None,
    target: Targets = None,
    by: Annotated[
        list[int] | None,
        typer.Option(help="Add the probability of a hit by this trial; may be given again.", show_default="none"),
    ] = None,
    seed_statistic: SeedStatistic = Statistic.mean,
    value_of: ValueOf = Epoch.last,
    relative: Relative = False,
    within: Within = None,
    lowest: PartLowest = PartOf.own,
    form: Form = Format.table,
) -> None:
    """Trials to a target, exactly: mean and quartiles of the runtime, and `ever`, the probability that it is finite.

    A mean or quantile that is infinite (a searcher may be stuck for ever) is shown as missing.
    """
    import numpy as np

    from analysis.levels import RELATIVE_TARGETS, RELATIVE_UNIT
    from grids.errors import BadInput
    from grids.library import load_surface
    from grids.metric import default_targets
    from grids.surface_facts import SurfaceFacts
    from grids.target import check_targets
    from grids.within import within as narrowed
    from tuning.arena import Arena
    from tuning.exact import EXACT, exact_laws
    from tuning.replay import check_lowest

    targets = check_targets(target or [])
    for trial in by or ():
        if trial < 1:
            raise BadInput(f"--by must be 1 or more, not {trial}")
    check_lowest(lowest.value, within)
    judged = {"seed_statistic": seed_statistic.value, "value_of": value_of.value}
    judged |= {} if within is None else {"within": within, "lowest": lowest.value}
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    ranges: list[tuple[str, SurfaceFacts]] = []
    defaults: list[tuple[str, DefaultTargets, str]] = []
    for label in dict.fromkeys(surfaces):
        whole = load_surface(label, value_of)
        surface = whole if within is None else narrowed(whole, within)
        least = float(whole.table(seed_statistic).min()) if lowest == PartOf.own else None
        arena = Arena.of(label, surface, seed_statistic, lowest=least)
        wanted, scale, unit = targets, 1.0, surface.provenance.unit
        if relative:
            if arena.lowest == 0:
                raise BadInput(f"{label}: relative targets need a lowest value other than 0")
            wanted, scale, unit = targets or RELATIVE_TARGETS, abs(arena.lowest) / 100, RELATIVE_UNIT
        if not wanted:
            own = default_targets(whole, seed_statistic)
            defaults.append((label, own, unit))
            wanted = own.values
        ranges.append((label, SurfaceFacts(span=float(np.ptp(arena.value / 2.0)) * 2.0)))
        table = arena.value.reshape(surface.space.shape)
        for text in _known(surface, label, list(dict.fromkeys(searchers or EXACT)), bool(searchers), left_out):
            laws = exact_laws(table, text, [level * scale for level in wanted], arena.lowest)
            for level, law in zip(wanted, laws, strict=True):
                q25, median, q75 = law.quantiles([0.25, 0.5, 0.75])
                known = (label, arena.optimizer, arena.task, text, level, law.mean, median, q25, q75, law.ever, unit)
                row = dict(zip(COLUMNS, known, strict=True))
                hit = law.hit(max(by or (0,)))
                row |= {f"hit_by_{trial}": float(hit[trial]) for trial in by or ()}
                rows.append(row | judged)
    for words in left_out:
        say(words)
    remark_on_range(ranges, targets if not relative else [])
    remark_on_targets(defaults)
    if form.narrow:
        hidden = {"seed_statistic", "value_of", "lowest"}.difference(unusual(rows))
        if len({row["unit"] for row in rows}) == 1:
            hidden.add("unit")
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    shown = [name for name in COLUMNS if name in rows[0]]
    print_rows(rows, shown, form, title="exact runtimes, in trials")


def _known(surface: "Surface", label: str, texts: list[str], named: bool, left_out: list[str]) -> list[str]:
    """The searchers whose law is within reach on this surface; of the others `left_out` gets a line.

    Raises:
        BadInput: none is, or a searcher that was named does not work on a pool.
    """
    from grids.errors import BadInput
    from tuning.exact import MOST_CELLS, too_large
    from tuning.replay import not_on_a_pool
    from tuning.searchers import get_searcher

    on_pool = [text for text in texts if surface.space.is_pool and not get_searcher(text).from_list]
    if on_pool and (named or len(on_pool) == len(texts)):
        raise BadInput(not_on_a_pool(get_searcher(on_pool[0]), label))
    large = [text for text in texts if text not in on_pool and too_large(text, surface.space.size)]
    size = f"{surface.space.size:,} cells, exact laws of these go up to {MOST_CELLS:,}; replay them"
    if len(large) == len(texts):
        raise BadInput(f"{label}: searcher '{large[0]}': {size}")
    if large:
        left_out.append(f"{label}: left out {', '.join(large)}: {size}")
    if on_pool:
        left_out.append(f"{label}: left out {', '.join(on_pool)}: a pool's configurations have no neighbours")
    return [text for text in texts if text not in large and text not in on_pool]
