"""`tunecost grid import|export|merge`: surfaces from and to what other tools read and write."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids.errors import BadInput
from tuning.commands.grid_files import SurfaceText
from tuning.commands.options import Quiet
from tuning.terminal import say

if TYPE_CHECKING:
    from grids.surface import Surface

_SOURCE = (
    "A table with one row for each cell and seed: .csv, .tsv, .jsonl or .parquet, each also as .gz; "
    "optuna:URL[?study=NAME]; or a folder of Syne Tune's blackboxes."
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("import")(import_)
    app.command("export")(export)
    app.command("merge")(merge)


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help=_SOURCE)],
    out: Annotated[Path, typer.Option(help="The surface to write (.parquet).")],
    axes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="The columns that make a cell, in order; one with a comma in its name in quotes.",
            show_default="columns that begin with config., params. or params_; a study's parameters",
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column of values; lower is better.", show_default="value"),
    ] = None,
    seed_column: Annotated[
        str | None, typer.Option(metavar="S", help="The column of seeds.", show_default="all rows are seed 0")
    ] = None,
    epoch_column: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="The column of epochs or other fidelities, where each has a row: curves are kept, and a run is "
            "worth its last value.",
            show_default="none",
        ),
    ] = None,
    maximize: Annotated[
        bool, typer.Option("--maximize", help="Higher is better in the file: values are negated.")
    ] = False,
    missing: Annotated[
        str,
        typer.Option(
            metavar="refuse|worst|NUMBER",
            help="What stands in for missing values and cells: the file's worst value, or a number in its sense.",
        ),
    ] = "refuse",
    seeds: Annotated[
        str,
        typer.Option(metavar="all|common", help="Every cell must have all seeds; or keep those that every cell has."),
    ] = "all",
    number_seeds: Annotated[
        bool, typer.Option("--number-seeds", help="Rows of one cell are its seeds 0, 1, ... in order of appearance.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL=VALUE",
            help="Keep the rows that have this value; may be given again.",
            show_default="all rows",
        ),
    ] = None,
    keep: Annotated[
        str, typer.Option(metavar="COL,...", help="Further columns of numbers to store.", show_default="none")
    ] = "",
    pool: Annotated[
        bool, typer.Option("--pool", help="The rows fill no grid: each is a cell of its own, without neighbours.")
    ] = False,
    unit: Annotated[str, typer.Option(help="Of the value, as %.", show_default="none")] = "",
    task: Annotated[str | None, typer.Option(help="What was trained.", show_default="the file's name")] = None,
    optimizer: Annotated[str | None, typer.Option(help="With which optimizer.", show_default="imported")] = None,
    metric: Annotated[str | None, typer.Option(help="What the value is.", show_default="the column's name")] = None,
    quiet: Quiet = False,
) -> None:
    """Make a surface from a table of your own, an Optuna study or a Syne Tune blackbox.

    An axis is of numbers, or of words in their order of appearance. A column called `diverged` (true/false, yes/no,
    0/1) marks runs whose value does not count.
    """
    from grids import surface_file
    from grids.tables.importing import Meaning, split_names

    if out.suffix != ".parquet":
        raise BadInput(f"--out {out}: a surface's file name ends in .parquet")
    if axes is not None and not split_names(axes):
        raise BadInput(f"--axes '{axes}' names no column")
    store = _is_store(file)
    if value is not None and not value.strip() and not store:
        raise BadInput("--value names no column")
    if out.exists() and Path(file).exists() and out.samefile(file):
        raise BadInput(f"{out}: is the table to import, which --out would replace")
    meaning = Meaning(
        axes=split_names(axes or ""),
        value=value or ("" if store else "value"),
        seed=seed_column,
        epoch=epoch_column,
        maximize=maximize,
        missing=missing,
        seeds=seeds,
        number_seeds=number_seeds,
        where=where or [],
        keep=split_names(keep),
        pool=pool,
        task=task,
        optimizer=optimizer,
        metric=metric,
        unit=unit,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=shlex.join(["tunecost", *sys.argv[1:]]),
    )
    surface = _read(file, meaning)
    surface_file.save(surface, out)
    say(f"{out}: {_described(surface)}", quiet)
    unnamed = [
        f"--{name}" for name, given in (("task", task), ("optimizer", optimizer), ("metric", metric)) if not given
    ]
    if unnamed:
        about = surface.provenance
        names = f"task '{about.task}', optimizer '{about.optimizer}', metric '{about.metric}'"
        say(f"it is called {names}; figures and tables group by these ({', '.join(unnamed)} set them)", quiet)


def _is_store(text: str) -> bool:
    return text.startswith("optuna:") or Path(text).is_dir()


def _read(text: str, meaning: object) -> "Surface":
    from grids.tables import blackbox, files, study
    from grids.tables.importing import Meaning

    assert isinstance(meaning, Meaning)
    if study.is_study(text):
        return study.read(text, meaning)
    if blackbox.is_blackbox(text):
        return blackbox.read(text, meaning)
    return files.read(text, meaning)


def _described(surface: "Surface") -> str:
    """What was made, in a line: cells or configurations, seeds, points of curves, and what was filled in."""
    kind = "configurations in a pool" if surface.space.is_pool else "cells"
    words = [f"{surface.space.size} {kind}", f"{len(surface.seeds)} seed(s)"]
    if surface.fidelity is not None:
        words.append(f"curves of {len(surface.fidelity.values)} points in '{surface.fidelity.name}'")
    if surface.provenance.filled:
        told = surface.provenance.filled
        words.append(f"{told['runs']} run(s) of {told['cells']} cell(s) filled with {told['with']}")
    left = surface.provenance.data.get("left_out")
    if left:
        words.append(f"{left} row(s) without a result left out")
    return ", ".join(words)


def export(
    surface: SurfaceText,
    out: Annotated[
        Path | None, typer.Option(help="The CSV to write; - for stdout.", show_default="none, with --to")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="For another tool: optuna:sqlite:///FILE[?study=NAME] writes a study; `syne-tune DIR` a blackbox.",
            show_default="CSV",
        ),
    ] = None,
    folder: Annotated[str | None, typer.Argument(metavar="[DIR]", help="The folder, after --to syne-tune.")] = None,
    curves: Annotated[
        bool | None,
        typer.Option(
            "--curves/--no-curves",
            help="A row for each epoch, or one for each run.",
            show_default="a row for each epoch where the table that was imported had one",
        ),
    ] = None,
) -> None:
    """Write a surface as CSV, every number in full, or for another tool.

    Values that were maximised are written as they came, under the metric's name.
    """
    from grids.library import load_surface

    if to:
        _export_to(load_surface(surface), to, folder, out)
        return
    if folder is not None:
        raise BadInput(f"'{folder}' has no meaning without --to syne-tune")
    if out is None:
        raise BadInput("where to? --out FILE.csv, or --to for another tool")
    if out.suffix == ".parquet":
        raise BadInput(f"--out {out}: a CSV must not take a surface's name")
    from grids.tables import exporting

    loaded = load_surface(surface)
    if curves and loaded.curve is None:
        raise BadInput(f"{surface} has no curves")
    if str(out) == "-":
        sys.stdout.write(exporting.csv_text(loaded, curves))
    else:
        exporting.write_csv(loaded, out, curves)


def _export_to(surface: "Surface", to: str, folder: str | None, out: Path | None) -> None:
    from grids.tables import blackbox, study

    if out is not None:
        raise BadInput("one export at a time: --to or --out")
    if study.is_study(to):
        if folder is not None:
            raise BadInput(f"'{folder}' has no meaning after --to {to}")
        name = study.write(surface, to)
        say(f"wrote study '{name}', {surface.value.size} trials")
    elif to == blackbox.TO:
        if folder is None:
            raise BadInput("--to syne-tune needs a folder: --to syne-tune DIR")
        blackbox.write(surface, folder)
        say(f"wrote {folder}: {surface.space.size} configurations, {len(surface.seeds)} seed(s)")
    else:
        raise BadInput(f"--to {to}: this writes optuna:sqlite:///FILE or syne-tune DIR")


def merge(
    surfaces: Annotated[list[str], typer.Argument(metavar="SURFACE...", help="Two surfaces or more.")],
    out: Annotated[Path, typer.Option(help="The surface to write (.parquet).")],
    quiet: Quiet = False,
) -> None:
    """Join surfaces of the same axes: further seeds, or further parts of one grid."""
    from grids import surface_file
    from grids.library import find_surface, load_surface
    from grids.tables.merging import merge as joined

    if out.suffix != ".parquet":
        raise BadInput(f"--out {out}: a surface's file name ends in .parquet")
    if out.exists() and any(out.samefile(find_surface(text)) for text in surfaces):
        raise BadInput(f"{out}: is a surface to join, which --out would replace")
    surface = joined([load_surface(text) for text in surfaces], surfaces)
    surface_file.save(surface, out)
    say(f"{out}: {_described(surface)}", quiet)
