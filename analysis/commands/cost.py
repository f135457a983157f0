"""`tunecost cost`: from replay tables, the trials that each searcher needs to reach each target."""

from analysis.commands.options import CostOptions, cost_model_text
from grids.commands.options import (
    BootstrapSeed,
    Form,
    Levels,
    Replays,
    Targets,
    nondefault_columns,
    remark_on_targets,
    with_columns,
)
from grids.terminal import Format, print_rows


def cost(
    replays: Replays,
    options: CostOptions,
    target: Targets = None,
    level: Levels = None,
    seed: BootstrapSeed = 0,
    form: Form = Format.table,
) -> None:
    """Trials to reach a target: mean, quartiles and expected runtime (ERT) with its 95% bootstrap interval.

    A replay that ended before the target is censored there. Mean and quantiles are Kaplan–Meier estimates, empty where
    the replays do not determine them (the mean: if the longest replay is censored). ERT is all trials spent, divided
    by the number of hits; its upper end is empty where there are too few hits to bound it. `restricted_mean` (CSV,
    JSON) is the mean of the trials spent up to the longest replay. Below 5 hits, a note warns.

    The interval is over replays of one surface, whose own luck it does not know: the lowest of many means over few
    seeds is too low, so that costs are overstated. --noiseless gives the cost without it, with an interval over seeds.
    """
    from analysis.cost import COLUMNS, NARROW, cost_rows
    from grids.target import check_levels, check_targets
    from grids.units import of_difference

    targets = check_targets(target or [])
    levels = check_levels(level or [], targets, options.relative, options.lowest)
    count, relative = options.count, options.relative
    groups = options.groups(replays, levels=levels)
    rows = list(cost_rows(groups, targets or None, count, levels=levels, seed=seed))
    if not (targets or levels or relative):
        remark_on_targets((group.surface, group.about.default_targets, group.about.unit) for group in groups)
    if form.narrow:
        # To fit a terminal, task and optimizer are left to the surface's name, and the count to the title.
        units = {row["unit"] for row in rows}
        shown = (*NARROW, *(("unit",) if len(units) > 1 else ()), *nondefault_columns(rows))
        title = f"cost in {count}{cost_model_text(groups, count)}"
        if relative:
            title += ", targets in percent of the lowest value"
        elif levels:
            title += ", to the value named as target"
        elif len(units) == 1 and units != {""}:
            title += f", targets in {of_difference(units.pop())}"
        title += f"; intervals {' or '.join(dict.fromkeys(row['interval'] for row in rows))}"
        print_rows([with_columns(row, shown) for row in rows], shown, form, title=title)
    else:
        print_rows(rows, COLUMNS, form)
