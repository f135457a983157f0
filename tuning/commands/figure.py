"""`tunecost figure …`: each figure to a file, the numbers drawn beside it as CSV."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tuning.commands import figure3
from tuning.terminal import say

app = typer.Typer(help="Draw a figure; the numbers drawn go beside it as CSV.", no_args_is_help=True)
figure3.register(app)

Out = Annotated[Path, typer.Option("--out", help="File to write; .pdf, .png or .svg by its ending.")]
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


def _save(drawn: tuple[Any, Any], out: Path, quiet: bool) -> None:
    from analysis.figures.style import save

    figure, rows = drawn
    for path in save(figure, out, rows):
        say(f"wrote {path}", quiet)
