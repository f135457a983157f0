"""A job: one optimizer on one task, in plain values; and what determines the values that its training gives."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from grids.errors import BadInput
from grids.plugins import reason, source_sha256
from grids.space import Space
from trainers.axes import fit_space, typed_options
from trainers.device import arithmetic, pick, single_threaded
from trainers.metric import Metric
from trainers.procedures import procedure_of
from trainers.rules import get_rule, is_class
from trainers.rules import ships as rule_ships
from trainers.rules.base import Rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task
from trainers.tasks import ships as task_ships
from trainers.tasks.check import load_checked

VALUES = 1
"""To be raised with every change of engine, rules, networks or tasks that alters what a cell's value comes out as."""

SPLIT_SEED = 0

MOST_CELLS = 56
"""Of a shard: more gain little from fused training, and the paper's 441 make 8, which 2, 4 or 8 workers share."""

BUDGET = {"cpu": 2 * 2**30, "cuda": 16 * 2**30}
"""Bytes that a shard may take: of one worker among several on a CPU, and of a GPU of 24 GiB."""


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
    epochs: int | None = None
    device_name: str = "auto"
    data_folder: Path | None = None
    schedule: str | None = None
    warmup: float | None = None
    clip: float | None = None
    backend: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone, without what is cached: a rule cannot be pickled, and data would be copied."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

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
        text = self.task.space if self.space_text is None else self.space_text
        return fit_space(text, self.rule, self.optimizer)

    @cached_property
    def device(self) -> torch.device:
        return pick(self.device_name)

    @property
    def kind(self) -> torch.device:
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
    def told(self) -> dict[str, float]:
        """Hyperparameters for which the task has a default of its own, but which the optimizer's text gives.

        The engine takes a task's defaults for what it is not given: a user's `weight_decay=0` has to be given.
        """
        own, options = self.task.defaults(self.rule), typed_options(self.optimizer)
        hyper = self.rule.hyperparameters
        return {name: value for name, value in hyper.items() if name in options and own[name] != value}

    @property
    def about(self) -> dict[str, Any]:
        """The facts of a surface's header besides what was trained: `grids.surface.Provenance`'s words for it."""
        facts = self.metric.facts()
        name = facts.pop("name")
        found = {"metric": name, **facts, "targets": self.metric.targets, "optimizer_label": self.rule.label}
        return {**found, "fixed": {"audit": self.verdicts}} if self.verdicts else found

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Of an optimizer class: whether it follows the schedule, and what its weight decay is, by experiment."""
        if not is_class(self.optimizer):
            return {}
        from trainers.audit.cautions import verdicts

        return verdicts(self.optimizer)

    @cached_property
    def all_epochs(self) -> int:
        return self._epochs(self.task)

    def _epochs(self, task: Task) -> int:
        return task.epochs if self.epochs is None else self.epochs

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

    @property
    def default_block(self) -> int:
        """Cells to train together: as many as are still faster so, and as fit a small device of this job's kind.

        Counted from the network's shapes, not measured: the partition must be the same on whichever machine begins.
        """
        return max(1, min(MOST_CELLS, BUDGET[self.kind.type] // self.bytes_of_cell))

    @property
    def bytes_of_cell(self) -> int:
        """Memory that a cell in training takes, counted from the network's shapes."""
        return procedure_of(self.task).bytes_of_cell(self.task, self.data, self.rule, arithmetic(self.kind))

    def _fixed(self, axes: Sequence[str]) -> dict[str, Any]:
        """Every hyperparameter but the axes, and the schedule."""
        hyper: dict[str, Any] = self.task.defaults(self.rule) | self.told
        return {name: value for name, value in hyper.items() if name not in axes} | {
            "epochs": self.all_epochs,
            "batch_size": self.task.batch_size,
            **self.task.schedule.facts(),
            "clip": self.task.clip,
            "augment": _name(self.task.augment),
            **self.task.facts(),
            "precision": str(arithmetic(self.kind)).removeprefix("torch."),
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
        """The fidelity of the curves, where it is not epochs."""
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
        """Facts that tell the rule from others: of an optimizer class its full name and its package's version."""
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

    @contextlib.contextmanager
    def training(self, cells: int) -> Iterator[None]:
        """Within the body, a CPU trains on one thread, and faults that the user can correct are raised as such.

        Raises:
            BadInput: so many cells do not fit the memory; or the user's own task or rule fails, with its file and line.
        """
        try:
            with single_threaded(self.device):
                yield
        except BadInput:
            raise
        except torch.OutOfMemoryError as error:
            raise BadInput(
                f"{cells} cells at once do not fit the memory of {self.device}; "
                f"start over with --fresh --block {max(1, cells // 2)}"
            ) from error
        except Exception as error:
            own = [text for text in (self.task_text, self.optimizer) if not (task_ships(text) or rule_ships(text))]
            if not own:
                raise
            raise BadInput(f"training {' with '.join(own)} fails: {reason(error)}") from error


@lru_cache(maxsize=1)
def _load(task_text: str, folder: Path | None) -> Dataset:
    task = get_task(task_text)
    if task_ships(task_text):
        return task.load(folder, SPLIT_SEED)
    return load_checked(task, task_text, folder, SPLIT_SEED)


def _name(function: Callable[..., Any] | None) -> str | None:
    return None if function is None else str(getattr(function, "__name__", type(function).__name__))
