"""The audit finds of the rules that ship what their docstrings and the papers say."""

from typing import Any

import pytest

from trainers import optimizers
from trainers.audit.audit import audit

ADAM = {"gradient_power": 0.0, "eps_power": 1.0, "scope": "element", "follows_schedule": "at once", "lr_power": 1.0}
OUTSIDE = {"eps_place": "corrected root", "eps_half_step_1": 1.0, "eps_half_step_1e3": 0.001}

RULES: dict[str, dict[str, Any]] = {
    "adam": {**ADAM, **OUTSIDE, "decay": "coupled", "first_step": 1.0},
    "amsgrad": {**ADAM, "decay": "coupled"},
    "adamw": {**ADAM, **OUTSIDE, "decay": "decoupled"},
    "radam": {**ADAM, "eps_place": "raw root", "decay": "coupled"},
    "sgd": {"gradient_power": 1.0, "lr_power": 1.0, "scope": "element", "eps": None, "decay": "coupled"},
    "avagrad": {"gradient_power": 1.0, "eps_power": 0.0, "scope": "network", "decay": "coupled"},
    "avagradw": {"gradient_power": 1.0, "eps_power": 0.0, "scope": "network", "decay": "decoupled"},
    "adabelief": {"gradient_power": 0.0, "eps_place": "inside the root", "decay": "coupled"},
    "adabound": {"follows_schedule": "at once", "decay": "coupled"},
    "adashift": {"scope": "tensor", "decay": "coupled"},
    "delayed-adam": {**ADAM, "decay": "coupled"},
    "dynamic-adam": {"gradient_power": 0.0, "eps_power": 1.0, "decay": "coupled"},
    "adam-atan2": {"gradient_power": 0.0, "eps": None, "scope": "element", "decay": "decoupled"},
    "lion": {"gradient_power": 0.0, "eps": None, "scope": "element", "decay": "decoupled", "state_bytes": 4.0},
    "muon": {"gradient_power": 0.0, "decay": "decoupled", "lr_power": 1.0},
    "schedulefree-adamw": {"needs": "train() and eval()", "gradient_power": 0.0},
}


def test_every_rule_with_a_class_is_audited() -> None:
    assert set(RULES) == {getattr(optimizers, name).rule_name for name in optimizers.__all__}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_what_it_says(rule: str) -> None:
    row = audit(rule).row()
    assert {key: row[key] for key in RULES[rule]} == RULES[rule]
    assert row["lr_zero_still"] is True
    assert row["repeats"] is True
    assert row["resumes"] is True
    assert row["groups"] in ("independent", None)
    assert row["rewrites_gradients"] is False
