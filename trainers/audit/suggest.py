"""Axes for a sweep of a class on a task: where its steps are sensible at the gradients that the task has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from trainers.audit.audit import Facts
from trainers.audit.subject import RATE, NotTold, Subject, moved
from trainers.blocks.epochs import hyper_tensors
from trainers.device import arithmetic, prepared
from trainers.procedures import procedure_of
from trainers.procedures.base import Size
from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.registry import RULES
from trainers.task import Dataset, Task

BATCHES = 20
"""Steps of the training in which a task's gradients are looked at; the rule is Adam at its defaults."""

LATE = 100
"""The step whose length counts: some classes take long to warm up."""

STEP = (1e-3, 1.0)
"""Sensible lengths of a step, over the size of the weights: the least and the largest that a sweep should hold."""

OWN_RATE, ABOUT_ONE = 1e-4, 0.3
"""A class whose first step is shorter than this, at gradients of size 1 and at a default rate of about one, finds its
rate itself; then the sweep is around its default."""

AROUND = (1e-2, 1e2)

ALPHAS, EPSILONS = 10, 4
ALONE = 20
"""Values of the learning rate where ε is no axis."""


@dataclass(frozen=True)
class Sizes:
    """What a task's gradients and weights are like at the beginning of a training.

    Args:
        low, middle, high: the absolute gradients of which a tenth, half and nine tenths of the elements have smaller
            ones.
        weights: the root mean square of the parameters.
        shapes: of the network's tensors.
    """

    low: float
    middle: float
    high: float
    weights: float
    shapes: Shapes


def sizes_of_task(task: Task, data: Dataset) -> Sizes:
    """Train one cell for 20 steps, and look at its gradients."""
    adam, seen = RULES["adam"], []
    held: dict[str, Any] = {}

    def init(params: Tensor, shapes: Shapes) -> Any:
        held.update(weights=float(params.double().square().mean().sqrt()), shapes=shapes)
        return adam.init(params, shapes)

    def step(params: Tensor, grads: Tensor, state: Any, hyper: Hyper) -> tuple[Tensor, Any]:
        seen.append(grads.detach().abs().flatten().double())
        return adam.step(params, grads, state, hyper)

    rule: Rule = replace(adam, init=init, step=step, in_place=None)
    device = torch.device("cpu")
    with prepared(device):
        whole = procedure_of(task).size(task, data)
        work = Size(whole.batch, min(BATCHES, whole.steps), min(whole.evaluation, 1.0))
        part, few = procedure_of(task).part(task, data, work)
        procedure: Any = procedure_of(task)(part, few, rule, device, arithmetic(device), 1, None)
        seeds = torch.zeros(1, dtype=torch.int64)
        procedure.train(procedure.start(seeds), hyper_tensors(task, rule, {}, device, torch.float32), seeds, 0)
    gradients = torch.cat(seen)
    gradients = gradients[gradients > 0].sort().values
    low, middle, high = (float(gradients[int(share * (len(gradients) - 1))]) for share in (0.1, 0.5, 0.9))
    return Sizes(low, middle, high, held["weights"], tuple(held["shapes"]))


def suggest(subject: Subject, facts: Facts, sizes: Sizes) -> str:
    """The space of a sweep, as `--space` takes it; empty where no step could be measured.

    α: from steps of a thousandth of the weights' size to steps of all of it, at the task's own gradients, with ε at its
    smallest, and at its largest. ε: from its half-step at the tenth smallest gradients to ten times that at the tenth
    largest; no axis where it is not read, or where no half-step was found.

    Args:
        subject: the class.
        facts: its audit.
        sizes: see `sizes_of_task`.
    """
    subject = replace(subject, shapes=tuple(dict.fromkeys(sizes.shapes)), scale=sizes.weights)
    epsilons = _epsilons(facts, sizes)
    name = facts.eps if epsilons else None
    ends: list[Mapping[str, float]] = [{name: at} for at in epsilons] if name else [{}]
    try:
        lengths = [_length(subject, end, sizes) for end in ends]
    except NotTold:
        return ""
    rate = subject.numbers[RATE]
    if rate >= ABOUT_ONE and rate * (facts.first_step or 1.0) < OWN_RATE:
        low, high = rate * AROUND[0], rate * AROUND[1]
    else:
        low, high = STEP[0] * sizes.weights / lengths[0], STEP[1] * sizes.weights / lengths[-1]
    axes = [f"{RATE}={_range(low, high, ALPHAS if epsilons else ALONE)}"]
    if epsilons:
        axes.append(f"{name}={_range(epsilons[0], epsilons[-1], EPSILONS)}")
    return ",".join(axes)


def _epsilons(facts: Facts, sizes: Sizes) -> tuple[float, ...]:
    """The smallest and the largest ε of a sweep; nothing for no axis."""
    one, small = facts.eps_half_step_1, facts.eps_half_step_1e3
    if one is None or small is None or not facts.eps_power or facts.eps_place == "unread":
        return ()
    growth = math.log10(one / small) / 3

    def half(size: float) -> float:
        return float(one * size**growth)

    return half(sizes.low), 10 * half(sizes.high)


def _length(subject: Subject, hyper: Mapping[str, float], sizes: Sizes) -> float:
    """The length of a late step over the learning rate, at the task's median gradients."""
    path = subject.path(hyper, subject.ripples(sizes.middle), LATE)
    return moved(path, LATE - 1, LATE) / subject.numbers[RATE]


def _range(low: float, high: float, count: int) -> str:
    """The values from `low` to `high`, both rounded outwards to half a decade."""
    ends = (10 ** (math.floor(2 * math.log10(low)) / 2), 10 ** (math.ceil(2 * math.log10(high)) / 2))
    return f"{ends[0]:.3g}..{ends[1]:.3g}:{count}"
