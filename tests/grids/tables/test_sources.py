"""Other sources and targets: compressed files, JSON, Parquet, DataFrames, studies, blackboxes; and round trips."""

import gzip
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surfaces_made import bowl, same

from grids import surface_file
from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Fidelity, Provenance, Surface
from grids.tables import blackbox, exporting, files, study
from grids.tables.importing import Meaning
from grids.tables.merging import merge

TABLE = pd.DataFrame({"lr": [0.1, 0.1, 1.0, 1.0], "act": ["relu", "tanh"] * 2, "acc": [90.0, 91.5, 80.0, 70.25]})
WHAT = Meaning(["lr", "act"], "acc", maximize=True, task="t", optimizer="o")


def rich(pool: bool = False) -> Surface:
    """Numbers, labels with None, seeds that are not 0, 1, …, curves, a diverged run and further numbers."""
    axes = (
        Axis("lr", (1e-3, 1e-2, 0.5), "log"),
        Axis.labels("clip", ("", "1.0", "5.0")),
        Axis("mom", (0.0, 0.9), "linear"),
    )
    space = Space(axes)
    if pool:
        space = Pool(axes, np.array([[0, 0, 1], [2, 2, 0], [0, 0, 1], [1, 1, 1]]))
    rng = np.random.default_rng(5)
    shape = (*space.shape, 2)
    curve = rng.normal(size=(*shape, 3)).round(6)
    diverged = np.zeros(shape, bool)
    diverged.reshape(-1)[3] = True
    about = Provenance("task", "opt", "-acc", "%", fixed={"maximize": True}, data={"epoch_column": "step"})
    return Surface(
        space, (3, 8), curve[..., -1], diverged, about, curve, extra={"flops": rng.normal(size=shape)},
        fidelity=Fidelity("step", (1.0, 5.0, 20.0)),
    )  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "csv.gz", "tsv", "jsonl", "json", "parquet", "frame"])
def test_the_same_table_from_every_format(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"t.{form}"
    if form == "csv":
        TABLE.to_csv(path, index=False)
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode()))
    elif form == "tsv":
        TABLE.to_csv(path, sep="\t")
    elif form in ("jsonl", "json"):
        TABLE.to_json(path, orient="records", lines=form == "jsonl")
    elif form == "parquet":
        TABLE.to_parquet(path)
    options = {"maximize": True, "task": "t", "optimizer": "o"}
    frame = TABLE.iloc[::-1].iloc[::-1]
    surface = Surface.from_frame(frame, WHAT.axes, "acc", **options) if form == "frame" else files.read(path, WHAT)
    assert surface.space == Space((Axis("lr", (0.1, 1.0)), Axis.labels("act", ("relu", "tanh"))))
    assert surface.value[..., 0].tolist() == [[-90, -91.5], [-80, -70.25]]


def test_types_of_other_programs_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([1, 2, None, None], dtype="Int64"),
            "b": [True, False, True, False],
            "c": pd.Categorical(["x", "x", "x", "x"]),
            "err": pd.array([1.5, 2.5, 3.5, 4.5], dtype="float32"),
        }
    )
    frame = frame.iloc[[0, 1, 2, 3]].assign(n=[1, 1, None, None])
    frame.to_parquet(tmp_path / "t.parquet")
    surface = files.read(tmp_path / "t.parquet", Meaning(["n", "b", "c"], "err"))
    assert [axis.values for axis in surface.space.axes] == [("1", ""), ("True", "False"), ("x",)]
    assert surface.value.ravel().tolist() == [1.5, 2.5, 3.5, 4.5]


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_the_surface_file(tmp_path: Path, pool: bool) -> None:
    surface_file.save(rich(pool), tmp_path / "s.parquet")
    same(rich(pool), surface_file.load(tmp_path / "s.parquet"))


def alike(one: Surface, other: Surface) -> None:
    assert one.space == other.space
    assert one.seeds == other.seeds
    np.testing.assert_array_equal(one.value, other.value)
    assert (one.curve is None) == (other.curve is None)
    if one.curve is not None and other.curve is not None:
        np.testing.assert_array_equal(one.curve, other.curve)
    assert one.fidelity == other.fidelity
    assert one.provenance.metric == other.provenance.metric


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_csv_and_a_frame(tmp_path: Path, pool: bool) -> None:
    surface = rich(pool)
    exporting.write_csv(surface, tmp_path / "s.csv")
    options = {"seed": "seed", "epoch": "step", "maximize": True, "keep": ["flops"], "pool": pool}
    back = files.read(tmp_path / "s.csv", Meaning(surface.space.names, "acc", **options))  # type: ignore[arg-type]
    framed = Surface.from_frame(surface.to_frame(), surface.space.names, "acc", **options)
    for found in (back, framed):
        if pool:  # a pool's axes hold the values that occur
            assert found.space.size == surface.space.size
            np.testing.assert_array_equal(found.value, surface.value)
        else:
            alike(surface, found)
            np.testing.assert_array_equal(found.diverged, surface.diverged)
            np.testing.assert_array_equal(found.extra["flops"], surface.extra["flops"])


