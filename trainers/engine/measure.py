"""How many cells to train at once, and by which backend: a short measurement on the machine that will do it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch

from trainers.device import arithmetic, prepared
from trainers.engine.block import hyper_tensors
from trainers.procedures import procedure_of
from trainers.procedures.base import Procedure
from trainers.rules.base import Rule
from trainers.task import Dataset, Task

SIZES = (1, 2, 4, 8, 16, 32, 63, 111, 147, 221, 441)
STEPS = 6
ENOUGH = 1.05
"""A bigger block must be faster by this much: the smaller one loses less to a crash and drops dead cells as well."""
SHARE = 0.8
"""Of the device's free memory."""


@dataclass(frozen=True)
class Measured:
    """A block that was tried.

    Args:
        cells: trained at once.
        backend: what ran the network.
        seconds: for one step of one cell.
        memory: bytes the block took on a GPU at its peak; 0 on a CPU, which does not tell.
    """

    cells: int
    backend: str | None
    seconds: float
    memory: int


def measure(
    task: Task,
    data: Dataset,
    rule: Rule,
    device: torch.device,
    cells: int,
    backend: str | None = None,
    steps: int = STEPS,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Time a few training steps of a block whose cells all survive, by a clock that gives seconds.

    Raises:
        torch.OutOfMemoryError: the block does not fit.
    """
    with prepared(device):
        whole = procedure_of(task).size(task, data)
        steps = min(steps, whole.steps)
        part, few = procedure_of(task).part(task, data, replace(whole, steps=steps))
        procedure: Procedure = procedure_of(task)(part, few, rule, device, arithmetic(device), 3, backend)
        hyper = hyper_tensors(task, rule, {rule.rate: np.full(cells, 1e-6)}, device, torch.float32)
        seeds = torch.zeros(cells, dtype=torch.int64)
        cuda = device.type == "cuda"
        if cuda:
            torch.cuda.reset_peak_memory_stats(device)
        state, _ = procedure.train(procedure.start(seeds), hyper, seeds, 0)  # first calls, recording, choice of kernels
        best = float("inf")
        for epoch in (1, 2):
            if cuda:
                torch.cuda.synchronize(device)
            start = clock()
            state, outcome = procedure.train(state, hyper, seeds, epoch)
            outcome.value.cpu()  # waits for the device
            best = min(best, clock() - start)
        memory = torch.cuda.max_memory_allocated(device) if cuda else 0
        return Measured(cells, backend, best / steps / cells, memory)


def choose_block(
    task: Task,
    data: Dataset,
    rule: Rule,
    device: torch.device,
    most: int = 441,
    backends: Iterable[str | None] = (None,),
) -> Measured:
    """The block and the backend that take the least time for a cell, of those that fit.

    Sizes are tried upwards until one brings less than `ENOUGH` or the next might not fit. On a CPU the choice changes
    no value; on a GPU it changes rounding.

    Args:
        task, data, rule, device: what will be trained, and where.
        most: cells there are.
        backends: of `backends.BACKENDS`; None is the default for the device.
    """
    best: Measured | None = None
    for backend in backends:
        last: Measured | None = None
        for cells in sorted({size for size in SIZES if size < most} | {most}):
            if last is not None and last.memory / last.cells * cells > SHARE * _free(device):
                break
            try:
                tried = measure(task, data, rule, device, cells, backend)
            except torch.OutOfMemoryError:
                break  # `_free` empties the cache, once the error no longer holds what did not fit
            if last is not None and tried.seconds * ENOUGH > last.seconds:
                break
            last = tried
        if last is not None and (best is None or last.seconds < best.seconds):
            best = last
    if best is None:
        raise MemoryError(f"not even one cell of '{task.name}' fits on {device}")
    return best


def _free(device: torch.device) -> float:
    if device.type != "cuda":
        return float("inf")
    torch.cuda.empty_cache()
    return float(torch.cuda.mem_get_info(device)[0])
