"""Equation 11 by the update rules: the oracle of the compiled loop."""

from collections.abc import Sequence

import numpy as np
import torch

from trainers.counterexample import Setting
from trainers.rules import get_rule


def simulate_by_rules(
    settings: Sequence[Setting], rare: np.ndarray, at: np.ndarray, *, start: float = 0.0, beta2: float = 0.99
) -> np.ndarray:
    """What `trainers.counterexample.simulate` gives, by the update rules themselves, a few thousand times slower."""
    seeds, steps = rare.shape
    wanted = {int(t): i for i, t in enumerate(at)}
    means = np.empty((len(settings), seeds, len(at)))
    for row, setting in enumerate(settings):
        rule = get_rule(f"{setting.method}:form=plain")
        values = {"alpha": setting.alpha, "epsilon": setting.epsilon, "beta1": 0.0, "beta2": beta2}
        if setting.method == "dynamic-adam":
            values["power"] = setting.power
        hyper = {name: torch.full((seeds, 1), value, dtype=torch.float64) for name, value in values.items()}
        w = torch.full((seeds, 1), start, dtype=torch.float64)
        state, total = rule.init(w, ((1,),)), torch.zeros(seeds, dtype=torch.float64)
        for t in range(steps):
            total += ((999.0 * w[:, 0] - 499.0) / 500.0).square()
            if t + 1 in wanted:
                means[row, :, wanted[t + 1]] = (total / (t + 1)).numpy()
            drawn = torch.from_numpy(rare[:, t : t + 1])
            w, state = rule.step(w, setting.scale * torch.where(drawn, 999.0 * w, -1.0), state, hyper)
            w = w.clamp(0.0, 1.0)
    return means
