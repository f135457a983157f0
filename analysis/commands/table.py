"""`tunecost table 1`: prints the paper's table of test performance next to our results from `tunecost transfer`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grids.commands.options import Form
from grids.terminal import Format, Typeset, print_rows, say

SHIPPED = Path(__file__).parents[1] / "transfers"
"""Folder of the shipped results of `tunecost transfer`."""

MARKS = {
    Format.table: ("{} **", "{} *"),
    Format.markdown: ("**{}**", "<u>{}</u>"),
    Format.latex: (r"\textbf{{{}}}", r"\underline{{{}}}"),
}
"""By format, how the best entry of a column is marked, and other entries that improve on the baseline."""


def table1(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE.json", help="From `tunecost transfer`.", show_default="the shipped ones"),
    ] = None,
    form: Form = Format.table,
) -> None:
    """Test performance at hyperparameters tuned on a smaller network: the paper's numbers, and ours.

    Mean and standard deviation over seeds. The best entry of a column is bold (in a table on a terminal: **); others
    that improve on the baseline (SGD for images, Adam for text and GANs) are underlined (*).
    """
    from analysis.table1 import PAPER, columns_of, rows
    from trainers.transfer.record import read

    records = [record for path in files or sorted(SHIPPED.glob("*.json")) for record in read(path)]
    columns = [*PAPER, *columns_of(records)]
    if not form.narrow:
        numbers = rows(columns)
        print_rows(numbers, list(numbers[0]), form)
        return
    print_rows(_wide(columns, form), ["optimizer"], form, title="Table 1" if form == Format.table else "")
    if not records:
        say("no result of `tunecost transfer` is given or ships: these are only the paper's numbers")


def _wide(columns: "list[Any]", form: Format) -> list[dict[str, Any]]:
    """The narrow table: a row for each optimizer, a column for each task and source."""
    from analysis.table1 import OPTIMIZERS, order, written

    names = order(dict.fromkeys(name for column in columns for name in column.entries))
    best, better = MARKS[form]
    table = []
    for name in names:
        row: dict[str, Any] = {"optimizer": OPTIMIZERS.get(name, name)}
        for column in columns:
            heading = column.task if column.source == "paper" else f"{column.task} (ours)"
            entry = column.entries.get(name)
            text = "" if entry is None else written(entry, column.unit)
            if entry is not None and entry.mean is not None and (name in column.best() or column.improves(name)):
                marked = (best if name in column.best() else better).format(text)
                text = marked if form == Format.table else Typeset(marked)
            row[heading] = text
        table.append(row)
    return table
