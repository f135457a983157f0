"""`tunecost grid …`: what can be trained, training it, and the surfaces' files."""

import typer

from tuning.commands import grid_files, grid_tables, grid_train

app = typer.Typer(help="Error surfaces: plan, train, import, export, look at them.", no_args_is_help=True)
grid_train.register(app)
grid_files.register(app)
grid_tables.register(app)
