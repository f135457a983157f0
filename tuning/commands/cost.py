"""`tunecost cost`: a replay table in, trials to each target out."""

from typing import Annotated

import typer

from grids.target import Count
from tuning.commands.options import TARGETS, BootstrapSeed, Counted, Form, Replays, Targets, unusual
from tuning.terminal import Format, print_rows

TABLE = (
    "surface",
    "searcher",
    "target",
    "repeats",
    "hits",
    "mean",
    "median",
    "q25",
    "q75",
    "ert",
    "ert_low",
    "ert_high",
    "note",
)


def cost(
    replays: Replays,
    target: Targets = TARGETS,
    count: Counted = Count.trials,
    relative: Annotated[
        bool, typer.Option("--relative", help="Read targets as percent of the surface's lowest value.")
    ] = False,
    seed: BootstrapSeed = 0,
    form: Form = Format.table,
) -> None:
    """Trials to reach a target: mean, quartiles and expected runtime (ERT) with its 95% bootstrap interval.

    A replay that ended before the target is censored there. Mean and quantiles are Kaplan–Meier's, empty where the
    replays do not reach them: a mean, wherever the longest replay is censored. ERT is all trials spent over hits;
    its upper end is empty where hits are too few to bound it. `restricted_mean` (CSV, JSON) is the mean of what was
    spent up to the longest replay. Under 5 hits, a note warns.
    """
    from analysis.cost import COLUMNS, cost_rows
    from analysis.replays import load_groups
    from grids.target import check_targets

    targets = check_targets(target)
    rows = list(cost_rows(load_groups(replays), targets, count, relative=relative, seed=seed))
    if form == Format.table:
        # A terminal is narrow: the surface's name says task and optimizer, the title says what is counted.
        shown = (*TABLE, *unusual(rows))
        print_rows([{name: row[name] for name in shown} for row in rows], shown, form, title=f"cost in {count}")
    else:
        print_rows(rows, COLUMNS, form)
