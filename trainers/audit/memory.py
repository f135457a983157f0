"""What a class remembers, whether it repeats itself, and what a step costs."""

import copy
import time
from dataclasses import replace

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from trainers.audit.subject import NotTold, Subject, flat
from trainers.classes.surroundings import changed, generators

STEPS = 10
STOP = 5
ROUNDS, ROUND = 3, 0.05
"""Rounds in which steps are timed, and the processor seconds that each takes at least."""

BIG = ((64, 64), (64,), (64, 64), (64,))
BIG_MATRICES = ((64, 64), (64, 64))
"""Tensors whose state is counted and whose steps are timed."""


def big(subject: Subject) -> Subject:
    """The same class on larger tensors, in float32."""
    matrices = all(len(shape) == 2 for shape in subject.shapes)
    return replace(subject, shapes=BIG_MATRICES if matrices else BIG, dtype=torch.float32)


def state_bytes(subject: Subject) -> float:
    """Count the bytes of tensors in the state after three steps, for each parameter in float32."""
    subject = big(subject)
    params, optimizer = subject.make({})
    for step in range(3):
        subject.step(optimizer, params, subject.ripples(1.0)(step, flat(params)))
    held = {
        leaf.data_ptr(): leaf
        for leaf in pytree.tree_leaves(optimizer.state_dict()["state"])
        if isinstance(leaf, Tensor)
    }
    return round(sum(leaf.numel() * leaf.element_size() for leaf in held.values()) / subject.size, 2)


def repeats(subject: Subject) -> bool:
    """Run twice in float32 from the same seed of torch's generator: whether all steps are the same to the last bit."""
    subject = replace(subject, dtype=torch.float32)
    return torch.equal(subject.path(steps=STEPS), subject.path(steps=STEPS))


def draws(subject: Subject) -> str | None:
    """Look at the global generators after some steps: which were drawn from, "torch", "numpy" or "random"; None."""
    torch.manual_seed(0)
    before = generators()
    subject.path(steps=STEPS)
    return " and ".join(changed(before, generators())) or None


def resumes(subject: Subject) -> bool:
    """Stop after five of ten steps in float32 and go on in a new instance by `state_dict`: whether nothing differs."""
    subject = replace(subject, dtype=torch.float32)
    torch.manual_seed(0)
    params, optimizer = subject.make({})
    gradient, path = subject.ripples(1.0), []
    for step in range(STEPS):
        if step == STOP:
            try:
                held = copy.deepcopy(optimizer.state_dict())
                params, optimizer = subject.make({}, flat(params))
                optimizer.load_state_dict(held)
            except Exception as error:
                raise NotTold(str(error)) from error
        subject.step(optimizer, params, gradient(step, flat(params)))
        path.append(flat(params))
    return torch.equal(torch.stack(path), subject.path(steps=STEPS)[1:])


def step_seconds(subject: Subject) -> float:
    """Processor seconds of a step, on four tensors of 64 rows: the least of three rounds."""
    subject = big(subject)
    params, optimizer = subject.make({})
    gradient = subject.ripples(1.0)(0, flat(params))
    subject.step(optimizer, params, gradient)
    found = []
    for _ in range(ROUNDS):
        began, steps = time.process_time(), 0
        while time.process_time() - began < ROUND:
            subject.step(optimizer, params, gradient)
            steps += 1
        found.append((time.process_time() - began) / steps)
    return min(found)