def test_an_export_is_in_the_metrics_own_sense() -> None:
    surface = Surface.from_frame(TABLE, WHAT.axes, "acc", maximize=True)
    frame = surface.to_frame()
    assert frame["acc"].tolist() == TABLE["acc"].tolist()
    plain = bowl((2, 2))
    assert plain.to_frame().columns.tolist() == ["alpha", "epsilon", "seed", "value", "diverged"]


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
    back = blackbox.read(tmp_path / "bb", Meaning(value=""))
    if pool:
        np.testing.assert_array_equal(back.value, surface.value)
        assert back.space.is_pool
    else:
        alike(surface, back)
    with pytest.raises(BadInput, match="is there already"):
        blackbox.write(surface, tmp_path / "bb")


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
        blackbox.read(folder, Meaning(value="err"))
    with pytest.raises(BadInput, match="2 objectives: choose one with --value"):
        blackbox.read(folder, Meaning(value="", task="x"))
    surface = blackbox.read(folder, Meaning(value="err", task="y", keep=["time"]))
    assert surface.space.is_pool
    assert surface.value.ravel().tolist() == [14, 18, 22]
    assert surface.extra["time"].ravel().tolist() == [15, 19, 23]
    assert surface.provenance.task == "y"


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
    back = study.read(url, Meaning(value="", keep=["flops"]))
    np.testing.assert_array_equal(back.value, surface.value)
    assert back.space.is_pool == pool
    if not pool:
        alike(surface, back)
        np.testing.assert_array_equal(back.diverged, surface.diverged)
        np.testing.assert_array_equal(back.extra["flops"], surface.extra["flops"])
    with pytest.raises(BadInput, match="is there already"):
        study.write(surface, url)


def test_studies_of_others(tmp_path: Path) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{tmp_path}/s.db"
    with pytest.raises(BadInput, match="no such file"):
        study.read("optuna:" + url, Meaning(value=""))
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
    surface = study.read("optuna:" + url, Meaning(value=""))
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
        study.read("optuna:" + url, Meaning(value=""))
    with pytest.raises(BadInput, match="2 objectives: choose one with --value"):
        study.read(f"optuna:{url}?study=two", Meaning(value=""))
    second = study.read(f"optuna:{url}?study=two", Meaning(value="1", task="t"))
    assert second.space.shape == (3, 2)
    assert second.provenance.maximized
    with pytest.raises(BadInput, match="did you mean 'two'"):
        study.read(f"optuna:{url}?study=tow", Meaning(value=""))
    (tmp_path / "no.db").write_text("nothing")
    with pytest.raises(BadInput, match="cannot be read as an Optuna storage"):
        study.read(f"optuna:sqlite:///{tmp_path}/no.db", Meaning(value=""))


def test_merging_seeds_and_parts() -> None:
    whole = rich()
    seeds = [replace(whole, seeds=(s,), value=whole.value[..., [i]], diverged=whole.diverged[..., [i]],
                     curve=whole.curve[..., [i], :], extra={n: a[..., [i]] for n, a in whole.extra.items()})
             for i, s in enumerate(whole.seeds)]  # type: ignore[index]  # fmt: skip
    joined = merge(seeds[::-1], ["b", "a"])
    alike(whole, joined)
    np.testing.assert_array_equal(joined.extra["flops"], whole.extra["flops"])
    from grids.within import within

    parts = [within(whole, "clip=None,1.0"), within(whole, "clip=5.0")]
    alike(whole, merge(parts, ["a", "b"]))
    with pytest.raises(BadInput, match="is given twice"):
        merge([whole, whole], ["a", "b"])
    with pytest.raises(BadInput, match="different tasks: task; other"):
        merge([whole, replace(whole, provenance=replace(whole.provenance, task="other"))], ["a", "b"])


def test_within() -> None:
    from grids.within import within

    whole = rich()
    part = within(whole, "lr=1e-3..0.01,clip=None,5.0")
    assert [axis.values for axis in part.space.axes] == [(1e-3, 1e-2), ("", "5.0"), (0.0, 0.9)]
    np.testing.assert_array_equal(part.value, whole.value[:2][:, [0, 2]])
    for text, message in {
        "lr": "AXIS=LOW..HIGH",
        "rl=1..2": "did you mean 'lr'",
        "lr=2..3": "no value of axis 'lr'",
        "clip=1..2": "holds labels",
        "clip=six": "unknown value of axis clip 'six'",
        "lr=a..b": "'a' is no number",
        "lr=1..,lr=..1": "twice",
    }.items():
        with pytest.raises(BadInput, match=message):
            within(whole, text)
    pool = within(rich(pool=True), "lr=..0.1")
    assert pool.space.size == 3


@pytest.mark.parametrize("by", ["value", "index"])
def test_a_surface_as_an_objective(by: str) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    surface = replace(rich(), curve=None, fidelity=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is experimental
        sampler = optuna.samplers.BruteForceSampler()
    found = optuna.create_study(direction="maximize", sampler=sampler)
    found.optimize(surface.objective(by=by), n_trials=50)
    assert found.best_value == pytest.approx(-surface.mean.min())
    assert tuple(found.best_trial.user_attrs["cell"]) == surface.best_cell
    if by == "value":
        expected = {n: v if v != "" else None for n, v in surface.space.values(surface.best_cell).items()}
        assert found.best_params == expected
    with pytest.raises(BadInput, match="lower values are better"):
        optuna.create_study(direction="maximize").optimize(bowl().objective(), n_trials=1)
