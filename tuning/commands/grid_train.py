"""`tunecost grid tasks|optimizers|plan|run|submit|status`: what can be trained, its cost, training it, its progress."""

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput
from tuning.commands.closing import surface_closing
from tuning.commands.options import Form, Quiet
from tuning.commands.train_options import (
    Backend,
    Block,
    Clip,
    Data,
    Device,
    Epochs,
    Optimizers,
    Out,
    ScheduleKind,
    Seeds,
    SpaceText,
    TaskName,
    Warmup,
)
from tuning.late_help import LateHelp
from tuning.terminal import Format, print_rows, progress, say

if TYPE_CHECKING:
    from trainers.sweep.job import SweepJob


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    for name, command in (
        ("tasks", tasks),
        ("optimizers", optimizers),
        ("plan", plan),
        ("run", run),
        ("submit", submit),
        ("status", status),
    ):
        app.command(name, cls=LateHelp)(command)


def tasks(form: Form = Format.table) -> None:
    """What can be trained."""
    from trainers.tasks import TASKS

    rows = [
        {
            "task": task.name,
            "epochs": task.epochs,
            "batch": task.batch_size,
            "metric": task.metric.name,
            "unit": task.metric.unit,
            "data": "needed" if task.needs_data else "built in",
            "summary": task.summary,
        }
        for task in TASKS.values()
    ]
    print_rows(rows, ["task", "epochs", "batch", "metric", "unit", "data", "summary"], form)


def optimizers(form: Form = Format.table) -> None:
    """Which optimizers there are, and which hyperparameters each has."""
    from trainers.rules import RULES

    rows = [
        {
            "optimizer": name,
            "label": rule.label,
            "hyperparameters": ", ".join(
                f"{key}=the task's" if key == "weight_decay" else f"{key}={value:g}"
                for key, value in rule.hyperparameters.items()
            ),
            "summary": rule.summary,
        }
        for name, rule in RULES.items()
    ]
    print_rows(rows, ["optimizer", "label", "hyperparameters", "summary"], form)


def plan(
    task: TaskName,
    optimizer: Optimizers,
    space: SpaceText = None,
    seeds: Seeds = 1,
    epochs: Epochs = None,
    device: Device = "auto",
    data: Data = None,
    out: Out = Path("surfaces"),
    block: Block = None,
    schedule: ScheduleKind = None,
    warmup: Warmup = None,
    clip: Clip = None,
    backend: Backend = None,
    form: Form = Format.table,
) -> None:
    """Say what a run would take: cells, shards, memory and time, from a few real steps on this machine."""
    from dataclasses import asdict

    from trainers.device import devices
    from trainers.sweep.plan import estimate

    names = devices(device)
    rows = []
    for job in _jobs(
        task, optimizer, space, seeds, epochs, names[0], data, out, block, schedule, warmup, clip, backend
    ):
        row = asdict(estimate(job, len(names)))
        obstacle = row.pop("obstacle")
        if obstacle is not None:
            say(f"`grid run` would refuse: {obstacle}")
        rows.append(row)
    print_rows(rows, list(rows[0]), form)


