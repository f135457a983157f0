"""Trains a job's shards with the fused engine, and records where and with what."""

from collections.abc import Callable

import numpy as np
import torch

from trainers.device import describe, peak_memory, single_threaded, software
from trainers.engine import Snapshot, train_block
from trainers.saved_state import State
from trainers.sweep.job import SweepJob
from trainers.sweep.shards import Record, Result
from trainers.sweep.sweep import Shard, Sweep


class EngineTrainer:
    """A worker's `Trainer` that trains a job's shards with the fused engine."""

    def __init__(self, job: SweepJob, sweep: Sweep) -> None:
        self.job, self.sweep = job, sweep

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        job = self.job
        last = None if state is None else Snapshot.from_bytes(state)
        hyper = self.sweep.hyper(shard)
        hyper |= {name: np.full(shard.cells, value) for name, value in job.told.items()}

        def after_epoch(snapshot: Snapshot) -> None:
            nonlocal last
            last = snapshot
            on_epoch(snapshot)

        if job.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(job.device)
        with job.training(shard.cells):
            result = train_block(
                job.task,
                job.data,
                job.rule,
                hyper,
                shard.seed,
                epochs=job.all_epochs,
                device=job.device,
                snapshot=last,
                backend=self.sweep.backend,
                on_epoch=after_epoch,
            )
        seconds = None if last is None or last.seconds is None else last.seconds.numpy()
        return Result(*result, seconds=seconds)

    def record(self) -> Record:
        """The device, the most memory used by its last shard (on a CPU by this process so far), and the software."""
        device = self.job.device
        with single_threaded(device):
            return Record(describe(device), peak_memory(device), software())
