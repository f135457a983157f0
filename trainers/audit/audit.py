"""The audit of a class: every experiment, and what each told."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from torch.optim import Optimizer

from grids.errors import BadInput
from trainers.audit import decay, epsilon, memory, rates, sharing
from trainers.audit.named import class_of
from trainers.audit.subject import NotTold, Subject
from trainers.classes.rule import TRIED, identity, runnable
from trainers.classes.surroundings import changed, settings, settings_kept

BUDGET = 30.0
"""Seconds after which no further experiment of a class begins."""

T = TypeVar("T")


@dataclass(frozen=True)
class Facts:
    """What is known of a class, None where an experiment did not tell. The experiments say how: each field's function.

    Args:
        cls: the class as it was named.
        package, version: where it is from; empty for a file of the user's.
        lr_zero_still, lr_power, gradient_power, follows_schedule, first_step, late_step: see `rates`.
        eps_half_step_1, eps_half_step_1e3, eps_power, eps_place: see `epsilon`; half-steps at gradients of size 1 and
            1e-3.
        decay, rewrites_gradients: see `decay`.
        groups, scope: see `sharing`.
        state_bytes, repeats, resumes, draws: see `memory`.
        step_time: processor time of a step over that of torch.optim.Adam on the same tensors.
        needs: what it takes besides parameters and gradients, or why it could not be audited; empty for nothing.
        eps: the name of ε among its hyperparameters.
        defaults: its hyperparameters.
        sets: global settings that it changes.
        space: of a sweep on a task, where one was asked for (see `suggest`).
        audited: whether there were experiments.
    """

    cls: str
    package: str = ""
    version: str = ""
    lr_zero_still: bool | None = None
    lr_power: float | None = None
    gradient_power: float | None = None
    eps_half_step_1: float | None = None
    eps_half_step_1e3: float | None = None
    eps_power: float | None = None
    eps_place: str | None = None
    decay: str | None = None
    follows_schedule: str | None = None
    groups: str | None = None
    scope: str | None = None
    state_bytes: float | None = None
    repeats: bool | None = None
    resumes: bool | None = None
    step_time: float | None = None
    needs: str = ""
    eps: str | None = None
    first_step: float | None = None
    late_step: float | None = None
    rewrites_gradients: bool | None = None
    draws: str | None = None
    sets: str = ""
    defaults: str = ""
    space: str | None = None
    audited: bool = False

    def row(self) -> dict[str, Any]:
        """The facts by column, in order."""
        return {"class" if field.name == "cls" else field.name: getattr(self, field.name) for field in fields(self)}


COLUMNS = tuple(name for name in Facts("").row() if name not in ("space", "audited"))
"""The columns of a table of audits."""


def subject_of(text: str) -> Subject:
    """The class that a text names, on small tensors that it takes.

    Args:
        text: `module:Class[:option=value,...]`, or the name of a rule that ships.

    Raises:
        BadInput: there is none, or it cannot step.
    """
    kind, matrices = runnable(*class_of(text))
    subject = Subject(kind, TRIED[1] if matrices else TRIED[0], torch.float64)
    try:
        subject.path(steps=2)
        return subject
    except NotTold:  # perhaps it knows nothing but float32
        return replace(subject, dtype=torch.float32)


def audit(text: str, clock: Callable[[], float] = time.monotonic) -> Facts:
    """Experiment on the class that a text names; where it cannot be, `needs` says why.

    Args:
        text: see `subject_of`.
        clock: seconds.
    """
    found: dict[str, Any] = {}
    end, before = clock() + BUDGET, settings()
    with settings_kept():
        try:
            found |= _package(class_of(text)[1])
            subject = subject_of(text)
            numbers = subject.kind.arguments.numbers
            found["needs"] = ", ".join(_needs(subject))
            found["defaults"] = ", ".join(f"{key}={value:g}" for key, value in numbers.items())
            found |= _experiments(subject, end, clock)
            found["audited"] = True
        except BadInput as error:
            found["needs"] = str(error)
        found["sets"] = ", ".join(f"torch.{name}" for name in changed(before, settings()))
    return Facts(text, **found)


def _experiments(subject: Subject, end: float, clock: Callable[[], float]) -> dict[str, Any]:
    def told(experiment: Callable[..., T], *arguments: Any) -> T | None:
        if clock() > end:
            return None
        try:
            return experiment(subject, *arguments)
        except (NotTold, ZeroDivisionError, ValueError, OverflowError):
            return None

    found: dict[str, Any] = {
        "repeats": told(memory.repeats),
        "draws": told(memory.draws),
        "lr_zero_still": told(rates.lr_zero_still),
        "lr_power": told(rates.lr_power),
        "gradient_power": told(rates.gradient_power),
        "first_step": _digits(told(rates.first_step)),
        "late_step": _digits(told(rates.late_step)),
        "follows_schedule": told(rates.follows_schedule),
        "decay": told(decay.decay),
        "rewrites_gradients": told(decay.rewrites_gradients),
        "scope": told(sharing.scope),
        "groups": told(sharing.groups),
        "state_bytes": told(memory.state_bytes),
        "resumes": told(memory.resumes),
        "step_time": told(_step_time),
        "eps": subject.epsilon,
    }
    if subject.epsilon is not None and told(epsilon.is_read) is not None:
        one, small = told(epsilon.half_step, 1.0), told(epsilon.half_step, 1e-3)
        found |= {
            "eps_half_step_1": one,
            "eps_half_step_1e3": small,
            "eps_power": told(epsilon.eps_power),
            "eps_place": told(epsilon.eps_place, one, small),
        }
    return found


def _step_time(subject: Subject) -> float:
    """Time steps (see `memory.step_seconds`): processor time over that of torch.optim.Adam."""
    kind, _ = runnable("torch.optim:Adam", torch.optim.Adam, {})
    own, adam = memory.step_seconds(subject), memory.step_seconds(Subject(kind, subject.shapes, torch.float32))
    return round(own / adam, 2)


def _needs(subject: Subject) -> Iterator[str]:
    if subject.shapes == TRIED[1]:
        yield "matrices alone"
    if subject.kind.split:
        yield "groups of matrices and of other tensors (use_muon)"
    if all(callable(getattr(subject.kind.cls, mode, None)) for mode in ("train", "eval")):
        yield "train() and eval()"
    if subject.dtype == torch.float32:
        yield "float32"


def _package(cls: type[Optimizer]) -> dict[str, str]:
    package, _, version = identity(cls).get("package", "").partition(" ")
    return {"package": package, "version": version}


def _digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
