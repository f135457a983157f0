"""Arguments and options that several commands share, each named and worded once."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.target import Count
from tuning.terminal import Format, say

if TYPE_CHECKING:
    from analysis.replays import Group
    from grids.metric import Targets as DefaultTargets
    from grids.surface_facts import SurfaceFacts


class Statistic(enum.StrEnum):
    """The names of `grids.surface.SEED_STATISTICS`, which this need not load numpy to list."""

    mean = "mean"
    median = "median"
    best = "best"
    worst = "worst"


class Epoch(enum.StrEnum):
    """The names of `grids.surface.EPOCHS`, likewise."""

    last = "last"
    best = "best"


class Lowest(enum.StrEnum):
    """What suboptimality is measured from, of replays that are there."""

    own = "own"
    all = "all"
    within = "within"


class PartOf(enum.StrEnum):
    """Likewise, of surfaces."""

    own = "own"
    within = "within"


Surfaces = Annotated[
    list[str], typer.Argument(metavar="SURFACE...", help="Surfaces: paths, or names as `digits-mlp/adam`.")
]
Replays = Annotated[list[Path], typer.Argument(metavar="REPLAYS", help="Replay table(s), from `tunecost replay`.")]
Targets = Annotated[
    list[float] | None,
    typer.Option(
        "--target",
        help="Suboptimality to reach, in the surface's unit; may be given again.",
        show_default="the surface's targets",
    ),
]
Levels = Annotated[
    list[float] | None,
    typer.Option(
        "--level",
        metavar="VALUE",
        help="In place of targets: the value to reach, in the metric's own unit, whatever the surface's best; may be "
        "given again.",
        show_default="none",
    ),
]
Counted = Annotated[
    Count,
    typer.Option(
        "--count",
        help="Count every query, distinct cells, epochs as charged, or elapsed seconds (clock: in epochs where the "
        "surface has no seconds).",
    ),
]
SeedStatistic = Annotated[
    Statistic, typer.Option("--seed-statistic", help="How the values of a cell's seeds become its one value.")
]
ValueOf = Annotated[
    Epoch, typer.Option("--value-of", help="What a run is worth: its value after its last epoch, or after its best.")
]
Seed = Annotated[int, typer.Option("--seed", help="Of all randomness; 0 or more.")]
BootstrapSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap intervals.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", help="Processes; never changes a result.", show_default="all processors")
]
Relative = Annotated[
    bool, typer.Option("--relative", help="Read targets as percent of the size of the surface's lowest value.")
]
LowestOf = Annotated[
    Lowest | None,
    typer.Option(
        "--lowest",
        help="Measure suboptimality from the surface's own lowest value, the lowest of all surfaces of its task, or "
        "the lowest within the part that was replayed (--within).",
        show_default="as the replays were judged",
    ),
]
Within = Annotated[
    str | None,
    typer.Option(
        "--within",
        metavar="AXIS=LOW..HIGH,...",
        help="A narrower space: the cells whose values lie there; AXIS=A,B names values or labels.",
        show_default="the whole space",
    ),
]
PartLowest = Annotated[
    PartOf,
    typer.Option(
        "--lowest", help="Measure suboptimality from the whole surface's lowest value, or from that --within."
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How rows are printed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no remarks.")]


def cost_words(groups: "Sequence[Group]", count: Count) -> str:
    """For a table's title: `, cost model resume`, where what is counted depends on it."""
    counted = count not in (Count.trials, Count.unique) or any(group.shortened for group in groups)
    models = dict.fromkeys(group.judged.cost_model for group in groups)
    return f", cost model {' or '.join(models)}" if counted else ""


def unusual(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns on how rows were judged that a table, which is narrow, must show: those not as usual everywhere."""
    from grids.replay_table import Judged

    return [one.name for one in fields(Judged) if any(row.get(one.name, one.default) != one.default for row in rows)]


def remark_on_range(
    abouts: "Iterable[tuple[str, SurfaceFacts]]", targets: Iterable[float | None], quiet: bool = False
) -> None:
    """Say on stderr where a target that was named is so far off that every cell of a surface reaches it.

    Args:
        abouts: a surface's name and what is known of it.
        targets: those named.
        quiet: say nothing.
    """
    named = [target for target in targets if target is not None]
    found = {f"{name}: {said}": None for name, about in abouts for target in named if (said := about.beyond(target))}
    for words in found:
        say(words, quiet)


def remark_on_targets(
    derived: "Iterable[tuple[str, DefaultTargets, str]]", quiet: bool = False, option: str = "--target"
) -> None:
    """Say on stderr where default targets are derived from a surface's own range, each set of them once.

    Args:
        derived: a surface's name, its default targets and its unit.
        quiet: say nothing.
        option: names others.
    """
    from grids.metric import derived_words

    found: dict[str, list[str]] = {}
    for name, targets, unit in derived:
        if targets.derived:
            found.setdefault(derived_words(targets, unit), []).append(name)
    for words, named in found.items():
        say(f"{', '.join(dict.fromkeys(named))}: {words}; {option} names others", quiet)
