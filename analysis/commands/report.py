"""`tunecost report`: writes an HTML page of surfaces, searchers' paths, costs and claims that works offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands import claims as claims_command
from analysis.commands.options import again
from grids.commands.options import (
    BootstrapSeed,
    Counted,
    Jobs,
    OwnSearchers,
    Quiet,
    Targets,
    remark_on_range,
    remark_on_targets,
)
from grids.errors import BadInput
from grids.target import Count
from grids.terminal import progress, say

if TYPE_CHECKING:
    from analysis.report.content import Inputs

ENDINGS = (".html", ".htm")


def report(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SURFACE|REPLAYS]...",
            help="Surfaces, as paths or names, and replay tables; a table's surfaces are found by their names.",
            show_default="the surfaces in ./surfaces, or if there are none the shipped ones of digits-mlp",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The page to write (.html).")] = Path("report.html"),
    target: Targets = None,
    count: Counted = Count.trials,
    paths: Annotated[
        int, typer.Option(min=0, help="Replays of each searcher on each surface whose path is shown.")
    ] = 5,
    searchers: OwnSearchers = None,
    claims: Annotated[
        bool,
        typer.Option(
            "--claims/--no-claims",
            help="Judge the paper's statements, as `tunecost claims` does, for each task with surfaces of Adam and "
            "AvaGrad on the page; half a minute a task.",
        ),
    ] = True,
    seed: BootstrapSeed = 0,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Write one HTML page that works offline: surfaces cell by cell, paths of searchers on them, costs and claims.

    All numbers are those that `grid show`, `cost` and `claims` print. A replay's path is found by running the replay
    again with the seed in its table's header.
    """
    if out.suffix.lower() not in ENDINGS:
        raise BadInput(f"{out}: the name of a report must end in .html, not in '{out.suffix}'")

    from analysis.report.content import content, default_inputs, read_inputs
    from analysis.report.page import page
    from analysis.report.script import vega_script
    from grids.atomic import write_whole
    from grids.target import check_targets
    from tuning.paths import play_again

    targets = check_targets(target or [])
    vega_script()  # raises at once if it is missing
    texts = inputs or default_inputs()
    if not inputs:
        say(f"showing {', '.join(texts)}", quiet)
    found = read_inputs(texts)
    for message in found.absent.values():
        say(message, quiet)
    with progress("paths", sum(_groups(frame) for _, frame, _ in found.tables), quiet) as advance:
        shown = content(
            found,
            targets or None,
            count,
            paths,
            [],
            groups_of=again().groups,
            play_again=play_again,
            named=searchers or (),
            seed=seed,
            advance=advance,
        )
    for text in dict.fromkeys(group["said"] for group in (shown["replays"] or {"groups": []})["groups"]):
        say(text, quiet or not text or text in found.absent.values())
    _remark_as_cost(found, targets, quiet)
    if claims:
        shown["claims"] = _claims(found, jobs, quiet)
    text = page(shown)
    write_whole(out, text)
    say(f"wrote {out}: {_in_words(shown)}, {len(text.encode()) / 1e6:.2f} MB", quiet)


def _groups(frame: Any) -> int:
    from grids.replay_table import KEYS

    return len(frame[list(KEYS)].drop_duplicates())


def _remark_as_cost(found: "Inputs", targets: tuple[float, ...], quiet: bool) -> None:
    """Print the messages about targets that `tunecost cost` prints."""
    abouts = [each for _, _, header in found.tables for each in header.surfaces.items()]
    if targets:
        remark_on_range(abouts, targets, quiet)
    else:
        remark_on_targets(((name, about.default_targets, about.unit) for name, about in abouts), quiet)


def _claims(found: "Inputs", jobs: int | None, quiet: bool) -> list[dict[str, Any]]:
    """The rows of `tunecost claims` for tasks of which the page shows the library's surfaces of the compared pair."""
    from analysis.claims.evidence import PAIR
    from analysis.claims.gathering import chosen
    from grids.library import list_surfaces

    named = {entry.name for entry in list_surfaces()}
    have: dict[str, set[str]] = {}
    for shown in found.surfaces.values():
        about = shown.surface.provenance
        if shown.surface.name in named:
            have.setdefault(about.task, set()).add(about.optimizer)
    tasks = [task for task, optimizers in have.items() if set(PAIR) <= optimizers]
    if not tasks:
        return []
    judged = claims_command.findings(chosen(tasks), jobs=jobs, quiet=quiet)
    return claims_command.rows_of(judged)


def _in_words(shown: dict[str, Any]) -> str:
    """The numbers of surfaces and paths on the page."""
    groups = shown["replays"]["groups"] if shown["replays"] else []
    paths = sum(len(group["paths"]) for group in groups)
    surfaces = len(shown["surfaces"])
    return f"{surfaces} surface{'s' * (surfaces != 1)}, {paths} path{'s' * (paths != 1)}"
