"""What one `grid run` asks for one optimizer, in plain values; and the sweep, files and trainer that follow from it."""

import contextlib
import hashlib
import inspect
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
import torch

from grids.errors import BadInput
from grids.space import PRESETS, Space, parse_space
from trainers.device import arithmetic, describe, pick
from trainers.engine import BlockResult, Snapshot, train_block
from trainers.rules import get_rule
from trainers.rules.base import Rule
from trainers.sweep.layout import Layout
from trainers.sweep.memory import cells_that_fit
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.worker import OnEpoch
from trainers.task import Dataset, Task
from trainers.tasks import get_task

VALUES = 1
"""To be raised with every change of engine, rules, networks or tasks that alters what a cell's value comes out as."""

SPLIT_SEED = 0


@dataclass(frozen=True)
class Job:
    """One optimizer on one task. Picklable, so that a worker process can be handed it.

    Raises (all properties):
        BadInput: an unknown task, optimizer, space or device; an axis that the optimizer lacks; data that is missing
            or is not what the task expects.
    """

    task_name: str
    optimizer: str
    space_text: str = "paper-cifar"
    seeds: int = 1
    epochs: int | None = None
    device_name: str = "auto"
    data_folder: Path | None = None
    out: Path = Path("surfaces")
    block: int | None = None

    @cached_property
    def task(self) -> Task:
        return get_task(self.task_name)

    @cached_property
    def rule(self) -> Rule:
        return get_rule(self.optimizer)

    @cached_property
    def space(self) -> Space:
        return fit_space(self.space_text, self.rule, self.optimizer)

    @cached_property
    def device(self) -> torch.device:
        return pick(self.device_name)

    @property
    def _kind(self) -> torch.device:
        """The kind of device, which may be one that only the machine that trains has."""
        return torch.device("cuda") if self.device_name.partition(":")[0] == "cuda" else self.device

    @property
    def data(self) -> Dataset:
        return _load(self.task_name, self.data_folder)

    @cached_property
    def layout(self) -> Layout:
        return Layout.of(self.out, self.task_name, self.optimizer)

    @cached_property
    def all_epochs(self) -> int:
        return self.task.epochs if self.epochs is None else self.epochs

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep as it would begin in an empty folder."""
        identity = {
            "values": VALUES,
            "task": self.task_name,
            "optimizer": self.optimizer,
            "rule": {"name": self.rule.name, "source": _own_source(self.rule)},
            "space": self.space.to_json(),
            "fixed": self._fixed(),
            "data": self._about_data(),
        }
        return Sweep(identity, self.block or self._default_block())

    def _default_block(self) -> int:
        return cells_that_fit(self.task, self.data, self.rule, self._kind.type, arithmetic(self._kind))

    def _fixed(self) -> dict[str, Any]:
        """Every other hyperparameter, and the schedule."""
        hyper: dict[str, Any] = dict(self.rule.hyperparameters)
        if "weight_decay" in hyper and "weight_decay" not in typed_options(self.optimizer):
            hyper["weight_decay"] = self.task.weight_decay
        return {name: value for name, value in hyper.items() if name not in self.space.names} | {
            "epochs": self.all_epochs,
            "batch_size": self.task.batch_size,
            "milestones": list(self.task.milestones),
            "factor": self.task.factor,
            "augment": _name(self.task.augment),
            "precision": str(arithmetic(self._kind)).removeprefix("torch."),
            "value_of": "last epoch",
        }

    def _about_data(self) -> dict[str, Any]:
        data = self.data
        return {
            "name": data.name,
            "train": len(data.train_y),
            "validation": len(data.valid_y),
            "classes": self.task.classes,
            "split_seed": SPLIT_SEED,
            "sha256": data.sha256,
        }


@lru_cache(maxsize=1)
def _load(task_name: str, folder: Path | None) -> Dataset:
    return get_task(task_name).load(folder, SPLIT_SEED)


def typed_options(optimizer: str) -> set[str]:
    """Names of the options in an optimizer's text.

    >>> sorted(typed_options("avagrad:variant=authors,beta2=0.99")), typed_options("mine:rule")
    (['beta2', 'variant'], set())
    """
    return set(re.findall(r"[:,]\s*(\w+)\s*=", optimizer))


def fit_space(text: str, rule: Rule, optimizer: str) -> Space:
    """The space that `text` names, as far as the rule goes along.

    Of a preset, the axes that the rule has and that its text does not fix are used. Axes that the user gave are
    all meant: one that cannot be used is refused.

    Raises:
        BadInput: an axis given that the rule lacks or its text fixes; or none left.
    """
    space, fixed = parse_space(text), typed_options(optimizer)
    if text in PRESETS:
        axes = tuple(axis for axis in space.axes if axis.name in rule.hyperparameters and axis.name not in fixed)
        if not axes:
            raise BadInput(f"optimizer '{optimizer}' has no axis of the space '{text}' ({', '.join(space.names)})")
        return Space(axes)
    for axis in space.axes:
        if axis.name not in rule.hyperparameters:
            has = ", ".join(rule.hyperparameters)
            raise BadInput(f"optimizer '{optimizer}' has no hyperparameter '{axis.name}' (it has: {has})")
        if axis.name in fixed:
            raise BadInput(
                f"'{axis.name}' is fixed in '{optimizer}' and an axis of the space: leave one of the two out"
            )
    return space


def _name(function: Callable[..., Any] | None) -> str | None:
    return None if function is None else str(getattr(function, "__name__", type(function).__name__))


def _own_source(rule: Rule) -> str | None:
    """Digest of the file that a user's own rule comes from: another text is another sweep. None for ours."""
    module = inspect.getmodule(rule.step)
    if module is None or module.__name__.split(".")[0] == "trainers":
        return None
    try:
        return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()
    except (OSError, TypeError):
        return None


