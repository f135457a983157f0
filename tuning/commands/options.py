"""Options that several commands share: which of a surface's numbers a cell is judged by."""

from typing import Annotated

import typer

SeedStatistic = Annotated[
    str,
    typer.Option("--seed-statistic", help="What judges a cell of several seeds: mean, median, best or worst."),
]

ValueOf = Annotated[
    str,
    typer.Option("--value-of", help="What judges a run: its value after the last epoch, or after its best one."),
]
