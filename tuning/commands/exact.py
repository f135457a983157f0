"""`tunecost exact`: runtimes of memoryless searchers, calculated instead of simulated."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuning.commands.options import (
    Epoch,
    Form,
    SeedStatistic,
    Statistic,
    Surfaces,
    Targets,
    ValueOf,
    remark_on_targets,
    unusual,
)
from tuning.terminal import Format, print_rows

if TYPE_CHECKING:
    from grids.metric import Targets as DefaultTargets

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
    form: Form = Format.table,
) -> None:
    """Trials to a target, exactly: mean and quartiles of the runtime, and `ever`, the probability that it is finite.

    A mean or quantile that is infinite (a searcher may be stuck for ever) is shown as missing.
    """
    from grids.errors import BadInput
    from grids.library import load_surface
    from grids.metric import default_targets
    from grids.target import check_targets
    from tuning.arena import Arena
    from tuning.exact import EXACT, exact_laws

    targets = check_targets(target or [])
    for trial in by or ():
        if trial < 1:
            raise BadInput(f"--by must be 1 or more, not {trial}")
    rows: list[dict[str, Any]] = []
    defaults: list[tuple[str, DefaultTargets, str]] = []
    for label in dict.fromkeys(surfaces):
        surface = load_surface(label, value_of)
        arena, unit = Arena.of(label, surface, seed_statistic), surface.provenance.unit
        wanted = targets
        if not targets:
            own = default_targets(surface, seed_statistic)
            defaults.append((label, own, unit))
            wanted = own.values
        table = arena.value.reshape(arena.space.shape)
        for text in dict.fromkeys(searchers or EXACT):
            for level, law in zip(wanted, exact_laws(table, text, wanted), strict=True):
                q25, median, q75 = law.quantiles([0.25, 0.5, 0.75])
                known = (label, arena.optimizer, arena.task, text, level, law.mean, median, q25, q75, law.ever, unit)
                row = dict(zip(COLUMNS, known, strict=True))
                hit = law.hit(max(by or (0,)))
                row |= {f"hit_by_{trial}": float(hit[trial]) for trial in by or ()}
                rows.append(row | {"seed_statistic": seed_statistic.value, "value_of": value_of.value})
    remark_on_targets(defaults)
    if form == Format.table:
        hidden = {"seed_statistic", "value_of"}.difference(unusual(rows))
        if len({row["unit"] for row in rows}) == 1:
            hidden.add("unit")
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    shown = [name for name in COLUMNS if name in rows[0]]
    print_rows(rows, shown, form, title="exact runtimes, in trials")