class EngineTrainer:
    """A worker's `Trainer` that trains a job's shards with the fused engine."""

    def __init__(self, job: Job, sweep: Sweep) -> None:
        self.job, self.sweep = job, sweep
        options = typed_options(job.optimizer)
        # The engine takes weight decay from the task unless it is told; a user's `weight_decay=0` is telling.
        self._fixed = {"weight_decay"} & options & set(job.rule.hyperparameters)

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: OnEpoch) -> BlockResult:
        job = self.job
        hyper = self.sweep.hyper(shard)
        for name in self._fixed:
            hyper[name] = np.full(shard.cells, job.rule.hyperparameters[name])
        with settled(job.device), _told_of_memory(shard, job.device):
            return train_block(
                job.task,
                job.data,
                job.rule,
                hyper,
                shard.seed,
                epochs=job.all_epochs,
                device=job.device,
                snapshot=None if state is None else _restore(state),
                on_epoch=lambda snapshot: on_epoch(snapshot.epoch, lambda: _keep(snapshot)),
            )

    def record(self) -> dict[str, Any]:
        return {"device": describe(self.job.device), "memory": _peak_memory(self.job.device), "software": software()}


@contextlib.contextmanager
def settled(device: torch.device) -> Iterator[None]:
    """Within the body, a CPU trains on one thread (values depend on the number), and a GPU's peak memory is its own."""
    threads = torch.get_num_threads()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def _told_of_memory(shard: Shard, device: torch.device) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        smaller = max(1, shard.cells // 2)
        raise BadInput(
            f"{shard.cells} cells at once do not fit the memory of {device}; start over with --fresh --block {smaller}"
        ) from error


def _keep(snapshot: Snapshot) -> bytes:
    buffer = io.BytesIO()
    torch.save(vars(snapshot), buffer)
    return buffer.getvalue()


def _restore(state: bytes) -> Snapshot:
    return Snapshot(**torch.load(io.BytesIO(state), weights_only=True))


def _peak_memory(device: torch.device) -> int:
    """Most bytes used: on a GPU by the last shard, on a CPU by this process so far."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def software() -> dict[str, str]:
    """Versions of what a value may depend on."""
    try:
        own = metadata.version("tunecost")
    except metadata.PackageNotFoundError:
        own = "unknown"
    return {"tunecost": own, "python": python_version(), "torch": str(torch.__version__), "numpy": np.__version__}
