"""`tunecost export`: writes replay tables in the format of another tool."""

from typing import Annotated

import typer

from grids.commands.options import Quiet, Replays
from grids.errors import BadInput
from grids.terminal import say


def export(
    arguments: Replays,
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT", help="ioh: a folder for IOHanalyzer and iohinspector, given as the last argument."
        ),
    ],
    quiet: Quiet = False,
) -> None:
    """Write replay tables for another tool: `tunecost export replays.parquet --to ioh DIR`."""
    from analysis import ioh
    from analysis.replays import load_groups
    from grids import replay_table

    if to != ioh.TO:
        raise BadInput(f"unknown format --to {to}; the format is ioh: export REPLAYS --to ioh DIR")
    *replays, folder = arguments
    if not replays:
        raise BadInput("export needs a replay table and a folder: export REPLAYS --to ioh DIR")
    groups = load_groups(replays)
    dimensions: dict[str, int] = {}
    for path in replays:
        dimensions |= replay_table.read(path)[1].dimensions
    written = ioh.write(groups, folder, dimensions)
    say(f"wrote {folder}: {len(written)} files of runs", quiet)
