"""`tunecost figure …`."""

import typer

from tuning.commands import figure3

app = typer.Typer(help="Draw a figure; the numbers drawn go beside it as CSV.", no_args_is_help=True)
figure3.register(app)


@app.callback()
def callback() -> None:
    """Draw a figure; the numbers drawn go beside it as CSV."""
