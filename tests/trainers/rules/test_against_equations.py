"""The rules that torch.optim lacks, against plain NumPy transcriptions of the equations that define them.

A transcription takes a start `[n]`, the sizes of its tensors and a setting, and gives a function from gradient to
parameters after the step. It is written to be read beside its source, with none of the tricks of the rules.
"""

import numpy as np
import pytest

from trainers.rules import get_rule


def avagrad_paper(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, decoupled=False, delay=True):
    """The paper, Algorithm 1, ε outside the root; without its delay, line 8 comes before line 6."""
    m, v = np.zeros_like(w), np.zeros_like(w)

    def step(g):
        nonlocal w, m, v
        if decoupled:
            w = w * (1 - alpha * weight_decay)
        else:
            g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        now = beta2 * v + (1 - beta2) * g**2
        eta = 1 / (np.sqrt(v if delay else now) + epsilon)
        w = w - alpha * eta / np.linalg.norm(eta / np.sqrt(len(eta))) * m
        v = now
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


def adam(
    w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, form="torch", power=0.0, delay=0, skip=False
):
    """Adam in each of its forms, its ε_t = ε·t^p, and section 8's delay: η of the step before."""
    m, v, t = np.zeros_like(w), np.zeros_like(w), 0

    def eta(t):
        growing = epsilon * t**power
        correction = 1 - beta2**t
        if form == "torch":
            return 1 / (np.sqrt(v / correction) + growing)
        return (np.sqrt(correction) if form == "old" else 1.0) / (np.sqrt(v) + growing)

    def step(g):
        nonlocal w, m, v, t
        t += 1
        g = g + weight_decay * w
        before = eta(max(t - 1, 1))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        rate = before if delay else eta(t)
        scale = alpha if form == "plain" else alpha / (1 - beta1**t)
        if not (skip and t == 1):
            w = w - scale * rate * m
        return w

    return step


def amsgrad_plain(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0):
    """Reddi et al. 2018, algorithm 2, without its projection, with ε."""
    m, v, largest = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)

    def step(g):
        nonlocal w, m, v, largest
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        largest = np.maximum(largest, v)
        w = w - alpha * m / (np.sqrt(largest) + epsilon)
        return w

    return step


def adabound(
    w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, final_lr=0.1, gamma=1e-3, schedule=1.0
):
    """github.com/Luolc/AdaBound: what its step computes; α and final_lr are scheduled alike."""
    m, v, t = np.zeros_like(w), np.zeros_like(w), 0
    alpha, final = alpha * schedule, final_lr * schedule

    def step(g):
        nonlocal w, m, v, t
        t += 1
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        size = alpha * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        bounds = final * (1 - 1 / (gamma * t + 1)), final * (1 + 1 / (gamma * t))
        w = w - np.clip(size / (np.sqrt(v) + epsilon), *bounds) * m
        return w

    return step


def adashift(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0):
    """Zhou et al. 2019, algorithm 3, n = 10 and φ = max over each tensor, with the bias correction of v."""
    n, gradients, v, t = 10, [], np.zeros_like(w), 0

    def step(g):
        nonlocal w, v, t
        t += 1
        gradients.append(g + weight_decay * w)
        if t > n:
            weights = [beta1**i for i in range(n)]
            m = sum(weight * gradients[-1 - i] for i, weight in enumerate(weights)) / sum(weights)
            old = np.split(gradients[t - n - 1] ** 2, np.cumsum(sizes)[:-1])
            v = beta2 * v + (1 - beta2) * np.concatenate([np.full_like(block, block.max()) for block in old])
            w = w - alpha * m / (np.sqrt(v / (1 - beta2 ** (t - n))) + epsilon)
        return w

    return step


