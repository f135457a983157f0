"""`tunecost transfer`: trains the best cell of a surface on another task, and evaluates it on the test set."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from grids.commands.options import Jobs, Quiet, SeedStatistic, Surfaces, ValueOf, check_least
from grids.commands.outputs import command_line
from grids.errors import BadInput
from grids.terminal import progress, say
from trainers.commands.options import Data, Device, Epochs, Fresh

Broken = Literal["refuse", "skip"]
"""What happens to photographs that cannot be read."""


def transfer(
    surfaces: Surfaces,
    to: Annotated[
        str,
        typer.Option(metavar="TASK", help="The task that is trained: one of `grid tasks`, or your own as module:name."),
    ],
    optimizers: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--optimizer",
            metavar="OPT",
            help="A surface's optimizer that is your own code, as module:rule; a file alone loads none. May be given "
            "again.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Seeds 0 to N-1 of each training.")] = 3,
    cells: Annotated[
        int,
        typer.Option(
            min=1, metavar="K", help="Train the K best cells, and give the rank correlation of the two tasks."
        ),
    ] = 1,
    default: Annotated[bool, typer.Option("--default", help="Train the optimizer's default too.")] = False,
    retune: Annotated[
        str | None,
        typer.Option(metavar="AXIS", help="Search this axis again, on TASK's validation set.", show_default="none"),
    ] = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    epochs: Epochs = None,
    device: Device = "auto",
    data: Data = None,
    jobs: Jobs = None,
    broken: Annotated[
        Broken, typer.Option("--broken", help="Photographs that cannot be read: refuse the data, or skip them.")
    ] = "refuse",
    out: Annotated[Path, typer.Option("--out", metavar="FILE.json", help="File to write.")] = Path("transfer.json"),
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Train the best cell of each surface on TASK, several seeds at once, and evaluate it on the test set.

    Final trainings use the data set's examples for them (CIFAR and Fashion-MNIST: training and validation images); data
    sets without test examples are evaluated by cross-validation. The test set is read once, after all training.
    """
    from grids.files import file_sha256
    from grids.library import find_surface, load_surface
    from grids.machine import cores
    from trainers.blocks.locks import locked
    from trainers.device import pick
    from trainers.live.journal import forget
    from trainers.transfer import record
    from trainers.transfer.transfer import Request, clear
    from trainers.transfer.transfer import transfer as run

    if out.suffix != ".json":
        raise BadInput(f"--out {out}: the file's name must end in .json")
    folder = out.with_name(f"{out.name}.parts")
    check_least("jobs", jobs, 1)
    workers = 1 if pick(device).type == "cuda" else jobs or cores("OMP_NUM_THREADS")
    request = Request(
        to=to,
        seeds=seeds,
        statistic=seed_statistic,
        value_of=value_of,
        cells=cells,
        default=default,
        retune=retune,
        epochs=epochs,
        device=device,
        data=data,
        workers=workers,
        named=tuple(optimizers or ()),
        skip_broken=broken == "skip",
    )
    bar = partial(progress, quiet=quiet)
    loaded = [(label, load_surface(label, value_of)) for label in dict.fromkeys(surfaces)]
    asked = [surface.provenance.optimizer for _, surface in loaded]
    for text in optimizers or ():
        if text not in asked:
            raise BadInput(f"-o {text}: the surfaces given are of {', '.join(dict.fromkeys(asked))}")
    records: list[dict[str, Any]] = []
    with locked(folder / "lock") as acquired:
        if not acquired:
            raise BadInput(f"{folder}: another `tunecost transfer` is running here")
        try:
            if fresh:
                forget(folder)
            for label, surface in loaded:
                digest = file_sha256(find_surface(label))
                records.append(run(surface, digest, request, folder, command_line(), bar, say))
            record.write(out, records)
            clear(folder)
        finally:
            if not any(path.name != "lock" for path in folder.glob("*")):
                clear(folder)
    for one in records:
        deviation = "" if one["std"] is None else f" ({one['std']:.2g})"
        result = f"{one['mean']:.4g}{deviation} {one['unit']}".rstrip()
        say(f"{one['task']}/{one['optimizer']} on {one['to']}: {one['metric']} {result}", quiet)
    say(f"{out}", quiet)
