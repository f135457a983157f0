"""`tunecost gpu`: checks that a device computes correctly, measures its speed, and trains surfaces in the time left."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grids.commands.options import Form
from grids.commands.outputs import command_line
from grids.errors import BadInput
from grids.terminal import Format, print_rows, say
from trainers.commands.options import Data, SpaceText

TASK, WITHOUT_DATA = "cifar10-convnet", "digits-conv"
"""The default task with --data, and without."""


def gpu(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder for gpu.json and surfaces; a later call continues there."),
    ],
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, metavar="M", help="Time limit for the whole command, in minutes.")
    ] = 10.0,
    device: Annotated[
        str, typer.Option("--device", metavar="D", help="cuda:0, or cpu to try the command out.")
    ] = "cuda:0",
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="The task that is timed and trained.",
            show_default=f"{TASK}, or {WITHOUT_DATA} without --data",
        ),
    ] = None,
    data: Data = None,
    space: SpaceText = None,
    form: Form = Format.table,
) -> None:
    """Test a device: compare every backend with float64 on the CPU, and recorded steps with plain ones; measure time
    and memory of a step for each backend and block size, and for cells one at a time; then train surfaces until the
    time is over.
    """
    from trainers.acceptance.accept import accept
    from trainers.acceptance.speeds import Asked
    from trainers.device import pick
    from trainers.tasks import get_task

    name = task or (TASK if data is not None else WITHOUT_DATA)
    if get_task(name).needs_data and data is None:
        raise BadInput(f"task '{name}' needs data: give its folder with --data")
    asked = Asked(name, data, "adam", pick(device))
    found = accept(asked, space, minutes, out, command_line(), say)
    rows = list(summary(found))
    print_rows(rows, list(rows[0]), form)
    say(f"{out / 'gpu.json'}")


def summary(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of gpu.json as rows of `step`, `what` and `value`.

    Args:
        found: from `trainers.acceptance.accept.accept`.
    """
    rows = [{"step": "device", "what": "device", "value": found["device"]["device"]}]
    for row in found["agreement"]:
        what = f"{row['backend']}, {row['rule']}: float64 against the CPU"
        rows.append({"step": "agreement", "what": what, "value": f"{row['difference']:.1e}"})
    for row in found["recording"]:
        what = f"{row['rule']}: {'recorded' if row['recorded'] else 'not recorded'} against plain"
        rows.append({"step": "recording", "what": what, "value": f"{row['difference']:.1e}"})
    for row in found["fused"]:
        value = f"{row['microseconds']:.1f} µs, {row['memory_gib']:.1f} GiB" if row["fits"] else "does not fit"
        rows.append(
            {"step": "fused", "what": f"{row['cells']} cells, {row['backend']}: a cell and step", "value": value}
        )
    for row in found["sequential"]:
        what = f"{row['processes']} process{'es' * (row['processes'] > 1)}, a cell each: a cell and step"
        rows.append({"step": "sequential", "what": what, "value": f"{row['microseconds']:.1f} µs"})
    times = found["gain"]["times_faster"]
    rows.append({"step": "gain", "what": "fused against sequential", "value": f"{times:.1f}x" if times else "unknown"})
    for row in found["surfaces"]:
        state = "whole" if row["whole"] else f"{row['trained']} of {row['cells']} cells so far"
        rows.append({"step": "surface", "what": row["optimizer"], "value": f"{state}, {row['seconds']:.0f} s"})
    return rows
