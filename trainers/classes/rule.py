"""Make an update rule of an optimizer class."""

import functools
import inspect
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from grids.errors import BadInput
from grids.plugins import source_of, source_sha256
from trainers.classes.arguments import RATE, read_arguments
from trainers.classes.cells import Cells
from trainers.classes.kind import MATRICES, Kind, Plan, compiling
from trainers.classes.parts import JOINT
from trainers.classes.patience import TooSlow
from trainers.classes.plan import find_plan, try_steps
from trainers.rules.base import Hyper, Rule, Shapes

TRIED = (((4, 3), (4,), (3, 4), (3,)), ((4, 3), (3, 4)))
"""Shapes that a class is tried on before any network is known: it must take the first, or matrices alone."""


def class_rule(name: str, cls: type[Optimizer], options: Mapping[str, str]) -> Rule:
    """The rule that steps by a class.

    Its hyperparameters are the class's own arguments, `betas.0` being the first of a tuple. Any may be an axis; `lr`
    follows the schedule.

    Args:
        name: the class as users type it, without options.
        cls: the class.
        options: argument and value as text.

    Raises:
        BadInput: the class has no `lr`, needs more than gradients, or cannot step; an option that it does not take.
    """
    kind, matrices_alone = runnable(name, cls, options)

    @functools.cache  # a network's once for all its blocks
    def plan(shapes: Shapes) -> Plan:
        try:
            return find_plan(kind, shapes)
        except BadInput as error:
            if not matrices_alone or all(len(shape) >= 2 for shape in shapes):
                raise
            other = f'-o "{name}{JOINT}torch.optim:AdamW"'
            raise BadInput(f"{error}; another class can train what is no matrix: {other}") from error

    def init(params: Tensor, shapes: Shapes) -> Cells:
        shapes = tuple(tuple(shape) for shape in shapes)
        return Cells(kind, shapes, plan(shapes))

    def step(params: Tensor, grads: Tensor, state: Cells, hyper: Hyper) -> tuple[Tensor, Cells]:
        return state.step(params, grads, hyper), state

    has_modes = all(callable(getattr(cls, mode, None)) for mode in ("train", "eval"))
    text = (inspect.getdoc(cls) or "").strip().partition("\n")[0]
    return Rule(
        name,
        kind.arguments.numbers,
        init,
        step,
        text or f"{cls.__module__}.{cls.__qualname__}",
        cls.__name__,
        rate=RATE,
        evaluated_at=(lambda params, state: state.judged(params)) if has_modes else None,
        by_value=True,
        identity=identity(cls),
        check=functools.partial(_check, kind),
    )


def runnable(name: str, cls: type[Optimizer], options: Mapping[str, str]) -> tuple[Kind, bool]:
    """The class as it can train something: as it is, with groups of two kinds, or (then true) matrices alone.

    Args: as `class_rule`.

    Raises:
        BadInput: it has no `lr`, needs more than gradients, or cannot step; an option that it does not take.
    """
    _refuse_closures(name, cls)
    kind = Kind(cls, read_arguments(name, cls, options))
    ways = [(kind, TRIED[0]), (kind, TRIED[1])]
    if MATRICES in (source_of(kind.cls) or ""):
        ways.insert(1, (replace(kind, split=True), TRIED[0]))
    first = None
    for way, shapes in ways:
        try:
            with compiling() as compiles:
                try_steps(way, shapes)
        except TooSlow:
            raise
        except BadInput as error:
            first = error if first is None or way.split else first
        else:
            return replace(way, compiles=bool(compiles)), shapes == TRIED[1]
    assert first is not None
    raise first


def identity(cls: type[Optimizer]) -> dict[str, str]:
    """Which class it is: its name, the version of its package, the digest of its source."""
    if issubclass(cls, Optimizer) and hasattr(cls, "parts"):
        both = [identity(each) for each in cls.parts]
        return {key: JOINT.join(each.get(key, "") for each in both) for key in both[0] | both[1]}
    found = {"class": f"{cls.__module__}.{cls.__qualname__}"}
    source = source_sha256(cls)
    top = cls.__module__.partition(".")[0]
    for package in metadata.packages_distributions().get(top, ())[:1]:
        found["package"] = f"{package} {metadata.version(package).partition('+')[0]}"  # +cpu, +cu128: the same code
    return found if source is None else {**found, "source": source}


def _refuse_closures(name: str, cls: type[Optimizer]) -> None:
    closure = inspect.signature(cls.step).parameters.get("closure")
    if closure is not None and closure.default is closure.empty:
        raise BadInput(
            f"optimizer '{name}' cannot train many cells at once: its step needs a closure that evaluates the network "
            "anew; here gradients are computed once, for all cells"
        )


def _check(kind: Kind, name: str, value: float) -> None:
    """Refuse a value that the class refuses, the others at their defaults.

    Raises:
        BadInput: it does.
    """
    kind.make([nn.Parameter(torch.zeros(2, 2))], {name: value})
