"""`tunecost exact`: runtimes of memoryless searchers, calculated instead of simulated."""

from typing import Annotated

import typer

from tuning.commands.options import TARGETS, Epoch, Form, SeedStatistic, Statistic, Surfaces, Targets, ValueOf, unusual
from tuning.terminal import Format, print_rows

SEARCHERS = ["random", "random-unique", "gld", "cgld"]
COLUMNS = ("surface", "optimizer", "task", "searcher", "target", "mean", "median", "q25", "q75", "ever")


def exact(
    surfaces: Surfaces,
    searchers: Annotated[
        list[str] | None,
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="Once for each: random, random-unique, gld or cgld; options as gld:radius_max=10.",
            show_default=", ".join(SEARCHERS),
        ),
    ] = None,
    target: Targets = TARGETS,
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
    from grids.target import check_targets
    from tuning.arena import Arena
    from tuning.exact import exact_laws

    targets = check_targets(target)
    for trial in by or ():
        if trial < 1:
            raise BadInput(f"--by must be 1 or more, not {trial}")
    rows = []
    for label in dict.fromkeys(surfaces):
        arena = Arena.of(label, load_surface(label, value_of), seed_statistic)
        table = arena.value.reshape(arena.space.shape)
        for text in dict.fromkeys(searchers or SEARCHERS):
            for level, law in zip(targets, exact_laws(table, text, targets), strict=True):
                q25, median, q75 = law.quantiles([0.25, 0.5, 0.75])
                known = (label, arena.optimizer, arena.task, text, level, law.mean, median, q25, q75, law.ever)
                row = dict(zip(COLUMNS, known, strict=True))
                hit = law.hit(max(by or (0,)))
                row |= {f"hit_by_{trial}": float(hit[trial]) for trial in by or ()}
                rows.append(row | {"seed_statistic": seed_statistic.value, "value_of": value_of.value})
    if form == Format.table:
        hidden = {"seed_statistic", "value_of"}.difference(unusual(rows))
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in rows]
    print_rows(rows, COLUMNS, form, title="exact runtimes, in trials")
