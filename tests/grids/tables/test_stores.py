"""Stores that real tools of the named versions wrote: one made-up study of two hyperparameters and three epochs.

The loss after an epoch is `1 / epoch + 0.3 |log2(lr / 0.2)|`, and 0.05 more for tanh. The run of lr 0.4 and tanh fails
after its first epoch, that of lr 0.1 and tanh ends in NaN; in Ray Tune and Optuna that of lr 0.4 and relu is stopped
after its second epoch. Paths of the machine are taken out of them.
"""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grids.errors import BadInput
from grids.surface import Surface
from grids.tables.meaning import meaning_of
from grids.tables.sources import surface_from

STORES = Path(__file__).parents[2] / "data" / "stores"
FAILED, LOST, STOPPED = (0.4, "tanh"), (0.1, "tanh"), (0.4, "relu")


def loss(lr: float, act: str, epoch: int = 3) -> float:
    return round(1 / epoch + abs(math.log2(lr / 0.2)) * 0.3 + (0.05 if act == "tanh" else 0), 6)


def brought(store: str, **options: Any) -> Surface:
    return surface_from(str(STORES / store), meaning_of(**{"value": "", **options}))


def by_cell(surface: Surface) -> dict[tuple[float, str], float]:
    """The value of each cell by lr and act, in the metric's own direction."""
    sign = -1 if surface.provenance.maximized else 1
    columns = surface.space.columns()
    return dict(
        zip(zip(columns["lr"].tolist(), columns["act"].tolist(), strict=True), sign * surface.mean.ravel(), strict=True)
    )


GRID: dict[str, tuple[str, dict[str, Any], dict[str, int], str]] = {
    "Ray Tune": (
        "ray-2.60.0",
        {"value": "loss"},
        {"failed": 1, "unfinished": 1, "without a value": 1},
        "training_iteration",
    ),
    "MLflow, database": ("mlflow-3.17.2/mlflow.db", {"value": "loss"}, {"failed": 1, "without a value": 1}, "step"),
    "MLflow, folder": ("mlflow-3.17.2/mlruns", {"value": "loss"}, {"failed": 1, "without a value": 1}, "step"),
    "W&B": ("wandb-0.31.0", {"value": "loss"}, {"failed": 1, "without a value": 1}, "_step"),
    "TensorBoard": ("tensorboard-2.21.0", {"value": "loss"}, {"unfinished": 1, "without a value": 1}, "step"),
    "Lightning": ("lightning-2.6.6", {"value": "val_loss"}, {"unfinished": 1, "without a value": 1}, "epoch"),
    "KerasTuner": ("keras-tuner-1.4.8", {}, {"failed": 2}, ""),
    "Hydra": (
        "hydra-1.3.8",
        {"value": "result.json:loss", "axes": ["lr", "act"]},
        {"failed": 1, "without a value": 1},
        "",
    ),
    "Optuna": ("optuna-5.0.0.db", {}, {"failed": 2, "unfinished": 1}, "step"),
    "Optuna, a table": (
        "optuna-5.0.0.csv",
        {"axes": ["lr", "act"], "value": "value"},
        {"failed": 2, "unfinished": 1},
        "",
    ),
    "Sacred": ("sacred-0.8.7", {"value": "result"}, {"failed": 1, "without a value": 1}, ""),
}


@pytest.mark.parametrize("tool", GRID)
def test_a_grid_of_each_tool(tool: str) -> None:
    store, options, states, fidelity = GRID[tool]
    surface = brought(store, missing="worst", **options)
    assert surface.space.size == 6
    assert surface.provenance.data["states"] == states
    without = {FAILED, LOST} | ({STOPPED} if "Ray" in tool or "Optuna" in tool else set())
    assert surface.filled is not None
    assert int(surface.filled.sum()) == len(without)
    own = {cell: value for cell, value in by_cell(surface).items() if cell not in without}
    assert own == {cell: loss(*cell) for cell in own}
    assert all(value == max(own.values()) for cell, value in by_cell(surface).items() if cell in without)
    assert (surface.fidelity.name if surface.fidelity else "") == fidelity
    if surface.curve is not None and surface.fidelity is not None:
        assert len(surface.fidelity.values) == 3
        curve = surface.curve.reshape(6, 3)[list(by_cell(surface)).index((0.2, "tanh"))]
        np.testing.assert_allclose(curve, [loss(0.2, "tanh", epoch) for epoch in (1, 2, 3)], rtol=1e-6)


@pytest.mark.parametrize("tool", GRID)
def test_trials_without_a_result_are_left_out_and_counted(tool: str) -> None:
    store, options, states, _ = GRID[tool]
    surface = brought(store, **({"pool": True} if tool == "Optuna, a table" else {}), **options)
    assert surface.space.is_pool
    assert surface.provenance.data["left_out"] == sum(states.values())
    assert by_cell(surface) == {cell: loss(*cell) for cell in by_cell(surface)}


def test_what_a_stopped_run_reached() -> None:
    for store in ("ray-2.60.0", "optuna-5.0.0.db"):
        surface = brought(store, value="loss" if "ray" in store else "", missing="last")
        assert by_cell(surface)[STOPPED] == loss(*STOPPED, 2)
        assert by_cell(surface)[FAILED] == by_cell(surface)[LOST] == loss(0.1, "relu")


