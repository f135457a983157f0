"""Options that several training commands share, so that each has one name and one help text."""

from pathlib import Path
from typing import Annotated

import typer

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="One of `grid tasks`, or your own as module:name.")]
Optimizers = Annotated[
    list[str],
    typer.Option(
        "-o",
        "--optimizer",
        metavar="OPT",
        help="One of `grid optimizers`, or your own as module:rule. Several: -o A -o B.",
    ),
]
SpaceText = Annotated[
    str | None,
    typer.Option(
        "--space",
        metavar="SPACE",
        help="Axes as `alpha=0.1,1,epsilon=1e-8,1`, or a preset: {spaces}.",
        show_default="the task's",
    ),
]
Seeds = Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Seeds 0 to N-1 for each cell.")]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        min=1,
        metavar="N",
        help="Epochs of a training; the learning rate's schedule is scaled to them.",
        show_default="the task's",
    ),
]
Device = Annotated[
    str, typer.Option("--device", metavar="D", help="cpu, cuda (all GPUs), cuda:1, or auto: GPUs where there are any.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder of the task's data.", show_default="./data"),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Surfaces are written to DIR/TASK/OPT.parquet.")]
ScheduleKind = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="KIND",
        help="Schedule of the learning rate: step, linear, cosine or constant.",
        show_default="the task's",
    ),
]
Warmup = Annotated[
    float | None,
    typer.Option(
        "--warmup",
        min=0,
        metavar="EPOCHS",
        help="Epochs over which the learning rate first rises.",
        show_default="the task's",
    ),
]
Clip = Annotated[
    float | None,
    typer.Option(
        "--clip",
        metavar="NORM",
        help="Largest norm of a cell's gradient; a larger one is scaled down to it.",
        show_default="the task's",
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Execution backend of the networks: vmap for any; grouped and channels_last for images on a GPU; "
        "direct on a CPU; each or fused for character models.",
        show_default="the fastest known",
    ),
]
Block = Annotated[
    int | None,
    typer.Option("--block", min=1, metavar="CELLS", help="Cells of a shard.", show_default="by task and device"),
]
Fresh = Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or continue where an earlier run stopped.")]
