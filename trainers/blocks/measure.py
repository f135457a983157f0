"""Choose block size and backend by timing a few training steps on the device that will train."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch

from trainers.blocks.epochs import hyper_tensors
from trainers.device import arithmetic, prepared
from trainers.engine.sizes import SIZES
from trainers.procedures import procedure_of
from trainers.procedures.base import Procedure, Size
from trainers.rules.base import Rule
from trainers.task import Dataset, Task

STEPS = 6
TRIED = 3
"""Block sizes that are timed, of those that fit, from the largest down: each new one makes libraries search for their
fastest kernels."""
SHARE = 0.9
"""The share of the device's free memory that a block may take."""
ENOUGH = 1.05
"""The factor by which a larger block must be faster to be chosen: a smaller one loses less in a crash, and drops
diverged cells sooner."""


@dataclass(frozen=True)
class Measured:
    """A block that was tried.

    Args:
        cells: trained at once.
        backend: what ran the network.
        seconds: for one step of one cell.
        judging: seconds for one cell and one batch of its evaluation.
        memory: bytes that torch held of a GPU at the block's peak, recordings included; 0 on a CPU, which does not
            tell.
    """

    cells: int
    backend: str | None
    seconds: float
    judging: float
    memory: int

    def epoch(self, cells: int, size: Size) -> float:
        """Seconds that an epoch of so much work takes a block of so many cells."""
        return cells * (self.seconds * size.steps + self.judging * size.evaluation)


def measure(
    task: Task,
    data: Dataset,
    rule: Rule,
    device: torch.device,
    cells: int,
    backend: str | None = None,
    work: Size | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Time a few training steps of a block in which no cell diverges, and the evaluation of one batch.

    Args:
        task, data, rule, device: what will be trained, and where.
        cells: trained at once.
        backend: the execution backend; None for the default.
        work: what is timed; `STEPS` steps and one batch unless given. The result is for its batch.
        clock: seconds since some moment.

    Raises:
        torch.OutOfMemoryError: the block does not fit.
    """
    with prepared(device):
        whole = procedure_of(task).size(task, data)
        work = work or replace(whole, steps=min(STEPS, whole.steps), evaluation=min(whole.evaluation, 1.0))
        part, few = procedure_of(task).part(task, data, work)
        procedure: Procedure = procedure_of(task)(part, few, rule, device, arithmetic(device), 3, backend)
        hyper = hyper_tensors(task, rule, {rule.rate: np.full(cells, 1e-6)}, device, torch.float32)
        seeds = torch.zeros(cells, dtype=torch.int64)
        cuda = device.type == "cuda"
        if cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
        state, _ = procedure.train(procedure.start(seeds), hyper, seeds, 0)  # first calls, recording, choice of kernels
        procedure.evaluate(state)
        best, judging = float("inf"), float("inf")
        for epoch in (1, 2):
            if cuda:
                torch.cuda.synchronize(device)
            start = clock()
            state, outcome = procedure.train(state, hyper, seeds, epoch)
            outcome.value.cpu()  # waits for the device
            trained = clock()
            procedure.evaluate(state).value.cpu()
            best, judging = min(best, trained - start), min(judging, clock() - trained)
        memory = torch.cuda.max_memory_reserved(device) if cuda else 0
        return Measured(cells, backend, best / work.steps / cells, judging / work.evaluation / cells, memory)


def choose_block(
    task: Task,
    data: Dataset,
    rule: Rule,
    device: torch.device,
    most: int = 441,
    backends: Iterable[str | None] = (None,),
) -> Measured:
    """The block and the backend that take the least time for a cell, of those that fit.

    Of the fixed sizes the largest that fit are tried, from the top; a further backend at the best of them. On a CPU the
    choice changes no value; on a GPU it changes rounding.

    Args:
        task, data, rule, device: what will be trained, and where.
        most: cells there are.
        backends: of `backends.BACKENDS`; None is the default for the device.

    Raises:
        MemoryError: not even one cell fits.
    """
    found: list[Measured] = []
    sizes = sorted({size for size in SIZES if size < most} | {most}, reverse=True)
    for backend in backends:
        fitting: list[Measured] = []
        for cells in sizes:
            room = _free(device)
            try:
                tried = measure(task, data, rule, device, cells, backend)
            except torch.OutOfMemoryError:
                continue  # `_free` empties the cache, once the error, which refers to the tensors, is gone
            if tried.memory <= SHARE * room:
                fitting.append(tried)
            if len(fitting) == TRIED:
                break
        found += fitting
        if fitting:
            sizes = [min(fitting, key=lambda tried: tried.seconds).cells]
    if not found:
        raise MemoryError(f"not even one cell of '{task.name}' fits on {device}")
    fastest = min(tried.seconds for tried in found)
    return min((tried for tried in found if tried.seconds <= ENOUGH * fastest), key=lambda tried: tried.cells)


def _free(device: torch.device) -> float:
    if device.type != "cuda":
        return float("inf")
    torch.cuda.empty_cache()
    return float(torch.cuda.mem_get_info(device)[0])
