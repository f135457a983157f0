"""Options that several training commands share, so that each has one name and one help text."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput

if TYPE_CHECKING:
    from trainers.sweep.job import SweepJob

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
Fresh = Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or continue where an earlier run stopped.")]


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of a training that replace what its task says, and where it runs."""

    space: SpaceText = None
    epochs: Epochs = None
    device: Device = "auto"
    data: Data = None
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="KIND",
            help="Schedule of the learning rate: step, linear, cosine or constant.",
            show_default="the task's",
        ),
    ] = None
    warmup: Annotated[
        float | None,
        typer.Option(
            "--warmup",
            min=0,
            metavar="EPOCHS",
            help="Epochs over which the learning rate first rises.",
            show_default="the task's",
        ),
    ] = None
    clip: Annotated[
        float | None,
        typer.Option(
            "--clip",
            metavar="NORM",
            help="Largest norm of a cell's gradient; a larger one is scaled down to it.",
            show_default="the task's",
        ),
    ] = None

    def of_job(self, device: str) -> dict[str, Any]:
        """The same as arguments of a `trainers.job.Job` on this device."""
        names = {"space": "space_text", "data": "data_folder", "device": "device_name"}
        return {names.get(name, name): value for name, value in (vars(self) | {"device": device}).items()}


@dataclass(frozen=True, kw_only=True)
class SweepOptions(TrainOptions):
    """The options of a sweep."""

    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Seeds 0 to N-1 for each cell.")] = 1
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Surfaces are written to DIR/TASK/OPT.parquet.")] = (
        Path("surfaces")
    )
    block: Annotated[
        int | None,
        typer.Option("--block", min=1, metavar="CELLS", help="Cells of a shard.", show_default="by task and device"),
    ] = None
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Execution backend of the networks: vmap for any; grouped and channels_last for images on a GPU; "
            "direct on a CPU; each or fused for character models.",
            show_default="the fastest known",
        ),
    ] = None

    def jobs(self, task: str, optimizers: list[str], device: str) -> "list[SweepJob]":
        """A job for each optimizer. All are checked before the first one runs.

        Raises:
            BadInput: a job is invalid, or two would write the same file.
        """
        from trainers.sweep.job import SweepJob

        jobs = [SweepJob(task, optimizer, **self.of_job(device)) for optimizer in dict.fromkeys(optimizers)]
        taken: dict[Path, str] = {}
        for job in jobs:
            _ = job.sweep  # its first use checks the job
            other = taken.setdefault(job.folder.path, job.optimizer)
            if other != job.optimizer:
                raise BadInput(f"'{other}' and '{job.optimizer}' would share the file {job.folder.surface}")
        return jobs
