"""`tunecost report`: surfaces, searchers' paths, costs and claims on one page that needs no network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput
from grids.target import Count
from tuning.commands import claims as claims_command
from tuning.commands.options import BootstrapSeed, Counted, Jobs, Quiet, Targets, remark_on_range, remark_on_targets
from tuning.terminal import progress, say

if TYPE_CHECKING:
    from tuning.commands.report_content import Inputs

ENDINGS = (".html", ".htm")


def report(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SURFACE|REPLAYS]...",
            help="Surfaces, as paths or names, and replay tables; the surfaces that a table names are found.",
            show_default="the surfaces in ./surfaces, else those of digits-mlp that ship",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The page to write (.html).")] = Path("report.html"),
    target: Targets = None,
    count: Counted = Count.trials,
    paths: Annotated[
        int, typer.Option(min=0, help="Replays of each searcher on each surface whose path can be followed.")
    ] = 5,
    claims: Annotated[
        bool,
        typer.Option(
            "--claims/--no-claims",
            help="Judge the paper's statements, as `tunecost claims` does, for each task of which Adam's and AvaGrad's "
            "surfaces are shown; half a minute a task.",
        ),
    ] = True,
    seed: BootstrapSeed = 0,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """One page to look at: surfaces cell by cell, searchers walking over them, costs, claims. It works offline.

    Every number is that of the file, as `grid show`, `cost` and `claims` print it. A replay's path is played again from
    the seed in its table's header.
    """
    if out.suffix.lower() not in ENDINGS:
        raise BadInput(f"{out}: a report's name ends in .html, not in '{out.suffix}'")

    from analysis.report.page import page
    from analysis.report.script import vega_script
    from grids.atomic import write_whole
    from grids.target import check_targets
    from tuning.commands.report_content import content, default_inputs, read_inputs

    targets = check_targets(target or [])
    vega_script()  # where it is missing, that is said before anything else is done
    texts = inputs or default_inputs()
    if not inputs:
        say(f"showing {', '.join(texts)}", quiet)
    found = read_inputs(texts)
    for said in found.absent.values():
        say(said, quiet)
    with progress("paths", sum(_groups(frame) for _, frame, _ in found.tables), quiet) as advance:
        shown = content(found, targets or None, count, paths, [], seed=seed, advance=advance)
    _remark(found, targets, quiet)
    if claims:
        shown["claims"] = _claims(found, jobs, quiet)
    text = page(shown)
    write_whole(out, text)
    say(f"wrote {out}: {_in_words(shown)}, {len(text.encode()) / 1e6:.2f} MB", quiet)


def _groups(frame: Any) -> int:
    from grids.replay_table import KEYS

    return len(frame[list(KEYS)].drop_duplicates())


def _remark(found: "Inputs", targets: tuple[float, ...], quiet: bool) -> None:
    """What `tunecost cost` says of these targets."""
    from grids.surface_facts import surface_facts

    abouts = [each for _, _, header in found.tables for each in surface_facts(header).items()]
    if targets:
        remark_on_range(abouts, targets, quiet)
    else:
        remark_on_targets(((name, about.default_targets, about.unit) for name, about in abouts), quiet)


def _claims(found: "Inputs", jobs: int | None, quiet: bool) -> list[dict[str, Any]]:
    """The findings on each task of which the page shows the surfaces that the paper compares, as they are named."""
    from grids.library import list_surfaces

    named = {entry.name for entry in list_surfaces()}
    have: dict[str, set[str]] = {}
    for shown in found.surfaces.values():
        about = shown.surface.provenance
        if shown.surface.name in named:
            have.setdefault(about.task, set()).add(about.optimizer)
    tasks = [task for task, optimizers in have.items() if set(claims_command.PAIR) <= optimizers]
    if not tasks:
        return []
    return claims_command.findings(claims_command.chosen(tasks), jobs=jobs, quiet=quiet)


def _in_words(shown: dict[str, Any]) -> str:
    groups = shown["replays"]["groups"] if shown["replays"] else []
    walks = sum(len(group["paths"]) for group in groups)
    surfaces = len(shown["surfaces"])
    return f"{surfaces} surface{'s' * (surfaces != 1)}, {walks} path{'s' * (walks != 1)}"
