"""`tunecost grid tasks|optimizers|plan|run|submit|status`: lists what can be trained, and trains surfaces."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids.commands.options import Form, Quiet
from grids.commands.outputs import command_line
from grids.errors import BadInput
from grids.terminal import Format, print_rows, progress, say
from trainers.commands.options import Fresh, Optimizers, SweepOptions, TaskName

if TYPE_CHECKING:
    from trainers.sweep.job import SweepJob


def tasks(form: Form = Format.table) -> None:
    """List the tasks that can be trained."""
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
    """List the optimizers and their hyperparameters."""
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
    sweep: SweepOptions,
    form: Form = Format.table,
) -> None:
    """Estimate cells, shards, memory and time of a run from a few real steps on this machine."""
    from dataclasses import asdict

    from trainers.device import devices
    from trainers.sweep.plan import estimate

    names = devices(sweep.device)
    rows = []
    for job in sweep.jobs(task, optimizer, names[0]):
        _warn(job)
        row = asdict(estimate(job, len(names)))
        obstacle = row.pop("obstacle")
        if obstacle is not None:
            say(f"`grid run` would refuse: {obstacle}")
        rows.append(row)
    print_rows(rows, list(rows[0]), form)


def run(
    task: TaskName,
    optimizer: Optimizers,
    sweep: SweepOptions,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            envvar="TUNECOST_SHARD",
            help="Train only part I of N; I is 0 to N-1, and N means part 0.",
            show_default="all",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0, metavar="MIN", help="Time limit in minutes; no shard is started that would exceed it."),
    ] = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Train every cell of a space and write DIR/TASK/OPT.parquet. Several such commands may share one DIR."""
    from grids.closing import surface_closing
    from trainers.sweep import run as runner

    end = None if time_limit is None else time.time() + 60 * time_limit
    options = runner.RunOptions(shard=_part(shard), end=end, fresh=fresh, command=command_line())
    for job in sweep.jobs(task, optimizer, sweep.device):
        _warn(job, quiet)
        start = time.monotonic()
        with progress(f"{job.task.name}/{job.optimizer}", job.space.size * job.seeds, quiet) as advance:
            merged = runner.run(job, options, lambda line: say(line), lambda one, go=advance: go(one.cells))  # type: ignore[misc]
        if merged:
            for line in surface_closing(job.folder.surface, time.monotonic() - start):
                say(line, quiet)
            say(f"{job.folder.surface}", quiet)
        else:
            say(f"{job.folder.path}: not complete yet; `tunecost grid status {sweep.out}` shows what is missing", quiet)


def submit(
    task: TaskName,
    optimizer: Optimizers,
    partition: Annotated[str, typer.Option(metavar="P", help="Slurm partition.")],
    sweep: SweepOptions,
    device: Annotated[
        str, typer.Option("--device", metavar="D", help="cpu (no GPU is requested), cuda, or auto.")
    ] = "auto",
    gpus_per_shard: Annotated[
        int, typer.Option(min=0, metavar="N", help="GPUs of a shard; 0 trains on a CPU core.")
    ] = 1,
    array_parallelism: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Slurm tasks at the same time.", show_default="all")
    ] = None,
    time_limit: Annotated[
        int,
        typer.Option(
            min=1, metavar="MIN", help="Minutes until a Slurm task is requeued and continues from its last saved state."
        ),
    ] = 240,
    sbatch: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another option of sbatch, as account=physics; may be given again."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Submit the missing shards to Slurm, one task each, and return; `grid status DIR` shows the progress."""
    from trainers.sweep import slurm

    device, gpus = _resources(device, gpus_per_shard)
    request = slurm.Request(partition, gpus, array_parallelism, time_limit, _sbatch_options(sbatch or []))
    for job in sweep.jobs(task, optimizer, device):
        number = slurm.submit(job, request, command_line(), say)
        if number is None:
            say(f"{job.folder.surface}: all is there, nothing to submit", quiet)
        else:
            print(number)
            say(f"{job.task.name}/{job.optimizer}: Slurm job {number}; its output goes to {slurm.logs(job)}", quiet)


def status(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of all surfaces, of a task, or of one sweep.")
    ],
    form: Form = Format.table,
) -> None:
    """Show the progress of sweeps in runs (a run is a cell with a seed). The exit code is 3 while any is missing."""
    from dataclasses import asdict

    from trainers.sweep.status import status as find

    found = find(folder, say)
    rows = [asdict(one) for one in found]
    print_rows(rows, list(rows[0]), form)
    if any(one.missing or one.running for one in found):
        raise typer.Exit(3)


def _warn(job: "SweepJob", quiet: bool = False) -> None:
    """Say which axes of an optimizer class have no effect, and whether it sees no schedule."""
    from trainers.rules import is_class

    if not quiet and is_class(job.optimizer):
        from trainers.audit.cautions import cautions

        for line in cautions(job.optimizer, job.space, job.task.schedule.kind):
            say(f"warning: {line}")


def _resources(device: str, gpus: int) -> tuple[str, int]:
    """The device that a Slurm task trains on, and the number of GPUs that it requests."""
    if device not in ("auto", "cpu", "cuda"):
        raise BadInput(f"--device {device}: Slurm decides which GPU it is; give cpu, cuda or auto")
    if device == "cuda" and not gpus:
        raise BadInput("--device cuda needs --gpus-per-shard 1 or more")
    return ("cpu", 0) if device == "cpu" or not gpus else ("cuda", gpus)


def _sbatch_options(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text.strip("="):
            raise BadInput(f"--sbatch {text}: give NAME=VALUE, as in account=physics")
    return {name.lstrip("-"): value for name, _, value in (text.partition("=") for text in texts)}


def _part(text: str | None) -> tuple[int, int] | None:
    """The index and the number of parts that `--shard` gives."""
    if text is None:
        return None
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit()) or not 0 <= int(index) <= int(count) or int(count) < 1:
        raise BadInput(f"--shard {text}: give I/N with 0 <= I <= N, as in 2/8")
    return int(index), int(count)
