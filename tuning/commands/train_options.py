"""The options that `grid plan`, `run` and `submit` share, each worded once."""

from pathlib import Path
from typing import Annotated

import typer

TaskName = Annotated[
    str, typer.Argument(metavar="TASK", help="What is trained: `grid tasks` lists them; or your own as module:name.")
]
Optimizers = Annotated[
    list[str],
    typer.Option(
        "-o",
        "--optimizer",
        metavar="OPT",
        help="`grid optimizers` lists them; or your own as module:rule. Several: -o A -o B.",
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
    typer.Option("--epochs", min=1, metavar="N", help="The schedule moves along.", show_default="the task's"),
]
Device = Annotated[
    str, typer.Option("--device", metavar="D", help="cpu, cuda (all GPUs), cuda:1, or auto: GPUs where there are any.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the task's data lie.", show_default="./data"),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Surfaces go to DIR/TASK/OPT.parquet.")]
ScheduleKind = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="KIND",
        help="How the learning rate falls: step, linear, cosine or constant.",
        show_default="the task's",
    ),
]
Warmup = Annotated[
    float | None,
    typer.Option(
        "--warmup",
        min=0,
        metavar="EPOCHS",
        help="The learning rate first rises over so many.",
        show_default="the task's",
    ),
]
Clip = Annotated[
    float | None,
    typer.Option(
        "--clip", metavar="NORM", help="Scale a cell's gradient down to this norm.", show_default="the task's"
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="How the cells' networks are run: vmap runs any; grouped and channels_last images on a GPU; batch_last, "
        "compiled and direct on a CPU; each or fused character models.",
        show_default="the fastest known",
    ),
]
Block = Annotated[
    int | None,
    typer.Option("--block", min=1, metavar="CELLS", help="Cells a shard holds.", show_default="by task and device"),
]
