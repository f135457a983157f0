"""What one `grid run` asks for one optimizer, in plain values; and the sweep and files that follow from it."""

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from grids.errors import BadInput
from grids.space import PRESETS, Space, parse_space
from trainers.device import arithmetic, pick
from trainers.rules import get_rule, ships
from trainers.rules.base import Rule
from trainers.rules.ranges import check_range
from trainers.sweep.layout import Layout
from trainers.sweep.memory import cells_that_fit
from trainers.sweep.sweep import Sweep
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
    all meant: one that cannot be used is refused, and so is a value that no rule here can take.

    Raises:
        BadInput: an axis given that the rule lacks or its text fixes, or with a value out of range; or none left.
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
        if ships(optimizer):
            for value in axis.values:
                check_range(optimizer, axis.name, value)
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
