"""`tunecost compare --live`: compares a table of live tuning with replays of the same searchers, which it runs."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.commands.options import cost_model_text
from grids.commands.options import remark_on_targets
from grids.target import Count
from grids.terminal import Format, print_rows, progress, say

if TYPE_CHECKING:
    import pandas as pd

TABLE = (
    "searcher",
    "target",
    *(f"ert_{kind}" for kind in ("replayed", "noise", "live")),
    "live/replayed",
    "p_replayed",
    "live/noise",
    "p_noise",
    *(f"end_{kind}" for kind in ("replayed", "noise", "live")),
    "note",
)


def compare_live(
    path: Path,
    name: str,
    targets: tuple[float, ...],
    count: Count,
    relative: bool,
    named: Collection[str],
    repeats: int,
    jobs: int | None,
    seed: int,
    form: Format,
) -> None:
    """Replay the searchers of a live table on a surface and print the comparison of `analysis.live.live_rows`.

    Args:
        path: the file of the live table.
        name: of the surface, as a path or a name.
        targets: suboptimalities, in the surface's unit or in percent; empty: the surface's default targets.
        count: what is counted as cost.
        relative: read targets as percent of the surface's lowest value.
        named: searchers that the user named; of code that does not ship, only theirs is run.
        repeats: replays of each searcher.
        jobs: number of processes; None: all processors.
        seed: of the replays and the bootstrap.
        form: how rows are printed.

    Raises:
        BadInput: not a live table, a surface of another task, optimizer or space, or a searcher that is unknown, or
            does not ship and is not named.
    """
    from analysis.live import COLUMNS, LIVE, LiveTable, kinds_of_groups, live_rows
    from grids import replay_table
    from grids.library import find_surface, load_surface
    from grids.machine import cores
    from grids.surface_facts import SurfaceFacts
    from tuning.replay import replay
    from tuning.searchers import searcher_in_file

    table = LiveTable.of(*replay_table.read(path), str(path))
    for searcher in table.searchers:
        searcher_in_file(searcher, named, str(path))
    surface = load_surface(name)
    facts = SurfaceFacts.of(surface, find_surface(name))
    several = len(surface.seeds) > 1
    if not several:
        say(f"{name}: has one seed, so there are no replays with noise")
    with progress("replays", (1 + several) * len(table.searchers) * repeats) as advance:

        def play(noise: bool) -> "pd.DataFrame":
            return replay(
                {name: surface},
                table.searchers,
                repeats=repeats,
                max_trials=table.trials,
                seed=seed,
                jobs=cores() if jobs is None else jobs,
                noise=noise,
                advance=advance,
            )

        groups = kinds_of_groups(table, surface, facts, name, relative, play)
    facts = groups[LIVE][0].about
    rows = live_rows(groups, facts, table.trials, targets or facts.targets, count, seed=seed)
    if not targets and not relative:
        remark_on_targets([(name, facts.default_targets, facts.unit)])
    if not form.narrow:
        print_rows(rows, COLUMNS, form)
        return
    details = cost_model_text(groups[LIVE], count) + (", targets in percent of the lowest value" if relative else "")
    title = f"{name}: ERT in {count} within {table.trials} trials{details}; p: log-rank, by Holm's method; end: mean "
    title += f"suboptimality when all are spent, over {len(groups[LIVE][0].start) - 1} live studies a searcher"
    print_rows([_narrow(row) for row in rows], TABLE, form, title=title)


def _narrow(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the narrow table, with a ratio and its interval in one column: `1.8 [1.2, 2.6]`."""
    shown = dict(row)
    for kind in ("replayed", "noise"):
        numbers = [row[f"ratio_{kind}{part}"] for part in ("", "_low", "_high")]
        ratio, low, high = (f"{number:.3g}" if math.isfinite(number) else "-" for number in numbers)
        shown[f"live/{kind}"] = f"{ratio} [{low}, {high}]" if math.isfinite(numbers[0]) else None
        shown[f"p_{kind}"] = row[f"p_logrank_{kind}_holm"]
    return {name: shown[name] for name in TABLE}
