"""Trains a job's shards with the fused engine, and records where and with what."""

import contextlib
import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from platform import python_version
from typing import Any

import numpy as np
import torch

from grids.errors import BadInput
from grids.plugins import reason
from trainers.device import describe
from trainers.engine import Snapshot, train_block
from trainers.rules import ships as rule_ships
from trainers.sweep.job import Job, told
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.worker import OnEpoch, OutOfTime
from trainers.tasks import ships as task_ships


@dataclass(frozen=True)
class Trained:
    """A shard's outcome; see `trainers.sweep.shard_file.Result`. `seconds`, float64 `[cells]`: what each cell took."""

    value: np.ndarray
    diverged: np.ndarray
    curve: np.ndarray
    train_loss: np.ndarray
    numbers: Mapping[str, np.ndarray]
    seconds: np.ndarray | None


class EngineTrainer:
    """A worker's `Trainer` that trains a job's shards with the fused engine."""

    def __init__(self, job: Job, sweep: Sweep) -> None:
        self.job, self.sweep = job, sweep
        self._told = told(job.task, job.rule, job.optimizer)

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: OnEpoch) -> Trained:
        job = self.job
        last = None if state is None else Snapshot.from_bytes(state)
        hyper = self.sweep.hyper(shard)
        hyper |= {name: np.full(shard.cells, value) for name, value in self._told.items()}

        def after_epoch(snapshot: Snapshot) -> None:
            nonlocal last
            last = snapshot
            on_epoch(snapshot.epoch, snapshot.keeping, lasting=snapshot.lasting)

        if job.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(job.device)
        with single_threaded(job.device), explain_out_of_memory(shard.cells, job.device), attribute_to_user(job):
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
        return Trained(*result, seconds=seconds)

    def record(self) -> dict[str, Any]:
        memory = _peak_memory(self.job.device)
        with single_threaded(self.job.device):
            return {"device": describe(self.job.device), "memory": memory, "software": software()}


@contextlib.contextmanager
def single_threaded(device: torch.device) -> Iterator[None]:
    """Within the body, a CPU trains on one thread: values depend on the number."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def explain_out_of_memory(cells: int, device: torch.device) -> Iterator[None]:
    """Within the body, a lack of memory becomes a line that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        smaller = max(1, cells // 2)
        raise BadInput(
            f"{cells} cells at once do not fit the memory of {device}; start over with --fresh --block {smaller}"
        ) from error


@contextlib.contextmanager
def attribute_to_user(job: Job) -> Iterator[None]:
    """Within the body, an exception of a user's own task or rule becomes invalid input, with its file and line."""
    try:
        yield
    except (BadInput, OutOfTime, torch.OutOfMemoryError):
        raise
    except Exception as error:
        own = [text for text in (job.task_text, job.optimizer) if not (task_ships(text) or rule_ships(text))]
        if not own:
            raise
        raise BadInput(f"training {' with '.join(own)} fails: {reason(error)}") from error


def _peak_memory(device: torch.device) -> int:
    """Most bytes used: on a GPU what torch held of it in the last shard, on a CPU by this process so far."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def software() -> dict[str, str]:
    """Versions of what a value may depend on."""
    try:
        own = metadata.version("tunecost")
    except metadata.PackageNotFoundError:
        own = "unknown"
    return {"tunecost": own, "python": python_version(), "torch": str(torch.__version__), "numpy": np.__version__}
