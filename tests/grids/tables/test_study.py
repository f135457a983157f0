"""Optuna studies, written and read."""

import contextlib
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tables_made import alike, rich

from grids.errors import BadInput
from grids.pool import Pool
from grids.tables import study
from grids.tables.importing import Meaning
from grids.tables.sources import surface_from


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_an_optuna_study(tmp_path: Path, pool: bool) -> None:
    import optuna

    surface = rich(pool)
    if pool:
        space = Pool(surface.space.axes, np.array([[0, 0, 1], [2, 2, 0], [1, 0, 1], [1, 1, 1]]))
        surface = replace(surface, space=space)
    url = f"optuna:sqlite:///{tmp_path}/s.db"
    study.write(surface, url + "?study=mine")
    loaded = optuna.load_study(study_name="mine", storage=f"sqlite:///{tmp_path}/s.db")
    assert loaded.direction.name == "MAXIMIZE"
    assert loaded.best_value == pytest.approx(-surface.value.min())
    first = loaded.trials[0]
    assert first.params == {"lr": 1e-3, "clip": None, "mom": 0.9 if pool else 0.0}
    assert first.intermediate_values == pytest.approx(dict(enumerate(-surface.curve.reshape(-1, 3)[0])))  # type: ignore[union-attr]
    back = surface_from(url, Meaning(value="", keep=["flops"]))
    np.testing.assert_array_equal(back.value, surface.value)
    assert back.space.is_pool == pool
    if not pool:
        alike(surface, back)
        np.testing.assert_array_equal(back.diverged, surface.diverged)
        np.testing.assert_array_equal(back.extra["flops"], surface.extra["flops"])
    with pytest.raises(BadInput, match="is there already"):
        study.write(surface, url)


def test_optuna_is_quiet_even_where_it_was_not_imported_before() -> None:
    lines = (
        "from grids.tables.study import quiet_optuna",
        "with quiet_optuna():",
        "    import optuna",
        "    optuna.create_study()",
        "assert optuna.logging.get_verbosity() == optuna.logging.INFO",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_curves_of_a_part_of_a_study(tmp_path: Path) -> None:
    surface, url = rich(), f"optuna:sqlite:///{tmp_path}/s.db"
    assert surface.curve is not None
    study.write(surface, url)
    part = surface_from(url, Meaning(value="", where=["clip=1.0"]))
    np.testing.assert_array_equal(part.value, surface.value[:, [1]])
    np.testing.assert_array_equal(part.curve, surface.curve[:, [1]])  # type: ignore[arg-type]


def test_studies_of_others(tmp_path: Path) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{tmp_path}/s.db"
    with pytest.raises(BadInput, match="no such file"):
        surface_from("optuna:" + url, Meaning(value=""))
    assert not (tmp_path / "s.db").exists()
    one = optuna.create_study(
        storage=url, study_name="one", direction="maximize", sampler=optuna.samplers.RandomSampler(1)
    )

    def score(trial: optuna.Trial) -> float:
        lr, deep = trial.suggest_float("lr", 1e-4, 1, log=True), trial.suggest_categorical("deep", [True, False])
        if deep:
            trial.suggest_int("layers", 2, 4)
        if trial.number == 3:
            raise optuna.TrialPruned
        return lr

    one.optimize(score, n_trials=8)
    surface = surface_from("optuna:" + url, Meaning(value=""))
    assert surface.space.is_pool
    assert surface.space.size == 7
    assert surface.provenance.maximized
    assert surface.space.axis("lr").scale == "log"
    assert set(surface.space.axis("deep").values) == {"True", "False"}
    assert "" in surface.space.axis("layers").values
    grid = optuna.create_study(
        storage=url, study_name="two", directions=["minimize", "maximize"],
        sampler=optuna.samplers.GridSampler({"x": [1, 2, 3], "y": ["a", "b"]}),
    )  # fmt: skip
    grid.optimize(
        lambda t: (t.suggest_int("x", 1, 3), float(t.suggest_categorical("y", ["a", "b"]) == "a")), n_trials=6
    )
    with pytest.raises(BadInput, match="holds 2 studies: choose one with"):
        surface_from("optuna:" + url, Meaning(value=""))
    with pytest.raises(BadInput, match="2 objectives: choose one with --value"):
        surface_from(f"optuna:{url}?study=two", Meaning(value=""))
    second = surface_from(f"optuna:{url}?study=two", Meaning(value="1", task="t"))
    assert second.space.shape == (3, 2)
    assert second.provenance.maximized
    with pytest.raises(BadInput, match="did you mean 'two'"):
        surface_from(f"optuna:{url}?study=tow", Meaning(value=""))
    (tmp_path / "no.db").write_text("nothing")
    with pytest.raises(BadInput, match="its database cannot be read"):
        surface_from(f"optuna:sqlite:///{tmp_path}/no.db", Meaning(value=""))


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("create table runs(a)")
        database.commit()
    before = file.read_bytes()
    for path, told in ((file, "holds no study"), (tmp_path, "is a folder")):
        with pytest.raises(BadInput, match=told):
            surface_from(f"optuna:sqlite:///{path}", Meaning(value=""))
    assert file.read_bytes() == before
    (tmp_path / "empty.db").touch()
    with pytest.raises(BadInput, match="holds no study"):
        surface_from(f"optuna:sqlite:///{tmp_path}/empty.db", Meaning(value=""))
    assert not (tmp_path / "empty.db").stat().st_size


@pytest.mark.parametrize("seeds", [None, "seed"])
def test_a_journal_whose_parameters_have_a_seed(tmp_path: Path, seeds: str | None) -> None:
    import optuna

    file = tmp_path / "study.log"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(file)))
    with study.quiet_optuna():
        one = optuna.create_study(storage=storage, study_name="one")
        sampler = {"lr": [0.1, 1.0], "seed": [0, 1]}
        one.sampler = optuna.samplers.GridSampler(sampler, seed=0)
        one.optimize(lambda trial: trial.suggest_float("lr", 0.1, 1) + trial.suggest_int("seed", 0, 1), n_trials=4)
    surface = surface_from(f"optuna:{file}", Meaning(value="", seed=seeds))
    assert surface.space.names == ("lr",)
    assert surface.seeds == (0, 1)
    assert surface.value.tolist() == [[0.1, 1.1], [1.0, 2.0]]
    with pytest.raises(BadInput, match="study 'one' minimizes 'value': leave --maximize out"):
        surface_from(f"optuna:{file}", Meaning(value="", maximize=True))
    with pytest.raises(BadInput, match="or the file of a journal"):
        surface_from("optuna:nothing.log", Meaning(value=""))