def run(
    task: TaskName,
    optimizer: Optimizers,
    space: SpaceText = None,
    seeds: Seeds = 1,
    epochs: Epochs = None,
    device: Device = "auto",
    data: Data = None,
    out: Out = Path("surfaces"),
    block: Block = None,
    schedule: ScheduleKind = None,
    warmup: Warmup = None,
    clip: Clip = None,
    backend: Backend = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            envvar="TUNECOST_SHARD",
            help="Train only the I-th of N parts; I counts from 0, or from 1 (part N is part 0).",
            show_default="all",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0, metavar="MIN", help="Minutes; nothing is started that would not end."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or go on where it stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train every cell of a space; leaves DIR/TASK/OPT.parquet. Any number of these may share one DIR."""
    from trainers.sweep import run as runner

    end = None if time_limit is None else time.time() + 60 * time_limit
    options = runner.RunOptions(shard=_part(shard), end=end, fresh=fresh, command=_command())
    for job in _jobs(task, optimizer, space, seeds, epochs, device, data, out, block, schedule, warmup, clip, backend):
        begun = time.monotonic()
        with progress(f"{job.task.name}/{job.optimizer}", job.space.size * job.seeds, quiet) as advance:
            merged = runner.run(job, options, lambda line: say(line), lambda one, go=advance: go(one.cells))  # type: ignore[misc]
        if merged:
            for line in surface_closing(job.folder.surface, time.monotonic() - begun):
                say(line, quiet)
            say(f"{job.folder.surface}", quiet)
        else:
            say(f"{job.folder.path}: not complete yet; `tunecost grid status {out}` says what is missing", quiet)


def submit(
    task: TaskName,
    optimizer: Optimizers,
    partition: Annotated[str, typer.Option(metavar="P", help="Slurm's partition.")],
    space: SpaceText = None,
    seeds: Seeds = 1,
    epochs: Epochs = None,
    device: Annotated[
        str, typer.Option("--device", metavar="D", help="cpu (then no GPU is asked for), cuda, or auto.")
    ] = "auto",
    data: Data = None,
    out: Out = Path("surfaces"),
    block: Block = None,
    schedule: ScheduleKind = None,
    warmup: Warmup = None,
    clip: Clip = None,
    backend: Backend = None,
    gpus_per_shard: Annotated[int, typer.Option(min=0, metavar="N", help="0 trains on a CPU core.")] = 1,
    array_parallelism: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Tasks at the same time.", show_default="all")
    ] = None,
    time_limit: Annotated[
        int, typer.Option(min=1, metavar="MIN", help="Minutes until a task is requeued, to go on from its last state.")
    ] = 240,
    sbatch: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="More of sbatch's options: --sbatch account=x."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Send what is missing to Slurm, a task for each shard, and return; `grid status DIR` says how far it is."""
    from trainers.sweep import slurm

    further = _further(sbatch or [])
    device, gpus = _granted(device, gpus_per_shard)
    request = slurm.Request(partition, gpus, array_parallelism, time_limit, further)
    for job in _jobs(task, optimizer, space, seeds, epochs, device, data, out, block, schedule, warmup, clip, backend):
        number = slurm.submit(job, request, _command(), say)
        if number is None:
            say(f"{job.folder.surface}: all is there, nothing to submit", quiet)
        else:
            print(number)
            say(f"{job.task.name}/{job.optimizer}: Slurm job {number}; its output goes to {slurm.logs(job)}", quiet)


def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of surfaces, a task's, or a sweep's own.")],
    form: Form = Format.table,
) -> None:
    """How far sweeps are, counted in runs (a cell with a seed). Exits 3 while any is missing."""
    from dataclasses import asdict

    from trainers.sweep.status import status as find

    found = find(folder, say)
    rows = [asdict(one) for one in found]
    print_rows(rows, list(rows[0]), form)
    if any(one.missing or one.running for one in found):
        raise typer.Exit(3)


def _jobs(
    task: str,
    optimizers: list[str],
    space: str | None,
    seeds: int,
    epochs: int | None,
    device: str,
    data: Path | None,
    out: Path,
    block: int | None,
    schedule: str | None,
    warmup: float | None,
    clip: float | None,
    backend: str | None,
) -> "list[SweepJob]":
    """One job for each optimizer; whatever is wrong with any of them is said before the first one runs."""
    from trainers.sweep.job import SweepJob

    jobs = [
        SweepJob(
            task, one, space, epochs, device, data, schedule, warmup, clip, backend, seeds=seeds, out=out, block=block
        )
        for one in dict.fromkeys(optimizers)
    ]
    taken: dict[Any, str] = {}
    for job in jobs:
        _ = job.sweep
        other = taken.setdefault(job.folder.path, job.optimizer)
        if other != job.optimizer:
            raise BadInput(f"'{other}' and '{job.optimizer}' would share the file {job.folder.surface}")
    return jobs


def _granted(device: str, gpus: int) -> tuple[str, int]:
    """The device that a task trains on, and the GPUs that it asks for."""
    if device not in ("auto", "cpu", "cuda"):
        raise BadInput(f"--device {device}: which GPU it is, Slurm decides; give cpu, cuda or auto")
    if device == "cuda" and not gpus:
        raise BadInput("--device cuda needs --gpus-per-shard 1 or more")
    return ("cpu", 0) if device == "cpu" or not gpus else ("cuda", gpus)


def _further(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text.strip("="):
            raise BadInput(f"--sbatch {text}: give NAME=VALUE, as in account=physics")
    return {name.lstrip("-"): value for name, _, value in (text.partition("=") for text in texts)}


def _part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit()) or not 0 <= int(index) <= int(count) or int(count) < 1:
        raise BadInput(f"--shard {text}: give I/N with 0 <= I <= N, as in 2/8")
    return int(index), int(count)


def _command() -> str:
    return shlex.join(["tunecost", *sys.argv[1:]])
