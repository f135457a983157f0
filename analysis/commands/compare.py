"""`tunecost compare`: compares two optimizers, two searchers, or live tuning and replay; or ranks over tasks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from analysis.commands.compare_live import compare_live
from analysis.commands.options import CostOptions, again, cost_model_text
from grids.commands.options import (
    BootstrapSeed,
    Form,
    Jobs,
    Levels,
    OwnSearchers,
    Targets,
    nondefault_columns,
    remark_on_targets,
    with_columns,
)
from grids.errors import BadInput
from grids.target import Count
from grids.terminal import Format, print_rows, say

if TYPE_CHECKING:
    from analysis.replays import Group

Across = Literal["tasks"]
"""The kinds of things that ranks are averaged over."""
Ranked = Literal["optimizer", "searcher"]
"""The kinds of things that are ranked."""


def compare(
    options: CostOptions,
    a: Annotated[
        str | None,
        typer.Argument(help="An optimizer or a searcher of the replay tables; a surface, with --live.", metavar="A"),
    ] = None,
    b: Annotated[str | None, typer.Argument(help="Another one, of the same kind.", metavar="B")] = None,
    tables: Annotated[
        list[Path] | None, typer.Argument(help="Replay table(s), from `tunecost replay`.", metavar="REPLAYS")
    ] = None,
    replays: Annotated[
        list[Path] | None,
        typer.Option(help="Replay table; may be given again.", show_default="replays.parquet"),
    ] = None,
    live: Annotated[
        Path | None,
        typer.Option(
            metavar="LIVE",
            help="A table from `tunecost tune`, compared with replays of its searchers on the surface A.",
        ),
    ] = None,
    searchers: OwnSearchers = None,
    repeats: Annotated[int, typer.Option(min=1, help="With --live: replays of each searcher.")] = 1000,
    jobs: Jobs = None,
    target: Targets = None,
    level: Levels = None,
    across: Annotated[
        Across | None,
        typer.Option(
            help="Instead of A with B: mean ranks of all optimizers over the tables' tasks, with uncertainty.",
            show_default="none",
        ),
    ] = None,
    ranked: Annotated[Ranked, typer.Option("--of", help="With --across: what is ranked.")] = "optimizer",
    seed: BootstrapSeed = 0,
    form: Form = Format.table,
) -> None:
    """What B costs against A: two optimizers for each searcher, or two searchers for each surface.

    Difference (B - A) and ratio (B / A) of the expected runtimes (ERT) with 95% intervals and p-values, each also
    corrected by Holm's method for the number of rows. Two optimizers are compared over the seeds of their surfaces,
    where these are here and have several: replays, however many, tell only of the luck of these seeds. Otherwise, and
    for two searchers on one surface, intervals are bootstrapped over replays and p-values are those of the log-rank and
    the Mann-Whitney test. Below 5 hits, a note warns.
    With --across tasks: all optimizers (--of searcher: all searchers) ranked on each task by ERT, the mean rank with
    its 95% bootstrap interval over tasks and replays, and Friedman's test; few tasks are weak evidence.

    With --live: the cost of its searchers live, replayed on the surface's mean, and replayed with the noise between its
    seeds (all within the live studies' budget); `end` is the mean suboptimality of the cells chosen at the end.
    """
    from analysis.compare import compare_rows, pairs
    from analysis.levels import judged_groups
    from grids.target import check_levels, check_targets

    count, relative, lowest = options.count, options.relative, options.lowest
    targets = check_targets(target or [])
    levels = check_levels(level or [], targets, relative, lowest)
    if live is not None:
        if a is None:
            raise _missing("SURFACE")
        if b is not None or tables or replays or lowest is not None or levels or across is not None:
            raise BadInput("--live takes one surface and no other tables: compare --live live.parquet SURFACE")
        compare_live(live, a, targets, count, relative, searchers or (), repeats, jobs, seed, form)
        return
    if searchers:
        raise BadInput("-s belongs to --live: of replays, no searcher runs")
    if across is not None:
        paths = [*(Path(name) for name in (a, b) if name is not None), *(tables or []), *(replays or [])]
        _print_ranks(judged_groups(paths, relative, lowest), ranked, targets, levels, count, seed, form)
        return
    if a is None or b is None:
        raise _missing("A" if a is None else "B")
    paths = [*(tables or []), *(replays or [])]
    if not paths:
        paths = [Path("replays.parquet")]
        if not paths[0].exists():
            raise BadInput("no replay table is given, and there is no replays.parquet here")
    groups = options.groups(paths, levels=levels)
    compared = {side.key: side for both in pairs(groups, a, b) for side in both if both[0].surface != both[1].surface}
    spread = {key: one for key, one in compared.items() if one.draws > 1}
    if not (relative or levels or lowest is not None or options.noiseless):
        spread = again().over_seeds(compared.values(), paths)
    rows = compare_rows(groups, a, b, targets or None, count, levels=levels, seed=seed, noiseless=spread)
    if not (targets or levels):
        shown_surfaces = {row[name] for row in rows for name in ("surface_a", "surface_b")}
        abouts = ((group.surface, group.about) for group in groups if group.surface in shown_surfaces)
        remark_on_targets((name, about.default_targets, about.unit) for name, about in abouts)
    if form.narrow:
        same_searcher = all(row["searcher_a"] == row["searcher_b"] for row in rows)
        shown = (
            *(("task", "searcher_a") if same_searcher else ("surface_a",)),
            *("target", "ert_a", "ert_b", "ratio", "ratio_low", "ratio_high"),
            *(
                test
                for test in ("p_seeds_holm", "p_logrank_holm", "p_mannwhitney_holm")
                if any(row[test] == row[test] for row in rows)
            ),
            "note",
            *nondefault_columns(rows),
        )
        headings = {
            name: name.removesuffix("_a") if name.startswith(("searcher", "surface")) else name for name in shown
        }
        details = cost_model_text(groups, count) + (", targets in percent of the lowest value" if relative else "")
        details += ", to the value named as target" if levels else ""
        narrow = [{headings[name]: item for name, item in with_columns(row, shown).items()} for row in rows]
        print_rows(
            narrow,
            list(headings.values()),
            form,
            title=f"a: {a}, b: {b}; cost in {count}{details}; p by Holm's method",
        )
    else:
        print_rows(rows, list(rows[0]), form)


def _missing(argument: str) -> BadInput:
    """The usage error for an argument that is optional on the command line but needed with the given options."""
    return BadInput(f"Missing argument '{argument}' (see 'tunecost compare --help')")


def _print_ranks(
    groups: "list[Group]",
    of: str,
    targets: Sequence[float],
    levels: Sequence[float],
    count: Count,
    seed: int,
    form: Format,
) -> None:
    """Print mean ranks over tasks. Raises BadInput where `analysis.ranks.rank_rows` does."""
    from analysis.ranks import rank_rows

    rows = rank_rows(groups, of, targets or None, count, levels=levels, seed=seed)
    notes = [row.pop("note") for row in rows] if form.narrow else []
    goal = "their own first targets" if not (targets or levels) else "the targets named"
    print_rows(rows, list(rows[0]), form, title=f"mean rank over tasks by cost in {count} to {goal}")
    for note in dict.fromkeys(filter(None, notes)):
        say(note)
