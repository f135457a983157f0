"""`tunecost grid …`: the group of the commands that plan and train surfaces, and read and write their files."""

import typer

from tuning.commands import grid_files, grid_tables, grid_train

app = typer.Typer(help="Error surfaces: plan, train, import, export and inspect them.", no_args_is_help=True)
grid_train.register(app)
grid_files.register(app)
grid_tables.register(app)
