"""Run every step of the acceptance on a device, each into one JSON file, so that a run that was cut off resumes."""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from grids.atomic import write_whole
from grids.errors import BadInput
from trainers.acceptance import agreement, speeds
from trainers.device import arithmetic, describe, software
from trainers.sweep import run as runner
from trainers.sweep.job import SweepJob

FORMAT = 1
OPTIMIZERS = ("adam", "avagrad")

Say = Callable[[str], None]


def accept(asked: speeds.Asked, space: str | None, minutes: float, out: Path, command: str, say: Say) -> dict[str, Any]:
    """Ask a device everything, within so many minutes; what an earlier call has found is kept.

    Args:
        asked: the task that is timed and trained, by what rule, where.
        space: of the surfaces; None for the task's own.
        minutes: for all of it. A third goes to the measurements, a sixth to the opponents, the rest to the surfaces.
        out: `gpu.json` goes here, and `surfaces`, which later calls go on with.
        command: as typed, for the surfaces' headers.
        say: gets a line for each step.

    Raises:
        BadInput: `out` holds what another device or task was asked, or cannot be written.
    """
    begun, path = time.monotonic(), out / "gpu.json"
    found = _earlier(path, asked)

    def step(name: str, work: Callable[[], Any]) -> Any:
        if name not in found:
            say(f"{name} …")
            found[name] = work()
            write_whole(path, json.dumps(found, indent=1) + "\n")
        return found[name]

    def share(part: float) -> float:
        return begun + 60 * minutes * part

    out.mkdir(parents=True, exist_ok=True)
    step("device", lambda: facts(asked.device))
    step("agreement", lambda: agreement.agreement(asked.device))
    step("recording", lambda: agreement.recording(asked.device))
    fused = step("fused", lambda: speeds.fused(asked, share(1 / 3)))
    alone = step("sequential", lambda: speeds.sequential(asked, share(1 / 2)))
    step("gain", lambda: speeds.gain(fused, alone))
    found["surfaces"] = _surfaces(asked, space, time.time() + share(1) - time.monotonic(), out, command, say)
    write_whole(path, json.dumps(found, indent=1) + "\n")
    return found


def facts(device: torch.device) -> dict[str, Any]:
    """The device and the software around it."""
    known: dict[str, Any] = {"device": describe(device), "cores": os.cpu_count(), "system": platform.platform()}
    known |= {"software": software(), "precision": str(arithmetic(device)).removeprefix("torch.")}
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        known |= {"memory_gib": total / 2**30, "free_gib": free / 2**30, "cuda": torch.version.cuda}
        known |= {"cudnn": torch.backends.cudnn.version()}
    return known


def _earlier(path: Path, asked: speeds.Asked) -> dict[str, Any]:
    own = {"format": FORMAT, "task": asked.task, "rule": asked.rule, "asked": str(asked.device)}
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return own
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); remove it, or name another folder with --out") from None
    if not isinstance(found, dict) or {name: found.get(name) for name in own} != own:
        raise BadInput(f"{path}: holds what another task or device was asked; name another folder with --out")
    if found.get("device", {}).get("device") not in (None, describe(asked.device)):
        raise BadInput(f"{path}: was measured on {found['device']['device']}; name another folder with --out")
    return found


def _surfaces(
    asked: speeds.Asked, space: str | None, end: float, out: Path, command: str, say: Say
) -> list[dict[str, Any]]:
    """Train surfaces as far as the time goes: a row for each, with what was trained of it so far."""
    rows = []
    for optimizer in OPTIMIZERS:
        name = "cpu" if asked.device.type == "cpu" else str(asked.device)
        job = SweepJob(asked.task, optimizer, space, device_name=name, data_folder=asked.folder, out=out / "surfaces")
        say(f"surface of {optimizer} …")
        done: list[int] = []
        begun = time.monotonic()
        options = runner.RunOptions(end=end, command=command, save_every=20.0)
        whole = runner.run(job, options, say, lambda shard, done=done: done.append(shard.cells))  # type: ignore[misc]
        rows.append(
            {
                "optimizer": optimizer,
                "cells": job.space.size,
                "trained": sum(done),
                "whole": whole,
                "seconds": time.monotonic() - begun,
                "file": str(job.folder.surface.relative_to(out)) if whole else None,
            }
        )
    return rows
