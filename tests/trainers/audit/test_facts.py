"""The audit finds what is known of synthetic classes, of torch's and of others' classes."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from trainers.audit.audit import COLUMNS, Facts, audit
from trainers.audit.worker import audit_all

NAME = "audited_synthetic_classes"


@pytest.fixture(scope="module", autouse=True)
def classes() -> Iterator[None]:
    spec = importlib.util.spec_from_file_location(NAME, Path(__file__).parent / "synthetic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    yield
    del sys.modules[NAME]


def close(value: float) -> Any:
    return pytest.approx(value, rel=0.02)


OUTSIDE = {"eps_power": close(1.0), "eps_half_step_1": close(1.0), "eps_half_step_1e3": close(1e-3)}
KNOWN: dict[str, dict[str, Any]] = {
    "Known": {"lr_zero_still": True, "lr_power": 1.0, "gradient_power": 1.0, "scope": "element", "state_bytes": 0.0},
    "Signed": {"gradient_power": 0.0, "eps_place": "unread", "eps_power": 0.0, "eps_half_step_1": None},
    "CubeRoot": {"gradient_power": 0.33, "first_step": 1.0},
    "Outside": {**OUTSIDE, "eps_place": "corrected root", "gradient_power": 0.0, "state_bytes": 4.0, "decay": "unread"},
    "Inside": {"eps_power": 0.5, "eps_place": "inside the root", "eps_half_step_1": close(3.0)},
    "Raw": {"eps_power": 1.0, "eps_place": "raw root"},
    "Twice": {"eps_power": 2.0, "eps_half_step_1": close(2**0.5 - 1)},
    "Cancelled": {"eps_power": 0.0, "eps_place": "elsewhere", "eps_half_step_1": None, "scope": "tensor"},
    "Coupled": {"decay": "coupled", "rewrites_gradients": True, **OUTSIDE},
    "Decoupled": {"decay": "decoupled", "rewrites_gradients": False},
    "Thrice": {"decay": "decoupled, 3 times"},
    "Fixed": {"decay": "decoupled, without the rate"},
    "OfMatrices": {"decay": "decoupled, of matrices"},
    "Blind": {"follows_schedule": "never", "decay": None, "eps_place": None},
    "Velocity": {"follows_schedule": "late"},
    "WholeNetwork": {"scope": "network", "groups": "not independent", "follows_schedule": "at once"},
    "WholeTensor": {"scope": "tensor", "groups": "independent"},
    "FirstsEps": {"groups": "independent, but eps of the first"},
    "Forgetful": {"resumes": False, "repeats": True},
    "Random": {"draws": "torch", "repeats": True},
    "Moving": {"lr_zero_still": False},
    "SetsDtype": {"sets": "torch.set_num_threads"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_is_found(name: str) -> None:
    row = audit(f"{NAME}:{name}").row()
    assert {key: row[key] for key in KNOWN[name]} == KNOWN[name]
    assert row["needs"] == ""


OTHERS: dict[str, dict[str, Any]] = {
    "torch.optim:AdamW": {"eps_place": "corrected root", "decay": "decoupled", "state_bytes": 8.0, "version": "2"},
    "torch.optim:RAdam": {"eps_place": "raw root", "gradient_power": 0.0, "decay": "coupled"},
    "torch.optim:Rprop": {"follows_schedule": "never", "lr_zero_still": False, "gradient_power": 0.0},
    "torch.optim:Muon": {"needs": "matrices alone", "scope": "tensor"},
    "torch.optim:RMSprop": {"eps_place": "raw root", "first_step": 10.0},
    "pytorch_optimizer:AdamP": {"eps_place": "raw root"},
    "pytorch_optimizer:Lamb": {"eps_power": 2.0},
    "pytorch_optimizer:MADGRAD": {"gradient_power": 0.33, "follows_schedule": "late"},
    "pytorch_optimizer:SM3": {"eps_power": 0.5, "eps_place": "inside the root"},
    "pytorch_optimizer:Prodigy": {"groups": "not independent", "scope": "network"},
    "pytorch_optimizer:Gravity": {"draws": "torch"},
    "schedulefree:AdamWScheduleFree": {"needs": "train() and eval()", "resumes": True},
}


@pytest.mark.parametrize("text", OTHERS)
def test_classes_of_others(text: str) -> None:
    row = audit(text).row()
    version = OTHERS[text].get("version", "")
    assert row["version"].startswith(version)
    expected = {key: value for key, value in OTHERS[text].items() if key != "version"}
    assert {key: row[key] for key in expected} == expected


def test_leaves_the_state_of_torch_as_it_was() -> None:
    threads = torch.get_num_threads()
    audit(f"{NAME}:SetsDtype")
    assert torch.get_num_threads() == threads


def test_the_first_columns_are_those_that_scripts_rely_on() -> None:
    assert COLUMNS[:20] == (
        *("class", "package", "version", "lr_zero_still", "lr_power", "gradient_power", "eps_half_step_1"),
        *("eps_half_step_1e3", "eps_power", "eps_place", "decay", "follows_schedule", "groups", "scope", "state_bytes"),
        *("repeats", "resumes", "step_time", "needs", "eps"),
    )


def test_a_class_that_hangs_or_dies_costs_one_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bad_synthetic_classes.py").write_text((Path(__file__).parent / "synthetic.py").read_text())
    monkeypatch.chdir(tmp_path)
    texts = [f"bad_synthetic_classes:{name}" for name in ("Hangs", "Dies", "Known")] + ["nowhere:Class"]
    hangs, dies, known, nowhere = audit_all(texts, limit=10.0)
    assert hangs == Facts(texts[0], needs="more time: its audit did not end within 10 s")
    assert dies == Facts(texts[1], needs="another process: this one died (exit code 7)")
    assert known.audited
    assert known.gradient_power == 1.0
    assert "no module 'nowhere'" in nowhere.needs
