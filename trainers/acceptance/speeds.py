"""The time of a step on a device: many cells fused, by every backend and size, against cells one at a time."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainers.blocks.epochs import hyper_tensors
from trainers.blocks.measure import measure
from trainers.device import arithmetic, prepared
from trainers.procedures import procedure_of
from trainers.rules import get_rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task

SIZES = {"cuda": (441, 221, 111, 63, 16), "cpu": (56, 16, 4)}
PROCESSES = {"cuda": (2, 4, 8), "cpu": (2,)}
LOOP_SECONDS = 5.0
CLOCK = time.monotonic


@dataclass(frozen=True)
class Asked:
    """A training to time.

    Args:
        task: a shipped task's name.
        folder: of its data.
        rule: an optimizer's name.
        device: where.
    """

    task: str
    folder: Path | None
    rule: str
    device: torch.device

    def load(self) -> tuple[Task, Dataset]:
        task = get_task(self.task)
        return task, task.load(self.folder, 0)


def fused(asked: Asked, end: float) -> list[dict[str, Any]]:
    """A row for each backend and size, from the largest down, as far as the time goes (by `time.monotonic`)."""
    task, data = asked.load()
    rule = get_rule(asked.rule)
    rows: list[dict[str, Any]] = []
    backends = procedure_of(task).backends_on_gpu(task, data) if asked.device.type == "cuda" else (None,)
    for cells in SIZES[asked.device.type]:
        for backend in backends:
            if rows and CLOCK() > end:
                return rows
            row: dict[str, Any] = {"backend": backend or "default", "cells": cells}
            try:
                found = measure(task, data, rule, asked.device, cells, backend)
            except torch.OutOfMemoryError:
                rows.append({**row, "fits": False})
                continue
            rows.append(
                {
                    **row,
                    "fits": True,
                    "microseconds": 1e6 * found.seconds,
                    "judging_microseconds": 1e6 * found.judging,
                    "memory_gib": found.memory / 2**30,
                }
            )
    return rows


def sequential(asked: Asked, end: float) -> list[dict[str, Any]]:
    """Time one cell after another, in one process and in several side by side: the fair comparison.

    On a GPU each step is recorded, in bfloat16 and channels_last where that can be; on a CPU it is torch's own.
    """
    rows: list[dict[str, Any]] = []
    for processes in (1, *PROCESSES[asked.device.type]):
        if rows and CLOCK() > end:
            break
        rate = _steps_a_second(asked, processes)
        rows.append({"processes": processes, "microseconds": 1e6 / rate})
    return rows


def _steps_a_second(asked: Asked, processes: int) -> float:
    context = multiprocessing.get_context("spawn")
    barrier = context.Manager().Barrier(processes)
    with ProcessPoolExecutor(processes, context) as pool:
        found = [pool.submit(_loop, asked, barrier) for _ in range(processes)]
        return sum(one.result() for one in found)


def _loop(asked: Asked, barrier: Any) -> float:
    """Steps a second of one cell, once all processes are ready."""
    task, data = asked.load()
    kind, rule, device = procedure_of(task), get_rule(asked.rule), asked.device
    whole = kind.size(task, data)
    task, data = kind.part(task, data, replace(whole, steps=min(whole.steps, 20)))
    steps = kind.size(task, data).steps
    torch.set_num_threads(1)
    with prepared(device):
        backend = "channels_last" if "channels_last" in kind.backends_on_gpu(task, data) else None
        procedure = kind(
            task, data, rule, device, arithmetic(device), 10**6, backend if device.type == "cuda" else "vmap"
        )
        hyper = hyper_tensors(task, rule, {rule.rate: np.full(1, 1e-6)}, device, torch.float32)
        seeds = torch.zeros(1, dtype=torch.int64)
        state, _ = procedure.train(procedure.start(seeds), hyper, seeds, 0)
        barrier.wait()
        epochs, begun = 0, CLOCK()
        while CLOCK() - begun < LOOP_SECONDS:
            epochs += 1
            state, outcome = procedure.train(state, hyper, seeds, epochs)
            outcome.value.cpu()  # waits for the device
        return epochs * steps / (CLOCK() - begun)


def gain(fused_rows: Sequence[dict[str, Any]], sequential_rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The speed of the best block over that of the best way to train cells one at a time; None where unknown."""
    fastest = min((row["microseconds"] for row in fused_rows if row.get("fits")), default=None)
    alone = min((row["microseconds"] for row in sequential_rows), default=None)
    return {
        "fused_microseconds": fastest,
        "sequential_microseconds": alone,
        "times_faster": alone / fastest if fastest and alone else None,
    }
