"""Equation 7: with α = γ·ε and ε to infinity, Adam is SGD with γ and a dampened momentum."""

import math

import pytest
import torch
from torch import nn

from trainers.rules import get_rule

GAMMA, BETA1 = 0.05, 0.9
STEPS = 100


def sgd(problem, corrected: bool):
    """torch's SGD whose momentum starts at zero, hence m ← β1·m + (1 − β1)·g; its rate divided by 1 − β1^t or not."""
    pieces = zip(problem.start.split(problem.sizes), problem.shapes, strict=True)
    leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
    optimizer = torch.optim.SGD(leaves, lr=GAMMA, momentum=BETA1, dampening=BETA1)
    for leaf in leaves:
        optimizer.state[leaf]["momentum_buffer"] = torch.zeros_like(leaf)
    step = 0

    def stepper(grads):
        nonlocal step
        step += 1
        optimizer.param_groups[0]["lr"] = GAMMA / (1 - BETA1**step) if corrected else GAMMA
        for leaf, piece in zip(leaves, torch.from_numpy(grads).split(problem.sizes), strict=True):
            leaf.grad = piece.view_as(leaf)
        optimizer.step()
        return torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()

    return stepper


@pytest.mark.parametrize("problem", ["network"], indirect=True)  # the theorem asks for bounded gradients
@pytest.mark.parametrize(("optimizer", "corrected"), [("adam:form=plain", False), ("adam", True)])
def test_adam_is_sgd_in_the_limit_of_large_epsilon(optimizer, corrected, problem, run_rule, follow, apart):
    """At ε = 1e6 up to √v/ε, about 1e-6 of a step; the difference falls as 1/ε does."""
    reference = follow(problem, [sgd(problem, corrected)], STEPS)

    def off(epsilon: float) -> float:
        settings = [{"alpha": GAMMA * epsilon, "epsilon": epsilon, "beta1": BETA1}]
        return apart(run_rule(get_rule(optimizer), problem, settings, STEPS), reference)

    assert off(1e6) <= 1e-6
    assert off(1e10) <= 1e-10
    assert math.log10(off(1e4) / off(1e6)) == pytest.approx(2, abs=0.1)
    assert off(1e-8) > 0.1
