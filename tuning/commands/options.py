"""Arguments and options that several commands share, each named and worded once."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from grids.target import Count
from tuning.terminal import Format

TARGETS = [0.5, 1.0]


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


Surfaces = Annotated[
    list[str], typer.Argument(metavar="SURFACE...", help="Surfaces: paths, or names as `digits-mlp/adam`.")
]
Replays = Annotated[list[Path], typer.Argument(metavar="REPLAYS", help="Replay table(s), from `tunecost replay`.")]
Targets = Annotated[
    list[float],
    typer.Option("--target", help="Suboptimality to reach, in the surface's unit; may be given again."),
]
Counted = Annotated[Count, typer.Option("--count", help="Count every query, or distinct cells.")]
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
Form = Annotated[Format, typer.Option("--format", help="How rows are printed.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no remarks.")]


def unusual(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns on how rows were judged that a table, which is narrow, must show: those not as usual everywhere."""
    from grids.replay_table import Judged

    return [one.name for one in fields(Judged) if any(row.get(one.name, one.default) != one.default for row in rows)]
