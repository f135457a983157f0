"""Find out by a few steps on made-up gradients how an optimizer class can be run for many cells."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils import _pytree as pytree

from grids.errors import BadInput
from trainers.classes.kind import Kind, Plan
from trainers.classes.patience import PROCESSOR_SECONDS, SECONDS, limited
from trainers.classes.saved import Saved
from trainers.classes.surroundings import changed, generators, settings, settings_kept
from trainers.classes.trial import CannotRun, Trial
from trainers.rules.base import Shapes, sizes_of

STEPS = 12
"""More than the period of anything that most classes do every few steps."""

LONG = 24
"""Of the trial with a block's own hyperparameters, on small tensors, when thresholds and short warm-ups have acted."""

FEW = 3
SMALL = 4
"""The longest dimension of small tensors."""

ALONE = Plan(flat=False, apart=True)
"""One instance for each cell, over the network's own tensors: the class as its users run it."""


T = TypeVar("T")


def find_plan(kind: Kind, shapes: Shapes) -> Plan:
    """The fastest plan that gives the same parameters as the class run as its users run it, at its defaults.

    Raises:
        BadInput: the class cannot train tensors of these shapes, cannot be resumed, or takes too long.
    """
    return _first_that_runs(
        kind,
        _distinct(shapes),
        STEPS,
        lambda trial: _plan(trial, shapes),
        f"tensors of {sum(sizes_of(shapes))} numbers",
    )


def try_steps(kind: Kind, shapes: Shapes) -> None:
    """A few steps.

    Raises:
        BadInput: the class cannot make them, or takes too long.
    """
    _first_that_runs(kind, shapes, FEW, lambda trial: trial.path(ALONE), "tensors of a few numbers")


def fit_plan(kind: Kind, shapes: Shapes, plan: Plan, settings: Sequence[Mapping[str, float]]) -> Plan:
    """The plan for a block whose cells have these hyperparameters.

    A class may read a number from its own attributes instead of from its groups, or treat elements alike at its
    defaults only. So cells with the smallest, a middle and the largest value of each hyperparameter that differs are
    run together and alone; where they differ, each cell gets an instance.
    """
    chosen = tuple(tuple(sorted(settings[cell].items())) for cell in _extremes(settings))
    return _fit_plan(kind, _distinct(tuple(tuple(min(d, SMALL) for d in shape) for shape in shapes)), plan, chosen)


@functools.lru_cache(maxsize=256)
def _fit_plan(kind: Kind, shapes: Shapes, plan: Plan, chosen: tuple[tuple[tuple[str, float], ...], ...]) -> Plan:
    if plan.apart and not plan.flat:
        return plan
    settings = [dict(one) for one in chosen]
    with torch.random.fork_rng(devices=[]):
        trial = Trial(kind, shapes, plan.dtype, LONG)
        before = torch.manual_seed(0).get_state()
        try:
            alone = trial.path(ALONE, settings)
        except CannotRun:  # a cell that fails is found, and named, in training
            return replace(plan, flat=False, apart=True)
        if not torch.equal(before, torch.default_generator.get_state()):
            return replace(plan, flat=False, apart=True, draws=True)
        flat = plan.flat and _agree(trial, replace(ALONE, flat=True), settings, alone)
        apart = plan.apart or not _agree(trial, Plan(flat, apart=False), settings, alone)
        return replace(plan, flat=flat, apart=apart)


