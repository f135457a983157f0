"""What depends on what: groups on each other, elements on their tensor or on the network."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from trainers.audit.subject import RATE, NotTold, Subject, flat
from trainers.classes.kind import Kind, guarded, switch_mode
from trainers.rules.base import sizes_of

STEPS = 15
SAME = {torch.float64: 1e-6, torch.float32: 1e-3}
"""Differences up to these shares of the longest way of an element are rounding."""

OWN = (RATE, "weight_decay")
"""Values that groups are given of their own, besides ε."""


def scope(subject: Subject) -> str:
    """Change the gradients elsewhere: whether an element's steps depend on its "element", "tensor" or "network".

    Rows and columns of a tensor count as the tensor.
    """
    base = subject.ripples(1.0)
    sizes = sizes_of(subject.shapes)
    first = torch.arange(subject.size) < sizes[0]
    plain = subject.path(gradient=base, steps=STEPS)
    generator = torch.Generator().manual_seed(5)
    drawn = 10 * torch.randn(STEPS, subject.size, generator=generator, dtype=torch.float64)

    def depends(elements: Tensor, others: Tensor) -> bool:
        found = subject.path(
            gradient=lambda step, params: torch.where(others, drawn[step], base(step, params)), steps=STEPS
        )
        return _differ(found[:, elements], plain[:, elements])

    within = torch.arange(subject.size) % 2 == 0
    if len(sizes) > 1 and depends(first, ~first):
        return "network"
    return "tensor" if depends(first & within, first & ~within) else "element"


def groups(subject: Subject) -> str:
    """Step two parameter groups in one instance and in two, one's gradients being 100 times the other's.

    "independent", "not independent", or "independent, but NAME of the first" for values of their own that groups are
    given and that the class does not read from the group.
    """
    if subject.kind.split or len(subject.shapes) < 2:
        raise NotTold("groups have another meaning, or there is one tensor")
    if _differ(_run(subject, [{}, {}], True), _run(subject, [{}, {}], False)):
        return "not independent"
    shared = []
    for name in (*OWN, subject.epsilon):
        if name not in subject.numbers or name is None or "." in name:
            continue
        value = subject.numbers[name] / 2 if subject.numbers[name] else 0.01
        if name == subject.epsilon:
            value = 0.3
        settings: list[dict[str, float]] = [{}, {name: value}]
        try:
            if _differ(_run(subject, settings, True), _run(subject, settings, False)):
                shared.append(name)
        except NotTold:
            continue
    return f"independent, but {' and '.join(shared)} of the first" if shared else "independent"


def _halves(subject: Subject) -> list[list[int]]:
    """The tensors of each of two groups, both having some of the same kinds."""
    count = len(subject.shapes)
    return [list(range(0, count // 2)), list(range(count // 2, count))]


def _gradients(subject: Subject, step: int) -> Tensor:
    sizes, (first, _) = sizes_of(subject.shapes), _halves(subject)
    scale = torch.cat([torch.full((size,), 1.0 if at in first else 100.0) for at, size in enumerate(sizes)])
    return subject.ripples(1.0)(step, scale) * scale.double()


def _run(subject: Subject, settings: list[dict[str, float]], together: bool) -> Tensor:
    """The path of two groups with these settings, in one instance or in two."""
    torch.manual_seed(0)
    pieces = subject.start().split(sizes_of(subject.shapes))
    params = [nn.Parameter(piece.clone().view(shape)) for piece, shape in zip(pieces, subject.shapes, strict=True)]
    parts = [[params[at] for at in half] for half in _halves(subject)]
    try:
        if together:
            given = [
                {"params": part, **subject.kind.arguments.group(own)} for part, own in zip(parts, settings, strict=True)
            ]
            optimizers = [_make(subject.kind, given, subject.plain)]
        else:
            optimizers = [
                subject.kind.make(part, {**subject.plain, **own}) for part, own in zip(parts, settings, strict=True)
            ]
        path = []
        for step in range(STEPS):
            gradients = _gradients(subject, step).split(sizes_of(subject.shapes))
            for p, piece in zip(params, gradients, strict=True):
                p.grad = piece.to(p.dtype).view_as(p).clone()
            with guarded(subject.kind.compiles):
                for optimizer in optimizers:
                    optimizer.step()
            path.append(flat(params))
    except Exception as error:
        raise NotTold(str(error)) from error
    return torch.stack(path)


def _make(kind: Kind, given: list[dict[str, object]], hyper: Mapping[str, float]) -> Optimizer:
    with guarded(kind.compiles):
        return switch_mode(kind.cls(given, **kind.arguments.values(hyper)), "train")


def _differ(found: Tensor, expected: Tensor) -> bool:
    """Whether two paths differ, `[steps, n]` each."""
    way = (expected[-1] - expected[0]).abs().max()
    return bool(((found - expected).abs() > SAME[found.dtype] * way).any())
