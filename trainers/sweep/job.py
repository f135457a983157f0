"""What one `grid run` asks for one optimizer, in plain values; and the sweep and files that follow from it."""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from grids.errors import BadInput
from grids.plugins import source_sha256
from grids.space import PRESETS, Space, parse_space, preset_for
from trainers.device import arithmetic, pick
from trainers.metric import Metric
from trainers.procedures import procedure_of
from trainers.rules import get_rule, ships
from trainers.rules.base import Rule
from trainers.rules.ranges import check_range
from trainers.rules.registry import DELAYED
from trainers.sweep.layout import Layout
from trainers.sweep.memory import cells_that_fit
from trainers.sweep.sweep import Sweep
from trainers.task import Dataset, Task
from trainers.tasks import get_task
from trainers.tasks import ships as task_ships
from trainers.tasks.check import load_checked

VALUES = 1
"""To be raised with every change of engine, rules, networks or tasks that alters what a cell's value comes out as."""

SPLIT_SEED = 0


@dataclass(frozen=True)
class Job:
    """One optimizer on one task. Picklable, so that a worker process can be handed it.

    Args:
        task_text: a shipped task's name, or a user's `module:name`.
        optimizer: as `trainers.rules.get_rule` reads it.
        space_text, schedule, warmup, clip: in place of the task's own, where given.
        backend: how networks are run, in place of the device's default or of what is measured to be fastest.

    Raises (all properties):
        BadInput: an unknown task, optimizer, space or device; an axis that the optimizer lacks; data that is missing
            or is not what the task expects.
    """

    task_text: str
    optimizer: str
    space_text: str | None = None
    seeds: int = 1
    epochs: int | None = None
    device_name: str = "auto"
    data_folder: Path | None = None
    out: Path = Path("surfaces")
    block: int | None = None
    schedule: str | None = None
    warmup: float | None = None
    clip: float | None = None
    backend: str | None = None

    @cached_property
    def task(self) -> Task:
        """The task with this job's schedule."""
        task = get_task(self.task_text)
        own = task.schedule
        schedule = replace(
            own,
            kind=own.kind if self.schedule is None else self.schedule,
            warmup=own.warmup if self.warmup is None else self.warmup,
        )
        if schedule.warmup > self._epochs(task):
            raise BadInput(
                f"a warm-up of {schedule.warmup:g} epochs is longer than the training of {self._epochs(task)}"
            )
        return replace(task, schedule=schedule, clip=task.clip if self.clip is None else self.clip)

    @cached_property
    def rule(self) -> Rule:
        return get_rule(self.optimizer)

    @cached_property
    def space(self) -> Space:
        return fit_space(self.space_text or self.task.space, self.rule, self.optimizer)

    @cached_property
    def device(self) -> torch.device:
        return pick(self.device_name)

    @property
    def _kind(self) -> torch.device:
        """The kind of device, which may be one that only the machine that trains has."""
        return torch.device("cuda") if self.device_name.partition(":")[0] == "cuda" else self.device

    @property
    def data(self) -> Dataset:
        return _load(self.task_text, self.data_folder)

    @cached_property
    def metric(self) -> Metric:
        """The task's metric, in numbers."""
        return self.task.metric.resolved(self.data)

    @property
    def about(self) -> dict[str, Any]:
        """What a surface's header says besides what was trained: `grids.surface.Provenance`'s words for it."""
        facts = self.metric.facts()
        name = facts.pop("name")
        return {"metric": name, **facts, "targets": self.metric.targets, "optimizer_label": self.rule.label}

    @cached_property
    def layout(self) -> Layout:
        return Layout.of(self.out, self.task.name, self.optimizer)

    @cached_property
    def all_epochs(self) -> int:
        return self._epochs(self.task)

    def _epochs(self, task: Task) -> int:
        return task.epochs if self.epochs is None else self.epochs

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep as it would begin in an empty folder."""
        identity = self.identity(self.space)
        counted = self._default_block()  # also where another is given: a class may refuse this network
        if self.backend is not None:
            procedure_of(self.task).check_backend(self.task, self.data, self._kind, self.backend)
        return Sweep(identity, self.block or counted, self.backend)

    def identity(self, space: Space | None) -> dict[str, Any]:
        """Everything that determines a run's value besides its seed and its place in the space, as JSON.

        Without a space every hyperparameter is a fixed one.
        """
        return {
            "values": VALUES,
            "task": self.task.name,
            "metric": {"name": self.metric.name, "failure": self.metric.failure, "bounded": self.metric.bounded},
            "optimizer": self.optimizer,
            "rule": {"name": self.rule.name, "source": self._rule_source, **self._rule_identity},
            "space": None if space is None else space.to_json(),
            "fixed": self._fixed(() if space is None else space.names),
            "data": self._about_data(),
            **self._fidelity(),
        }

    def _default_block(self) -> int:
        return cells_that_fit(self.task, self.data, self.rule, self._kind.type, arithmetic(self._kind))

    def _fixed(self, axes: Sequence[str]) -> dict[str, Any]:
        """Every hyperparameter but the axes, and the schedule."""
        hyper: dict[str, Any] = self.task.defaults(self.rule) | told(self.task, self.rule, self.optimizer)
        return {name: value for name, value in hyper.items() if name not in axes} | {
            "epochs": self.all_epochs,
            "batch_size": self.task.batch_size,
            **self.task.schedule.facts(),
            "clip": self.task.clip,
            "augment": _name(self.task.augment),
            **self.task.facts(),
            "precision": str(arithmetic(self._kind)).removeprefix("torch."),
            **({} if self.backend is None else {"backend": self.backend}),
            "value_of": "last epoch",
            **self._own_sources(),
        }

    def _own_sources(self) -> dict[str, str | None]:
        """Digests of the files that a user's own task and rule come from: other texts are another sweep."""
        sources = {"rule_source": self._rule_source}
        sources |= {f"rule_{name}": text for name, text in self._rule_identity.items()}
        if not task_ships(self.task_text):
            sources["task_source"] = source_sha256(self.task_text.partition(":")[0])
        return {name: digest for name, digest in sources.items() if digest is not None}

    def _fidelity(self) -> dict[str, Any]:
        """What the curves are measured against, where it is not epochs."""
        found = self.task.fidelity(self.all_epochs)
        return {} if found is None else {"fidelity": {"name": found[0], "values": list(found[1])}}

    @property
    def _rule_source(self) -> str | None:
        """None for a rule that ships."""
        if self.rule.identity:
            return self.rule.identity.get("source")
        return None if self.rule.step.__module__.split(".")[0] == "trainers" else source_sha256(self.rule.step)

    @property
    def _rule_identity(self) -> dict[str, str]:
        """What else tells the rule from others: of an optimizer class its full name and its package's version."""
        return {name: text for name, text in self.rule.identity.items() if name != "source"}

    def _about_data(self) -> dict[str, Any]:
        data = self.data
        return {
            "name": data.name,
            "train": len(data.train_y),
            "validation": len(data.valid_y),
            "split_seed": SPLIT_SEED,
            "sha256": data.sha256,
            **data.about,
        }


