"""Trains the blocks of a job with the fused engine, and records where and with what."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from trainers.blocks.block import Block, Record, Result
from trainers.blocks.epochs import train_block
from trainers.blocks.results import Snapshot
from trainers.blocks.saved_state import State
from trainers.dataset import Dataset
from trainers.device import describe, peak_memory, single_threaded, software
from trainers.job import Job


@dataclass(frozen=True)
class Training:
    """A worker's `Trainer` for the blocks of a job, on the job's device. Picklable, for worker processes.

    Args:
        job: the task and optimizer.
        backend: how networks are run; None for the device's default.
    """

    job: Job
    backend: str | None = None

    keeps_state = False

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone, without what is cached."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def epochs(self) -> int:
        return self.job.all_epochs

    def data(self, block: Block) -> Dataset:
        """The data that a block is trained on."""
        return self.job.data

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        """See `Trainer`.

        Raises:
            BadInput: data, memory, or a user's own task or class is not as it must be.
        """
        job = self.job
        last = None if state is None else Snapshot.from_bytes(state)
        hyper = {name: np.full(block.cells, value) for name, value in job.told.items()} | dict(block.hyper)

        def after_epoch(snapshot: Snapshot) -> None:
            nonlocal last
            last = snapshot
            on_epoch(snapshot)

        if job.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(job.device)
        with job.training(block.cells):
            result = train_block(
                job.task,
                self.data(block),
                job.rule,
                hyper,
                block.seeds,
                epochs=self.epochs,
                device=job.device,
                snapshot=last,
                backend=self.backend,
                on_epoch=after_epoch,
            )
        seconds = None if last is None or last.seconds is None else last.seconds.numpy()
        return Result(*result, seconds=seconds)

    def record(self) -> Record:
        """The device, the most memory used by its last block (on a CPU by this process so far), and the software."""
        device = self.job.device
        with single_threaded(device):
            return Record(describe(device), peak_memory(device), software())
