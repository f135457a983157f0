"""`tunecost data …`."""

import typer

app = typer.Typer(help="data", no_args_is_help=True)


@app.command()
def todo() -> None:
    pass
