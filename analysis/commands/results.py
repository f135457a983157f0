"""`tunecost results`: writes a page of results from the shipped surfaces, each below the command that prints it."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from grids.commands.options import Quiet
from grids.errors import BadInput
from grids.files import file_sha256
from grids.terminal import progress, say

PAGE = "README.md"

HEAD = """# What the shipped surfaces show

Written by `make results`. Every table is below the command that prints its numbers; run in an empty folder, the
commands use the surfaces that ship with the program. The intervals of costs are 95 %, over {repeats:,} replays of each
searcher on each surface. The digests at the end identify the surfaces.
"""


def results(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the page and its figures.")],
    task: Annotated[
        list[str] | None, typer.Option(help="A task with shipped surfaces; may be given again.", show_default="all")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Replays of each searcher on each surface.")] = 1000,
    quiet: Quiet = False,
) -> None:
    """Write a page of results from the shipped surfaces, DIR/README.md, and its figures."""
    from analysis.results_page import Sections, shipped
    from trainers.rules import STUDY

    surfaces = shipped(task, STUDY)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: the folder cannot be created ({error.strerror or error})") from None
    with tempfile.TemporaryDirectory() as folder, progress("results", 7 * len(surfaces) + 3, quiet) as advance:
        sections = Sections(surfaces, Path(folder), repeats, context.obj, advance)
        parts = [HEAD.format(repeats=repeats), *sections.of_tasks(), *sections.of_all(), digests(surfaces)]
        for figure in sorted(Path(folder).glob("*.png")):
            shutil.copyfile(figure, out / figure.name)
    from grids.atomic import write_whole

    write_whole(out / PAGE, "\n".join(part.rstrip() + "\n" for part in parts))
    say(f"{out / PAGE}", quiet)


def digests(surfaces: "dict[str, list[str]]") -> str:
    """The section that lists the SHA-256 digest of each surface's file.

    Args:
        surfaces: the optimizers of each task.
    """
    from grids.library import SHIPPED

    lines = ["## Digests", "", "| surface | sha256 of its file |", "|---|---|"]
    for task, optimizers in surfaces.items():
        for optimizer in optimizers:
            path = SHIPPED / task / f"{optimizer}.parquet"
            lines.append(f"| {task}/{optimizer} | {file_sha256(path)} |")
    return "\n".join(lines)
