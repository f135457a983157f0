"""`tunecost grid import|export|merge`: converts surfaces from and to tables of other tools, and joins surfaces."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids import limits
from grids.commands.grid_files import SurfaceText
from grids.commands.options import Quiet
from grids.commands.outputs import command_line
from grids.errors import BadInput, brief
from grids.terminal import say

if TYPE_CHECKING:
    from grids.surface import Surface

_SOURCE = (
    "A table with one row for each cell and seed (.csv, .tsv, .jsonl, .parquet, Markdown, each also as .gz); what "
    "a tracker or tuner left (a folder, file or database of Ray Tune, MLflow, W&B, TensorBoard, Lightning, Hydra, "
    "Optuna, KerasTuner, SMAC, Ax, ...); a folder with one file per run; or optuna:URL[?study=NAME]."
)


def import_(
    file: Annotated[str, typer.Argument(metavar="SOURCE", help=_SOURCE)],
    out: Annotated[Path, typer.Option(help="The surface to write (.parquet); with --by, a folder for them.")],
    axes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="The columns of hyperparameters, in order; put a name that contains a comma in quotes.",
            show_default="columns whose names begin with config., params. or params_; a store's parameters",
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN[,...]",
            help="The column of values; lower is better. Several, or a pattern as 'split*_score', are seeds, or epochs "
            "where --epoch-column names no column. In a folder of runs, FILE:KEY.",
            show_default="value, or a store's only metric",
        ),
    ] = None,
    seed_column: Annotated[
        str | None, typer.Option(metavar="S", help="The column of seeds.", show_default="all rows are seed 0")
    ] = None,
    epoch_column: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="The column of epochs or another fidelity, if each has a row: curves are stored, and a run's value is "
            "its last.",
            show_default="none",
        ),
    ] = None,
    maximize: Annotated[
        bool, typer.Option("--maximize", help="Higher is better in the file: values are negated.")
    ] = False,
    missing: Annotated[
        str,
        typer.Option(
            metavar="refuse|worst|last|NUMBER",
            help="Replaces missing values and cells: by the worst last value; by what a run that ended early had "
            "reached (else the worst); or by a number as it would be in the file.",
        ),
    ] = "refuse",
    seeds: Annotated[
        str,
        typer.Option(
            metavar="all|common",
            help="all: every cell must have all seeds; common: keep only seeds that every cell has.",
        ),
    ] = "all",
    number_seeds: Annotated[
        bool, typer.Option("--number-seeds", help="Rows of one cell are its seeds 0, 1, ... in order of appearance.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL=VALUE",
            help="Keep only rows with this value; may be given again.",
            show_default="all rows",
        ),
    ] = None,
    keep: Annotated[
        str, typer.Option(metavar="COL,...", help="Other columns of numbers to store.", show_default="none")
    ] = "",
    labels: Annotated[
        str,
        typer.Option(metavar="AXIS,...", help="Axes of words and numbers, all taken as labels.", show_default="none"),
    ] = "",
    seconds: Annotated[
        str,
        typer.Option(
            metavar="auto|sum|elapsed",
            help="With --keep seconds and curves: sum a run's rows, or take the last; auto: the last where they rise.",
        ),
    ] = "auto",
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="Make a surface for each value of this column, each with its own axis values.",
            show_default="none",
        ),
    ] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="The rows form no grid: each configuration is a cell without neighbours.")
    ] = False,
    unit: Annotated[str, typer.Option(help="Unit of the value, such as %.", show_default="none")] = "",
    task: Annotated[str | None, typer.Option(help="Name of the task.", show_default="the file's name")] = None,
    optimizer: Annotated[str | None, typer.Option(help="Name of the optimizer.", show_default="imported")] = None,
    metric: Annotated[str | None, typer.Option(help="Name of the metric.", show_default="the column's name")] = None,
    max_bytes: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="As before the command's name.", show_default="tunecost --max-bytes"),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make a surface from a table of your own, or from what a tracker or tuner left.

    The values of an axis are numbers, or labels in their order of appearance. A column called `diverged` (true/false,
    yes/no, 0/1) marks runs whose value is ignored; one called `status` or `state`, trials that failed or did not end.
    """
    from grids.tables.meaning import Meaning, split_names

    if max_bytes is not None:
        limits.allow(max_bytes)
    if by is None:
        _check_suffix(out)
    elif out.suffix == ".parquet":
        raise BadInput(f"--out {out}: with --by it is the name of a folder, which does not end in .parquet")
    if axes is not None and not split_names(axes):
        raise BadInput(f"--axes '{axes}' names no column")
    if value is not None and not value.strip():
        raise BadInput("--value names no column")
    if out.exists() and Path(file).exists() and out.samefile(file):
        raise BadInput(f"{out}: is the table to import, which --out would replace")
    meaning = Meaning(
        axes=split_names(axes or ""),
        value=value or "",
        seed=seed_column,
        epoch=epoch_column,
        maximize=maximize,
        missing=missing,
        seeds=seeds,
        number_seeds=number_seeds,
        where=where or [],
        keep=split_names(keep),
        labels=split_names(labels),
        seconds=seconds,
        pool=pool,
        task=task,
        optimizer=optimizer,
        metric=metric,
        unit=unit,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command_line(),
    )
    from grids.tables.sources import surface_from, surfaces_from

    given = {"task": task, "optimizer": optimizer or by, "metric": metric}
    unnamed = [f"--{name}" for name, text in given.items() if not text]
    if by is None:
        _save(surface_from(file, meaning), out, unnamed, quiet)
        return
    made = surfaces_from(file, meaning, by)
    places = {name: out / f"{_file_name(name)}.parquet" for name in made}
    if len(set(places.values())) < len(places):
        raise BadInput(f"--by {by}: two of its values would have one file name: {', '.join(map(brief, places))}")
    for name, surface in made.items():
        _save(surface, places[name], unnamed, quiet)


