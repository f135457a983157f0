"""`tunecost exact`: exact runtime distributions of memoryless searchers, calculated without simulation."""

from typing import Annotated

import typer

from grids.commands.options import (
    Form,
    Levels,
    Lowest,
    Relative,
    SeedStatistic,
    Surfaces,
    Targets,
    ValueOf,
    Within,
    check_least,
    nondefault_columns,
    remark_on_range,
    remark_on_targets,
)
from grids.terminal import Format, print_rows, say


def exact(
    surfaces: Surfaces,
    searchers: Annotated[
        list[str] | None,
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="One of {exact_searchers}, options as gld:radius_max=10; may be given again.",
            show_default="{exact_searchers}",
        ),
    ] = None,
    target: Targets = None,
    level: Levels = None,
    by: Annotated[
        list[int] | None,
        typer.Option(help="Add the probability of a hit by this trial; may be given again.", show_default="none"),
    ] = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    relative: Relative = False,
    within: Within = None,
    lowest: Annotated[
        Lowest | None,
        typer.Option(
            "--lowest",
            help="Measure suboptimality from the whole surface's own lowest value, from the lowest of all given "
            "surfaces of its task, or from the lowest --within.",
            show_default="own",
        ),
    ] = None,
    form: Form = Format.table,
) -> None:
    """Trials to a target, exactly: mean and quartiles of the runtime, and `ever`, the probability that it is finite.

    An infinite mean or quantile (a searcher may never reach the target) is shown as missing.
    """
    from grids.library import load_surface
    from grids.metric import default_targets, shared_targets
    from grids.target import RELATIVE_TARGETS, RELATIVE_UNIT, check_levels, check_targets
    from tuning.exact.table import COLUMNS, Table, add_rows
    from tuning.replay import check_lowest

    targets = check_targets(target or [])
    levels = check_levels(level or [], targets, relative, lowest)
    origin = lowest or "own"
    for trial in by or ():
        check_least("by", trial, 1)
    if origin != "all":
        check_lowest(origin, within)
    judged: dict[str, str] = {"seed_statistic": seed_statistic, "value_of": value_of}
    judged |= {} if within is None else {"within": within, "lowest": origin}
    judged |= {"lowest": "level" if levels else origin} if levels or origin == "all" else {}
    loaded = {label: load_surface(label, value_of) for label in dict.fromkeys(surfaces)}
    of_task: dict[str, float] = {}
    for surface in loaded.values():
        task, least = surface.provenance.task, float(surface.table(seed_statistic).min())
        of_task[task] = min(least, of_task.get(task, least))
    defaults = {label: default_targets(surface, seed_statistic) for label, surface in loaded.items()}
    shared = shared_targets((loaded[label].provenance.task, own) for label, own in defaults.items())
    table = Table()
    for label, surface in loaded.items():
        add_rows(
            table,
            label,
            surface,
            searchers or (),
            targets,
            by=by or (),
            seed_statistic=seed_statistic,
            within=within,
            lowest=origin,
            levels=levels,
            of_task=of_task[surface.provenance.task],
            usual=shared.get(surface.provenance.task, defaults[label]),
            percent=(RELATIVE_TARGETS, RELATIVE_UNIT) if relative else None,
        )
    rows = [row | judged for row in table.rows]
    for message in table.left_out:
        say(message)
    remark_on_range(table.ranges, targets if not relative else [])
    for label, surface in loaded.items():
        sense = -1 if surface.provenance.maximized else 1
        for each in levels:
            if (surface.table(seed_statistic) <= sense * each).all():
                say(f"{label}: every cell reaches the level {each:g}")
    remark_on_targets(table.derived)
    if form.narrow:
        hidden = {"seed_statistic", "value_of", "lowest"}.difference(nondefault_columns(rows))
        if len({row["unit"] for row in rows}) == 1:
            hidden.add("unit")
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    shown = [name for name in COLUMNS if name in rows[0]]
    print_rows(rows, shown, form, title="exact runtimes, in trials")
