"""Syne Tune's folders, written and read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables_made import alike, rich

from grids.errors import BadInput
from grids.pool import Pool
from grids.tables import blackbox
from grids.tables.importing import Meaning
from grids.tables.sources import surface_from


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_syne_tune(tmp_path: Path, pool: bool) -> None:
    surface = rich(pool)
    if pool:  # a blackbox's configurations are distinct
        surface = replace(
            surface, space=Pool(surface.space.axes, np.array([[0, 0, 1], [2, 2, 0], [1, 0, 1], [1, 1, 1]]))
        )
    blackbox.write(surface, tmp_path / "bb")
    assert {path.name for path in (tmp_path / "bb").iterdir()} == {
        "configspace.json", "fidelityspace.json", "hyperparameters.parquet", "metadata.json",
        "objectives_evaluations.npy", "fidelities_values.npy",
    }  # fmt: skip
    assert np.load(tmp_path / "bb" / "objectives_evaluations.npy").shape == (1, surface.space.size, 2, 3, 1)
    back = surface_from(tmp_path / "bb", Meaning(value=""))
    if pool:
        np.testing.assert_array_equal(back.value, surface.value)
        assert back.space.is_pool
    else:
        alike(surface, back)
    with pytest.raises(BadInput, match="is there already"):
        blackbox.write(surface, tmp_path / "bb")


def test_a_single_task_takes_another_name_and_a_single_objective_its_own_alone(tmp_path: Path) -> None:
    surface = rich()
    blackbox.write(surface, tmp_path / "bb")
    renamed = surface_from(tmp_path / "bb", Meaning(value="", task="mine"))
    assert renamed.provenance.task == "mine"
    with pytest.raises(BadInput, match="unknown objective 'los'"):
        surface_from(tmp_path / "bb", Meaning(value="los"))


def test_a_blackbox_of_several_tasks_and_objectives(tmp_path: Path) -> None:
    import json

    folder = tmp_path / "bb"
    folder.mkdir()
    pd.DataFrame({"lr": [0.1, 0.2, 0.7], "opt": ["a", "b", "a"]}).to_parquet(folder / "hyperparameters.parquet")
    np.save(
        folder / "objectives_evaluations.npy", np.arange(2 * 3 * 1 * 2 * 2, dtype=np.float32).reshape(2, 3, 1, 2, 2)
    )
    np.save(folder / "fidelities_values.npy", np.array([1, 2]))
    (folder / "metadata.json").write_text(json.dumps({"objectives_names": ["err", "time"], "task_names": ["x", "y"]}))
    with pytest.raises(BadInput, match="2 tasks: choose one with --task"):
        surface_from(folder, Meaning(value="err"))
    with pytest.raises(BadInput, match="2 objectives: choose one with --value"):
        surface_from(folder, Meaning(value="", task="x"))
    np.save(folder / "fidelities_values.npy", np.array([1, 1]))
    with pytest.raises(BadInput, match=r"fidelities_values\.npy must hold distinct numbers"):
        surface_from(folder, Meaning(value="err", task="y"))
    np.save(folder / "fidelities_values.npy", np.array([1, 2]))
    surface = surface_from(folder, Meaning(value="err", task="y", keep=["time"]))
    assert surface.space.is_pool
    assert surface.value.ravel().tolist() == [14, 18, 22]
    assert surface.extra["time"].ravel().tolist() == [15, 19, 23]
    assert surface.provenance.task == "y"
