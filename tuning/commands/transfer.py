"""`tunecost transfer`: a surface's best cell, trained on another task and judged on examples that chose nothing."""

import enum
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grids.errors import BadInput
from tuning.commands.options import Epoch, Jobs, Quiet, SeedStatistic, Statistic, Surfaces, ValueOf
from tuning.commands.train_options import Data, Device, Epochs
from tuning.terminal import progress, say


class Broken(enum.StrEnum):
    """What is done about photographs that cannot be read."""

    refuse = "refuse"
    skip = "skip"


def transfer(
    surfaces: Surfaces,
    to: Annotated[str, typer.Option(metavar="TASK", help="What is trained: `grid tasks`, or your own as module:name.")],
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Seeds 0 to N-1 of each training.")] = 3,
    cells: Annotated[int, typer.Option(min=1, metavar="K", help="The K best cells, and how their ranks agree.")] = 1,
    default: Annotated[bool, typer.Option("--default", help="Train the optimizer's default too.")] = False,
    retune: Annotated[
        str | None,
        typer.Option(metavar="AXIS", help="Search one axis anew, by TASK's validation set.", show_default="none"),
    ] = None,
    seed_statistic: SeedStatistic = Statistic.mean,
    value_of: ValueOf = Epoch.last,
    epochs: Epochs = None,
    device: Device = "auto",
    data: Data = None,
    jobs: Jobs = None,
    broken: Annotated[
        Broken, typer.Option("--broken", help="Photographs that cannot be read: refuse them, or skip them.")
    ] = Broken.refuse,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.json", help="File to write.")] = Path("transfer.json"),
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or go on where it stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train the best cell of each surface on TASK, several seeds at once, and judge it on the test set.

    A final training takes what the data set gives to it (CIFAR and Fashion-MNIST: training and validation images); sets
    without test examples are judged by cross-validation. The test set is read once, after all training.
    """
    from grids.library import find_surface, load_surface
    from grids.surface_facts import file_sha256
    from trainers.device import pick
    from trainers.transfer import record
    from trainers.transfer.transfer import Request, clear
    from trainers.transfer.transfer import transfer as run
    from tuning.replay import cores

    if out.suffix != ".json":
        raise BadInput(f"--out {out}: the file's name must end in .json")
    folder = out.with_name(f"{out.name}.parts")
    if jobs is not None and jobs < 1:
        raise BadInput(f"--jobs must be 1 or more, not {jobs}")
    if fresh:
        clear(folder)
    workers = 1 if pick(device).type == "cuda" else jobs or cores()
    request = Request(
        to=to,
        seeds=seeds,
        statistic=seed_statistic.value,
        value_of=value_of.value,
        cells=cells,
        default=default,
        retune=retune,
        epochs=epochs,
        device=device,
        data=data,
        workers=workers,
        skip_broken=broken == Broken.skip,
    )
    command = shlex.join(["tunecost", *sys.argv[1:]])
    loaded = [(label, load_surface(label, value_of.value)) for label in dict.fromkeys(surfaces)]
    records: list[dict[str, Any]] = []
    for label, surface in loaded:
        digest = file_sha256(find_surface(label))
        records.append(
            run(surface, digest, request, folder, command, lambda words, total: progress(words, total, quiet), say)
        )
    record.write(out, records)
    clear(folder)
    for one in records:
        spread = "" if one["std"] is None else f" ({one['std']:.2g})"
        found = f"{one['mean']:.4g}{spread} {one['unit']}".rstrip()
        say(f"{one['task']}/{one['optimizer']} on {one['to']}: {one['metric']} {found}", quiet)
    say(f"{out}", quiet)
