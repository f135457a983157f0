"""Every rule against the equation that begins its file."""

from functools import partial

import pytest
import torch

from trainers.rules import RULES, get_rule
from trainers.rules.delayed import delayed_adam_equation
from trainers.rules.shipped import SHIPPED, Values

SETTINGS = [
    {"alpha": 1e-3, "epsilon": 1e-8},
    {"alpha": 1e-2, "epsilon": 1e-16, "beta1": 0.5, "beta2": 0.9, "momentum": 0.5},
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
OWN_SETTINGS = {"adabound": BOUNDS, "dynamic-adam": POWERS, "delayed-dynamic-adam:form=old": POWERS}
OWN_STEPS = {"adam-atan2": 50, "muon": 100}
"""Of rules where nothing damps a difference of rounding."""

OPTIONS = [
    "sgd:nesterov=false",
    "avagrad:delay=false",
    "avagradw:delay=false",
    "avagrad:variant=authors",
    "avagradw:variant=authors",
    "adam:form=old",
    "adam:form=plain",
    "adamw:form=plain",
    "amsgrad:form=plain",
    "dynamic-adam:form=plain",
    "delayed-adam:first=skip",
    "delayed-adam:form=plain",
    "delayed-dynamic-adam:form=old",
    "adabelief:rectify=true,decouple=true",
    "adabelief:rectify=true",
    "muon:scale=original,nesterov=false",
]


def stepper(name, problem, setting):
    """The equation of a rule as a function from gradient to parameters."""
    base, _, text = name.partition(":")
    options = {
        key: {"true": True, "false": False}.get(value, value)
        for key, _, value in (part.partition("=") for part in text.split(",") if part)
    }
    rule = get_rule(name)
    values = Values(**{**rule.hyperparameters, "schedule": 1.0, **setting})
    values.alpha *= values.schedule
    equation = SHIPPED[base].equation if base in SHIPPED else partial(delayed_adam_equation, growing=True)
    trajectory = equation(problem.start.clone(), problem.shapes, values, **options)
    next(trajectory)
    return lambda grads: trajectory.send(torch.from_numpy(grads)).numpy()


@pytest.mark.parametrize("name", [*RULES, *OPTIONS])
def test_follows_its_equation(name, problem, run_rule, follow, apart):
    settings, steps = OWN_SETTINGS.get(name, SETTINGS), OWN_STEPS.get(name.partition(":")[0], 200)
    steppers = [stepper(name, problem, setting) for setting in settings]
    path = run_rule(get_rule(name), problem, settings, steps)
    assert apart(path, follow(problem, steppers, steps)) <= 1e-10


def test_a_rule_with_another_first_step_is_told_apart(problem, run_rule, apart):
    """The yardstick itself: rules that differ in one step only are far from each other on it."""
    literal, skip = (
        run_rule(get_rule(f"delayed-adam:first={first}"), problem, SETTINGS[3:], steps=5)
        for first in ("literal", "skip")
    )
    assert apart(skip, literal) > 1e-6
