"""The rules that torch.optim lacks, against plain NumPy transcriptions of the equations that define them.

A transcription takes a start `[n]`, the sizes of its tensors and a setting, and gives a function from gradient to
parameters after the step. It is written to be read beside its source, with none of the tricks of the rules.
"""

import numpy as np
import pytest

from trainers.rules import get_rule


def avagrad_paper(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, decoupled=False):
    """The paper, Algorithm 1, ε outside the root."""
    m, v = np.zeros_like(w), np.zeros_like(w)

    def step(g):
        nonlocal w, m, v
        if decoupled:
            w = w * (1 - alpha * weight_decay)
        else:
            g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        eta = 1 / (np.sqrt(v) + epsilon)
        w = w - alpha * eta / np.linalg.norm(eta / np.sqrt(len(eta))) * m
        v = beta2 * v + (1 - beta2) * g**2
        return w

    return step


def avagrad_authors(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, decoupled=False):
    """github.com/lolemacs/avagrad, optimizers.py: what it computes, in its order."""
    m, v, gamma, t = np.zeros_like(w), np.zeros_like(w), None, 0

    def step(g):
        nonlocal w, m, v, gamma, t
        t += 1
        if not decoupled:
            g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        if t > 1:
            if decoupled:
                w = w * (1 - alpha * weight_decay)
            denominator = np.sqrt(v) / np.sqrt(1 - beta2 ** (t - 1)) + epsilon
            w = w - gamma * alpha / (1 - beta1**t) * m / denominator
        stale = np.sqrt(v) / np.sqrt(1 - beta2**t) + epsilon
        gamma = 1 / np.sqrt(np.sum(stale**-2.0) / len(stale))
        v = beta2 * v + (1 - beta2) * g**2
        return w

    return step


SETTINGS = [
    {"alpha": 1e-3, "epsilon": 1e-8},
    {"alpha": 1e-2, "epsilon": 1e-16, "beta1": 0.5, "beta2": 0.9},
    {"alpha": 0.1, "epsilon": 1e4, "weight_decay": 5e-4},
    {"alpha": 3e-3, "epsilon": 1e-3, "beta2": 0.99, "weight_decay": 1e-2},
]
CASES = {
    "avagrad": (avagrad_paper, {}),
    "avagradw": (avagrad_paper, {"decoupled": True}),
    "avagrad:variant=authors": (avagrad_authors, {}),
    "avagradw:variant=authors": (avagrad_authors, {"decoupled": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_follows_the_published_equations(name, problem, run_rule, follow, apart):
    transcription, extra = CASES[name]
    steppers = [transcription(problem.start.numpy(), problem.sizes, **setting, **extra) for setting in SETTINGS]
    assert apart(run_rule(get_rule(name), problem, SETTINGS), follow(problem, steppers)) <= 1e-10