def adabelief(w, sizes, alpha, epsilon, beta1=0.9, beta2=0.999, weight_decay=0.0, rectify=False, decouple=False):
    """github.com/juntang-zhuang/Adabelief-Optimizer at 9b8bb0a: what its step computes, in its order."""
    m, s, t = np.zeros_like(w), np.zeros_like(w), 0

    def step(g):
        nonlocal w, m, s, t
        t += 1
        if decouple:
            w = w * (1 - alpha * weight_decay)
        else:
            g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + epsilon
        c1, c2 = 1 - beta1**t, 1 - beta2**t
        if not rectify:
            w = w - alpha / c1 * m / (np.sqrt(s) / np.sqrt(c2) + epsilon)
            return w
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / c2
        if length >= 5:
            r = (length - 4) / (longest - 4) * (length - 2) / length * longest / (longest - 2)
            w = w - alpha * np.sqrt(c2 * r) / c1 * m / (np.sqrt(s) + epsilon)
        else:
            w = w - alpha / c1 * m
        return w

    return step


SETTINGS = [
    {"alpha": 1e-3, "epsilon": 1e-8},
    {"alpha": 1e-2, "epsilon": 1e-16, "beta1": 0.5, "beta2": 0.9},
    {"alpha": 0.1, "epsilon": 1e4, "weight_decay": 5e-4},
    {"alpha": 3e-3, "epsilon": 1e-3, "beta2": 0.99, "weight_decay": 1e-2},
]
BOUNDS = [
    {**SETTINGS[0], "schedule": 0.2},
    {**SETTINGS[1], "gamma": 0.1},
    {**SETTINGS[2], "final_lr": 0.01},
    {**SETTINGS[3], "gamma": 1e-2, "final_lr": 0.02},
]
POWERS = [{**setting, "power": power} for setting, power in zip(SETTINGS, (0.5, 1.5, 0.0, 1.0), strict=True)]
CASES = {
    "avagrad": (avagrad_paper, {}, SETTINGS),
    "avagradw": (avagrad_paper, {"decoupled": True}, SETTINGS),
    "avagrad:delay=false": (avagrad_paper, {"delay": False}, SETTINGS),
    "avagradw:delay=false": (avagrad_paper, {"decoupled": True, "delay": False}, SETTINGS),
    "avagrad:variant=authors": (avagrad_authors, {}, SETTINGS),
    "avagradw:variant=authors": (avagrad_authors, {"decoupled": True}, SETTINGS),
    "adam:form=old": (adam, {"form": "old"}, SETTINGS),
    "adam:form=plain": (adam, {"form": "plain"}, SETTINGS),
    "amsgrad:form=plain": (amsgrad_plain, {}, SETTINGS),
    "dynamic-adam": (adam, {}, POWERS),
    "delayed-adam": (adam, {"delay": 1}, SETTINGS),
    "delayed-adam:first=skip": (adam, {"delay": 1, "skip": True}, SETTINGS),
    "delayed-adam:form=plain": (adam, {"delay": 1, "form": "plain"}, SETTINGS),
    "delayed-dynamic-adam:form=old": (adam, {"delay": 1, "form": "old"}, POWERS),
    "adabound": (adabound, {}, BOUNDS),
    "adashift": (adashift, {}, SETTINGS),
    "adabelief": (adabelief, {}, SETTINGS),
    "adabelief:rectify=true,decouple=true": (adabelief, {"rectify": True, "decouple": True}, SETTINGS),
}


@pytest.mark.parametrize("name", CASES)
def test_follows_the_published_equations(name, problem, run_rule, follow, apart):
    transcription, extra, settings = CASES[name]
    steppers = [transcription(problem.start.numpy(), problem.sizes, **setting, **extra) for setting in settings]
    assert apart(run_rule(get_rule(name), problem, settings), follow(problem, steppers)) <= 1e-10


def test_a_rule_with_another_first_step_is_told_apart(problem, run_rule, apart):
    """The yardstick itself: rules that differ in one step only are far from each other on it."""
    literal, skip = (
        run_rule(get_rule(f"delayed-adam:first={first}"), problem, SETTINGS[3:], steps=5)
        for first in ("literal", "skip")
    )
    assert apart(skip, literal) > 1e-6