def test_parents_of_runs_are_no_trials() -> None:
    assert any(
        "1 parent run" in note for note in brought("mlflow-3.17.2/mlflow.db", value="loss").provenance.data["notes"]
    )


def test_smac() -> None:
    surface = brought("smac-2.4.1")
    found = json.loads((STORES / "smac-2.4.1" / "runhistory.json").read_text())
    costs = [trial["cost"] for trial in found["data"] if trial["status"] == 1]
    assert surface.value.ravel().tolist() == costs
    assert surface.provenance.data["states"] == {"failed": 1}
    assert surface.space.axis("lr").scale == "log"
    with pytest.raises(BadInput, match="SMAC minimizes 'cost': leave --maximize out"):
        brought("smac-2.4.1", maximize=True)


def test_hyperopt() -> None:
    found = [trial["result"] for trial in json.loads((STORES / "hyperopt-0.3.0.json").read_text())]
    surface = brought("hyperopt-0.3.0.json")
    assert surface.value.ravel().tolist() == [result["loss"] for result in found if result["status"] == "ok"]
    assert surface.provenance.data["states"] == {"failed": sum(result["status"] == "fail" for result in found)}


def test_nevergrad() -> None:
    found = [json.loads(line) for line in (STORES / "nevergrad-1.0.12.jsonl").read_text().splitlines()]
    surface = brought("nevergrad-1.0.12.jsonl")
    assert surface.space.names == ("act", "lr")
    assert surface.value.ravel().tolist() == [row["#loss"] for row in found if row["#loss"] < 1e20]
    assert surface.provenance.data["states"] == {"without a value": 1}


def test_ax() -> None:
    surface = brought("ax-1.3.1.json")
    table = pd.read_csv(STORES / "ax-1.3.1.csv")
    done = table[table["trial_status"] == "COMPLETED"]
    assert surface.value.ravel().tolist() == done["loss"].tolist()
    assert surface.provenance.data["states"] == {"failed": 1, "unfinished": 1}
    assert surface.fidelity is not None
    assert surface.fidelity.values == (1, 2, 3)
    again = brought("ax-1.3.1.csv", axes=["lr", "act"], value="loss", pool=True)
    assert again.value.ravel().tolist() == done["loss"].tolist()


def test_syne_tune() -> None:
    table = pd.read_csv(STORES / "syne-tune-0.16.0" / "results.csv.zip")
    last = table[table["epoch"] == 3].drop_duplicates(["config_lr", "config_act"])
    surface = brought("syne-tune-0.16.0")
    expected = {(row.config_lr, row.config_act): row.loss for row in last.itertuples()}
    assert by_cell(surface) == expected
    assert "metadata.json" in surface.provenance.data["direction"]


def test_scikit_learn() -> None:
    table = pd.read_csv(STORES / "scikit-learn-1.9.1.csv")
    for form in ("csv", "json"):
        surface = brought(f"scikit-learn-1.9.1.{form}", value="mean_test_score", labels=["gamma"])
        assert surface.space.size == len(table)
        np.testing.assert_allclose(sorted(-surface.value.ravel()), sorted(table["mean_test_score"]), atol=1e-10)
        assert surface.best_cell == surface.space.cell(int(np.argmin(surface.mean)))
    splits = brought("scikit-learn-1.9.1.csv", value="split*_test_score", labels=["gamma"])
    assert splits.seeds == (0, 1, 2)
    np.testing.assert_allclose(sorted(-splits.mean.ravel()), sorted(table["mean_test_score"]))


def test_the_resources_of_a_halving_search_are_the_fidelity() -> None:
    store = "scikit-learn-1.9.1-halving.csv"
    with pytest.raises(BadInput, match="--missing last keeps the value"):
        brought(store, value="mean_test_score")
    surface = brought(store, value="mean_test_score", missing="last")
    table = pd.read_csv(STORES / store).drop_duplicates(["param_C", "param_kernel"], keep="last")
    assert surface.fidelity is not None
    assert (surface.fidelity.name, surface.fidelity.values) == ("n_resources", (50, 150))
    assert sorted(-surface.value.ravel()) == sorted(table["mean_test_score"])


def test_kernel_tuner() -> None:
    found = json.loads((STORES / "kernel-tuner-1.5.0-cache.json").read_text())["cache"]
    for store in ("kernel-tuner-1.5.0-cache.json", "kernel-tuner-1.5.0-t4.json"):
        surface = brought(store, value="time")
        assert surface.space.names == ("bs", "un")
        np.testing.assert_allclose(sorted(surface.value.ravel()), sorted(entry["time"] for entry in found.values()))


def test_two_lines_of_names_of_optuna() -> None:
    surface = brought("optuna-5.0.0-multi.csv", value="value", missing="worst")
    assert surface.space.names == ("act", "lr")
    assert surface.space.size == 6


def test_an_older_schema_of_optuna_is_read_from_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    shutil.copy(STORES / "optuna-2.10.1.db", path)
    before = path.read_bytes()
    surface = surface_from(str(path), meaning_of(value=""))
    assert surface.provenance.maximized
    assert surface.provenance.data["left_out"] == 1
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["old.db"]