def _file_name(text: str) -> str:
    """A value as the name of a file: letters, digits and signs that no system minds."""
    return re.sub(r"[^\w.+=-]+", "_", text).strip("._")[:100] or "none"


def _save(surface: "Surface", out: Path, unnamed: list[str], quiet: bool) -> None:
    """Write a surface and say what came in."""
    from grids import surface_file
    from grids.tables.sources import said_by

    surface_file.save(surface, out)
    say(f"{out}: {_described(surface)}", quiet)
    for note in said_by(surface):
        say(note, quiet)
    if unnamed:
        about = surface.provenance
        names = f"task '{about.task}', optimizer '{about.optimizer}', metric '{about.metric}'"
        say(f"it is called {names}; figures and tables group by these ({', '.join(unnamed)} set them)", quiet)


def _check_suffix(out: Path) -> None:
    if out.suffix != ".parquet":
        raise BadInput(f"--out {out}: a surface's file name ends in .parquet")


def _described(surface: "Surface") -> str:
    """The numbers of cells or configurations, seeds, points of curves, and filled runs, in words."""
    kind = "configurations in a pool" if surface.space.is_pool else "cells"
    words = [f"{surface.space.size} {kind}", f"{len(surface.seeds)} seed(s)"]
    if surface.fidelity is not None:
        words.append(f"curves of {len(surface.fidelity.values)} points in '{surface.fidelity.name}'")
    if surface.provenance.filled:
        filled = surface.provenance.filled
        words.append(f"{filled['runs']} run(s) of {filled['cells']} cell(s) filled with {filled['with']}")
    if surface.diverged.any():
        words.append(f"{int(surface.diverged.sum())} run(s) diverged")
    data = surface.provenance.data
    states = ", ".join(f"{count} {word}" for word, count in dict(data.get("states") or {}).items())
    if data.get("left_out"):
        words.append(f"{data['left_out']} row(s) without a result left out" + (f" ({states})" if states else ""))
    elif states:
        words.append(f"of its trials, {states}")
    if data.get("no_trials"):
        words.append(f"{data['no_trials']} row(s) that are no trials left out")
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
            help="Write for another tool: optuna:sqlite:///FILE[?study=NAME] is a study; `syne-tune DIR` a blackbox.",
            show_default="CSV",
        ),
    ] = None,
    folder: Annotated[str | None, typer.Argument(metavar="[DIR]", help="The folder, after --to syne-tune.")] = None,
    curves: Annotated[
        bool | None,
        typer.Option(
            "--curves/--no-curves",
            help="Write a row for each epoch, or one for each run.",
            show_default="a row for each epoch if the imported table had one",
        ),
    ] = None,
) -> None:
    """Write a surface as CSV, with all digits of every number, or for another tool.

    Values of a maximized metric are written with their original sign, under the metric's name.
    """
    from grids.library import load_surface

    if to:
        _export_to(load_surface(surface), to, folder, out)
        return
    if folder is not None:
        raise BadInput(f"'{folder}' is allowed only with --to syne-tune")
    if out is None:
        raise BadInput("no output is given: use --out FILE.csv, or --to for another tool")
    if out.suffix == ".parquet":
        raise BadInput(f"--out {out}: the name of a CSV file must not end in .parquet")
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
        raise BadInput("--to and --out cannot be given together")
    if study.is_study(to):
        if folder is not None:
            raise BadInput(f"'{folder}' is not allowed with --to {to}")
        try:
            name = study.write(surface, to)
        except BadInput:
            raise
        except Exception as error:  # Optuna and SQLAlchemy, over what the database says
            raise BadInput(f"--to {to}: cannot be written ({_first_cause(error)})") from error
        say(f"wrote study '{name}', {surface.value.size} trials")
    elif to == blackbox.TO:
        if folder is None:
            raise BadInput("--to syne-tune needs a folder: --to syne-tune DIR")
        blackbox.write(surface, folder)
        say(f"wrote {folder}: {surface.space.size} configurations, {len(surface.seeds)} seed(s)")
    else:
        raise BadInput(f"unknown format --to {to}: use optuna:sqlite:///FILE or syne-tune DIR")


def _first_cause(error: BaseException) -> str:
    """What the exception that came first says, in one line."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return next(iter(str(error).splitlines()), type(error).__name__)


def merge(
    surfaces: Annotated[list[str], typer.Argument(metavar="SURFACE...", help="Two surfaces or more.")],
    out: Annotated[Path, typer.Option(help="The surface to write (.parquet).")],
    quiet: Quiet = False,
) -> None:
    """Join surfaces with the same axes: different seeds, or different parts of one grid."""
    from grids import surface_file
    from grids.library import find_surface, load_surface
    from grids.tables.merging import merge as joined

    _check_suffix(out)
    if out.exists() and any(out.samefile(find_surface(text)) for text in surfaces):
        raise BadInput(f"{out}: is a surface to join, which --out would replace")
    surface = joined([load_surface(text) for text in surfaces], surfaces)
    surface_file.save(surface, out)
    say(f"{out}: {_described(surface)}", quiet)