@lru_cache(maxsize=1)
def _load(task_text: str, folder: Path | None) -> Dataset:
    task = get_task(task_text)
    if task_ships(task_text):
        return task.load(folder, SPLIT_SEED)
    return load_checked(task, task_text, folder, SPLIT_SEED)


def typed_options(optimizer: str) -> set[str]:
    """Names of the options in an optimizer's text.

    >>> sorted(typed_options("avagrad:variant=authors,beta2=0.99")), typed_options("mine:rule")
    (['beta2', 'variant'], set())
    """
    return set(re.findall(r"[:,]\s*([\w.]+)\s*=", optimizer))


def told(task: Task, rule: Rule, optimizer: str) -> dict[str, float]:
    """Hyperparameters in whose place the task would have a default of its own, had the optimizer's text not told them.

    The engine takes a task's defaults for what it is not given: a user's `weight_decay=0` has to be given.
    """
    own, options = task.defaults(rule), typed_options(optimizer)
    return {name: value for name, value in rule.hyperparameters.items() if name in options and own[name] != value}


def fit_space(text: str, rule: Rule, optimizer: str) -> Space:
    """The space that `text` names, as far as the rule goes along.

    Of a preset, the axes that the rule has and that its text does not fix are used. Axes that the user gave are
    all meant: one that cannot be used is refused, and so is a value that no rule here can take.

    Raises:
        BadInput: an axis given that the rule lacks or its text fixes, or with a value out of range; or none left.
    """
    space, fixed = parse_space(text), typed_options(optimizer)
    if text in PRESETS:
        space = preset_for(text, optimizer.partition(":")[0].removeprefix(DELAYED))
        space = Space(tuple(replace(axis, name=own_name(axis.name, rule)) for axis in space.axes))
        axes = tuple(axis for axis in space.axes if axis.name in rule.hyperparameters and axis.name not in fixed)
        if not axes:
            raise BadInput(f"optimizer '{optimizer}' has no axis of the space '{text}' ({', '.join(space.names)})")
        return _checked_values(Space(axes), rule, optimizer)
    return checked_space(space, rule, optimizer)


def checked_space(space: Space, rule: Rule, optimizer: str) -> Space:
    """A space that somebody gave, of which every axis is one of the rule's own and has only values that it can take.

    Raises:
        BadInput: as `fit_space`.
    """
    fixed = typed_options(optimizer)
    for axis in space.axes:
        if axis.name not in rule.hyperparameters:
            has = ", ".join(rule.hyperparameters)
            near = _nearest(axis.name, rule)
            hint = f"; did you mean '{near}'?" if near else ""
            raise BadInput(f"optimizer '{optimizer}' has no hyperparameter '{axis.name}'{hint} (it has: {has})")
        if axis.name in fixed:
            raise BadInput(
                f"'{axis.name}' is fixed in '{optimizer}' and an axis of the space: leave one of the two out"
            )
    return _checked_values(space, rule, optimizer)


def _checked_values(space: Space, rule: Rule, optimizer: str) -> Space:
    """The space, of which every axis has only values that the rule can take.

    Raises:
        BadInput: one that it cannot.
    """
    for axis in space.axes:
        for value in axis.values:
            if rule.check is not None:
                rule.check(axis.name, value)
            elif ships(optimizer):
                check_range(optimizer, axis.name, value)
    return space


def own_name(name: str, rule: Rule) -> str:
    """What a rule calls a preset's axis: α is its learning rate, ε what a torch.optim class calls eps."""
    if name in rule.hyperparameters:
        return name
    return {"alpha": rule.rate, "epsilon": "eps"}.get(name, name)


def _nearest(name: str, rule: Rule) -> str | None:
    """The hyperparameter that was meant: the same by another name, else one spelt alike."""
    same = {"lr": rule.rate, "alpha": rule.rate, "epsilon": "eps", "eps": "epsilon"}.get(name)
    alike = difflib.get_close_matches(name, rule.hyperparameters, n=1)
    return same if same in rule.hyperparameters else alike[0] if alike else None


def _name(function: Callable[..., Any] | None) -> str | None:
    return None if function is None else str(getattr(function, "__name__", type(function).__name__))
