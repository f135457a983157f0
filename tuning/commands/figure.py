"""`tunecost figure …`: each figure to a file, the numbers drawn beside it as CSV."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from grids.errors import BadInput
from grids.target import Count
from tuning.commands import figure3
from tuning.terminal import say

app = typer.Typer(help="Draw a figure; the numbers drawn go beside it as CSV.", no_args_is_help=True)
figure3.register(app)

Out = Annotated[Path, typer.Option("--out", help="File to write; .pdf, .png or .svg by its ending.")]
Replays = Annotated[list[Path], typer.Argument(help="Replay table(s), from `tunecost replay`.", metavar="REPLAYS")]
Counted = Annotated[Count, typer.Option("--count", help="Count every query, or distinct cells.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap intervals.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing.")]


@app.callback()
def callback() -> None:
    """Draw a figure; the numbers drawn go beside it as CSV."""


@app.command("1")
def figure1(
    surfaces: Annotated[
        list[str], typer.Argument(help="Surfaces: files, or names of shipped ones.", metavar="SURFACE")
    ],
    out: Out = Path("figure1.pdf"),
    quiet: Quiet = False,
) -> None:
    """Error surfaces side by side as heat maps: distance from each one's lowest value, best and diverged cells."""
    from analysis.figures.style import check_ending, styled

    check_ending(out)

    from analysis.figures import figure1
    from grids.library import load_surface

    loaded = [load_surface(text) for text in surfaces]
    with styled():
        _save(figure1.draw(loaded), out, quiet)


@app.command("2")
def figure2(
    replays: Replays,
    out: Out = Path("figure2.pdf"),
    target: Annotated[float, typer.Option(help="Suboptimality that the bars' searchers must reach.")] = 0.5,
    level: Annotated[float, typer.Option(help="Suboptimality at which the curves' crossings are marked.")] = 1.0,
    count: Counted = Count.trials,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """What tuning costs: trials to a target for each searcher; mean suboptimality against trials for GLD and CGLD."""
    from analysis.figures.style import check_ending, styled
    from grids.target import check_targets

    check_ending(out)
    check_targets([target])
    if not (math.isfinite(level) and level > 0):
        raise BadInput(f"--level must be a number above 0, not {level:g}")

    from analysis.figures import figure2
    from analysis.replays import load_groups

    groups = load_groups(replays)
    with styled():
        _save(figure2.draw(groups, target, level, count, seed=seed), out, quiet)


def _save(drawn: tuple[Any, Any], out: Path, quiet: bool) -> None:
    from analysis.figures.style import save

    figure, rows = drawn
    for path in save(figure, out, rows):
        say(f"wrote {path}", quiet)
