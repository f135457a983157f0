"""The rules that torch.optim has too, step for step."""

import pytest
import torch

from trainers.rules import get_rule

ADAPTIVE = [
    {"alpha": 1e-3, "epsilon": 1e-8},
    {"alpha": 1e-2, "epsilon": 1e-16, "beta1": 0.5, "beta2": 0.9},
    {"alpha": 10.0, "epsilon": 1e4, "weight_decay": 5e-4},
    {"alpha": 3e-3, "epsilon": 1e-3, "beta2": 0.99, "weight_decay": 1e-2},
]
MOMENTUM = [
    {"alpha": 1e-2, "momentum": 0.9, "weight_decay": 5e-4},
    {"alpha": 3e-2, "momentum": 0.5},
    {"alpha": 1e-3, "momentum": 0.99, "weight_decay": 1e-2},
]


def adam_arguments(setting):
    return {
        "lr": setting["alpha"],
        "betas": (setting.get("beta1", 0.9), setting.get("beta2", 0.999)),
        "eps": setting["epsilon"],
        "weight_decay": setting.get("weight_decay", 0.0),
    }


def sgd_arguments(setting):
    return {
        "lr": setting["alpha"],
        "momentum": setting["momentum"],
        "weight_decay": setting.get("weight_decay", 0.0),
    }


CASES = {
    "sgd": (MOMENTUM, lambda p, s: torch.optim.SGD(p, nesterov=True, **sgd_arguments(s))),
    "sgd:nesterov=false": (MOMENTUM, lambda p, s: torch.optim.SGD(p, **sgd_arguments(s))),
    "adam": (ADAPTIVE, lambda p, s: torch.optim.Adam(p, **adam_arguments(s))),
    "amsgrad": (ADAPTIVE, lambda p, s: torch.optim.Adam(p, amsgrad=True, **adam_arguments(s))),
    "adamw": (ADAPTIVE, lambda p, s: torch.optim.AdamW(p, **adam_arguments(s))),
    "radam": (ADAPTIVE, lambda p, s: torch.optim.RAdam(p, **adam_arguments(s))),
}


@pytest.mark.parametrize("name", CASES)
def test_follows_torch_optim(name, problem, run_rule, follow, torch_stepper, apart):
    settings, make = CASES[name]
    path = run_rule(get_rule(name), problem, settings)
    steppers = [torch_stepper(problem, lambda leaves, s=setting: make(leaves, s)) for setting in settings]
    reference = follow(problem, steppers)
    assert apart(path, reference) <= 1e-10
    assert apart(path[:100], reference[:100]) <= 1e-12
