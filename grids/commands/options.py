"""Arguments and options that several commands share, so that each has one name and one help text; checks of options."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from grids.errors import BadInput
from grids.target import Count
from grids.terminal import Format, say

if TYPE_CHECKING:
    from grids.metric import Targets as DefaultTargets
    from grids.surface_facts import SurfaceFacts

Statistic = Literal["mean", "median", "best", "worst"]
"""The names of `grids.surface.SEED_STATISTICS`, repeated so that help is shown without importing numpy."""
Epoch = Literal["last", "best"]
"""The names of `grids.surface.EPOCHS`, repeated for the same reason."""
Lowest = Literal["own", "all", "within"]
"""The values from which the suboptimality of existing replays is measured: see `LowestOf`."""
PartOf = Literal["own", "within"]
"""The values from which suboptimality on a surface is measured: see `PartLowest`."""
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
        help="Instead of targets: the value to reach, in the metric's own unit, whatever the surface's lowest value; "
        "may be given again.",
        show_default="none",
    ),
]
OwnSearchers = Annotated[
    list[str] | None,
    typer.Option(
        "--searcher",
        "-s",
        metavar="SEARCHER",
        help="A searcher of the table that is your own code, as my_module:MyClass; a file alone loads none. May be "
        "given again.",
    ),
]
Counted = Annotated[
    Count,
    typer.Option(
        "--count",
        help="Count every query, distinct cells, epochs as charged by the cost model, or elapsed seconds (clock: in "
        "epochs where the surface has no seconds).",
    ),
]
SeedStatistic = Annotated[
    Statistic, typer.Option("--seed-statistic", help="Statistic over seeds that gives the value of a cell.")
]
ValueOf = Annotated[
    Epoch,
    typer.Option("--value-of", help="The value of a run: its value after the last epoch, or after its best epoch."),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all randomness; 0 or more.")]
BootstrapSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap intervals.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", help="Number of processes; results do not depend on it.", show_default="all processors"),
]
Relative = Annotated[
    bool,
    typer.Option("--relative", help="Read targets as percent of the absolute value of the surface's lowest value."),
]
LowestOf = Annotated[
    Lowest | None,
    typer.Option(
        "--lowest",
        help="Measure suboptimality from the surface's own lowest value, the lowest of all surfaces of its task, or "
        "the lowest within the part that was replayed (--within).",
        show_default="as in the replays",
    ),
]
Within = Annotated[
    str | None,
    typer.Option(
        "--within",
        metavar="AXIS=LOW..HIGH,...",
        help="Restrict the space to the cells in these ranges; AXIS=A,B selects single values or labels.",
        show_default="the whole space",
    ),
]
PartLowest = Annotated[
    PartOf,
    typer.Option(
        "--lowest", help="Measure suboptimality from the whole surface's lowest value, or from the lowest --within."
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How rows are printed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar and no messages.")]
FigureOut = Annotated[Path, typer.Option("--out", help="File to write; the format is its suffix: .pdf, .png or .svg.")]


def check_least(option: str, number: int | None, least: int) -> None:
    """Raises BadInput if the `number` given for `option` is below `least`; None is an option that was not given."""
    if number is not None and number < least:
        raise BadInput(f"--{option} must be {least} or more, not {number}")


def nondefault_columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of `grids.replay_header.Judged` that do not have the default: narrow tables must show them."""
    from grids.replay_header import Judged

    return [one.name for one in fields(Judged) if any(row.get(one.name, one.default) != one.default for row in rows)]


def with_columns(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The named columns of a row; of `grids.replay_header.Judged`, a row may lack those that have the default."""
    from grids.replay_header import Judged

    usual = asdict(Judged())
    return {name: row[name] if name in row else usual[name] for name in names}


def remark_on_range(
    surfaces: "Iterable[tuple[str, SurfaceFacts]]", targets: Iterable[float | None], quiet: bool = False
) -> None:
    """Print a message on stderr for each target that is so large that every cell of a surface reaches it.

    A surface whose cells are all equal is named whatever the targets are.

    Args:
        surfaces: names of surfaces, each with its facts.
        targets: suboptimalities; None is a target that was not given.
        quiet: print nothing.
    """
    given = [target for target in targets if target is not None]
    messages = {
        f"{name}: {text}": None
        for name, about in surfaces
        for target in ([0.0] if about.span == 0 else given)
        if (text := about.beyond(target))
    }
    for message in messages:
        say(message, quiet)


def remark_on_targets(
    derived: "Iterable[tuple[str, DefaultTargets, str]]", quiet: bool = False, option: str = "--target"
) -> None:
    """Print a message on stderr for default targets that are derived from a surface's range, once per set of targets.

    Args:
        derived: names of surfaces, each with its default targets and its unit.
        quiet: print nothing.
        option: the option that sets other targets.
    """
    from grids.metric import derived_words

    surfaces: dict[str, list[str]] = {}
    for name, targets, unit in derived:
        if targets.derived:
            surfaces.setdefault(derived_words(targets, unit), []).append(name)
    for targets_text, names in surfaces.items():
        which = " of the one where that is shortest" if len(set(names)) > 1 else ""
        say(f"{', '.join(dict.fromkeys(names))}: {targets_text}{which}; {option} names others", quiet)