def _extremes(settings: Sequence[Mapping[str, float]]) -> list[int]:
    """Cells that have the smallest, a middle or the largest value of a hyperparameter that differs; the first too."""
    chosen = {0: None}
    for name in settings[0]:
        order = sorted(range(len(settings)), key=lambda cell: settings[cell][name])
        values = [settings[cell][name] for cell in order]
        if values[0] != values[-1]:
            chosen |= dict.fromkeys((order[0], order[len(order) // 2], order[-1]))
    return sorted(chosen)


def _first_that_runs(kind: Kind, shapes: Shapes, steps: int, work: Callable[[Trial], T], tensors: str) -> T:
    """What `work` gives of a trial in float64, or else in float32."""
    who = f"optimizer '{kind.arguments.name}'"
    trials = [Trial(kind, shapes, dtype, steps) for dtype in (torch.float64, torch.float32)]

    def slow() -> str:
        made, limit = sum(trial.made for trial in trials), f"{PROCESSOR_SECONDS:g} s of processor time"
        if not made:
            return f"{who}: has not made its first step on {tensors} within {limit}, or {SECONDS:g} s in all"
        return f"{who}: too slow to train many cells: {made} steps on {tensors} took more than {limit}"

    def attempt(trial: Trial) -> T:
        with settings_kept():
            return work(trial)

    with torch.random.fork_rng(devices=[]), limited(slow):
        try:
            return attempt(trials[0])
        except CannotRun as error:
            try:
                return attempt(trials[1])
            except CannotRun as other:
                told = other if "Double" in str(error) else error  # the first knows no float64
            raise BadInput(f"{who}: {told}") from error


def _plan(trial: Trial, shapes: Shapes) -> Plan:
    """Raises CannotRun where there is none."""
    torch.manual_seed(0)
    before, set_before = generators(), settings()
    live = trial.begin(ALONE, [trial.base])
    path = trial.go_on(live, trial.start[:1].clone(), [trial.base], 0)
    drawn = changed(before, generators())
    if set(drawn) - {"torch"}:
        raise CannotRun(f"draws from the global generator of {drawn[-1]}, which no seed of a training sets")
    if changed(set_before, settings()):
        raise CannotRun(f"calls torch.{changed(set_before, settings())[0]}, which changes every other training too")
    if torch.equal(path[-1], trial.start[:1]):
        raise CannotRun(f"{STEPS} steps have not moved any parameter")
    draws = bool(drawn)
    found = replace(ALONE, draws=draws, numbers=_numbers(live.save(), shapes, trial.shapes), dtype=trial.dtype)
    stop = STEPS // 2
    if not torch.equal(trial.path(found)[stop:], trial.resumed(found, stop)):
        raise CannotRun("keeps numbers outside of its state_dict, so a training could not be resumed")
    if draws or trial.kind.cls.state_dict is not Optimizer.state_dict:  # which holds what groups of one share
        return found
    small = Trial(trial.kind, _distinct(tuple(tuple(min(d, SMALL) for d in s) for s in shapes)), trial.dtype, STEPS)
    # All elements in one vector is tried on small tensors first: a class may make a matrix of it, n × n.
    flat = _is_flat(small) and _agree(trial, replace(ALONE, flat=True), [trial.base], path)
    together = replace(found, flat=flat, apart=False)
    return together if _are_apart(trial, together) and _stay_clean(trial, together) else replace(found, flat=flat)


def _is_flat(small: Trial) -> bool:
    try:
        return _agree(small, replace(ALONE, flat=True), [small.base], small.path(ALONE))
    except CannotRun:  # of the small tensors only
        return False


def _are_apart(trial: Trial, plan: Plan) -> bool:
    """Whether two groups of one instance step as two instances do."""
    settings = [trial.base, trial.base]
    try:
        return _agree(trial, plan, settings, trial.path(replace(plan, apart=True), settings))
    except CannotRun:
        return False


def _stay_clean(trial: Trial, plan: Plan) -> bool:
    """Whether a group whose gradients are NaN leaves another as it is."""
    try:
        clean = trial.path(plan)
        other = trial.path(plan, [trial.base, trial.base], poison=1)
    except CannotRun:
        return False
    return torch.equal(clean[:, 0], other[:, 0])


def _agree(trial: Trial, plan: Plan, settings: Sequence[Mapping[str, float]], expected: Tensor) -> bool:
    try:
        return trial.same(trial.path(plan, settings), expected)
    except CannotRun:
        return False


def _distinct(shapes: Shapes) -> Shapes:
    return tuple(dict.fromkeys(tuple(shape) for shape in shapes))


def _numbers(saved: Sequence[Saved], shapes: Shapes, distinct: Shapes) -> int:
    """How many numbers a cell's state holds, a tensor of each distinct shape having been stepped."""
    states = [state for group in saved[0]["state"] for state in group]
    each = [sum(leaf.numel() for leaf in pytree.tree_leaves(state) if isinstance(leaf, Tensor)) for state in states]
    if len(each) != len(distinct):  # a class that cuts tensors in groups of its own: by their share
        return round(sum(each) * sum(sizes_of(shapes)) / max(sum(sizes_of(distinct)), 1))
    known = dict(zip(distinct, each, strict=True))
    return sum(known[tuple(shape)] for shape in shapes)
