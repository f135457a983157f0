"""What is recognized by its content, what is named, and what is never loaded."""

import gzip
import io
import json
import pickle
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tables_made import column

from grids.errors import BadInput
from grids.limits import allow, most_bytes
from grids.tables.meaning import meaning_of
from grids.tables.sources import surface_from, surfaces_from

PLAIN = column("lr,loss", "0.1,2", "0.2,3")
WANTED = {"axes": ["lr"], "value": "loss"}


class Marker:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_loaded(tmp_path: Path, protocol: int) -> None:
    path, left = tmp_path / "trials.pkl", tmp_path / "left"
    path.write_bytes(pickle.dumps(Marker(left), protocol))
    with pytest.raises(BadInput):
        surface_from(str(path), meaning_of(**WANTED))
    assert not left.exists()
    if protocol > 1:
        with pytest.raises(BadInput, match=r"is a pickle, .* never loaded; .* write a CSV"):
            surface_from(str(path), meaning_of(**WANTED))


NAMED = {
    "an array": (b"\x93NUMPY\x01\x00rest", "is an array of numpy"),
    "HDF5": (b"\x89HDF\r\n\x1a\nrest", "is HDF5"),
    "an empty folder": (None, "cannot be read: it is a folder of no kind"),
}


@pytest.mark.parametrize("kind", NAMED)
def test_other_kinds_are_named(tmp_path: Path, kind: str) -> None:
    content, message = NAMED[kind]
    path = tmp_path / "it"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        surface_from(str(path), meaning_of(**WANTED))


def test_a_zip_with_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", PLAIN)
    assert surface_from(str(path), meaning_of(**WANTED)).value.ravel().tolist() == [2, 3]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("u.csv", PLAIN)
    with pytest.raises(BadInput, match="zip archive"):
        surface_from(str(path), meaning_of(**WANTED))


def test_a_foreign_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as database:
        database.execute("create table things(a)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"SQLite database of no kind that is known \(its tables: things\)"):
        surface_from(str(path), meaning_of(**WANTED))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["x.db"]


def test_a_locked_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("create table runs(a)")
    writer.execute("begin exclusive")
    try:
        with pytest.raises(BadInput, match="locked"):
            surface_from(str(path), meaning_of(**WANTED))
    finally:
        writer.close()


LARGE = {
    "an unpacked text": gzip.compress(("lr,loss\n" + "1,2\n" * 500_000).encode()),
    "a wide header": ",".join(f"c{i}" for i in range(2000)).encode() + b"\n" + b"1," * 1999 + b"1\n",
    "nested objects": b"[" * 50_000 + b"]" * 50_000,
    "many objects": b"[" + b",".join([b'{"lr": 1, "loss": 2}'] * 10_000) + b"]",
}


@pytest.fixture(autouse=True)
def _limit() -> Iterator[None]:
    before = most_bytes()
    yield
    allow(before)


@pytest.mark.parametrize("kind", LARGE)
def test_a_table_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "t"
    path.write_bytes(LARGE[kind])
    allow(250_000)
    with pytest.raises(BadInput) as caught:
        surface_from(str(path), meaning_of(**WANTED))
    assert "--max-bytes" in str(caught.value) or "unknown column" in str(caught.value) or "is no" in str(caught.value)


def test_a_limit_that_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(gzip.compress(("lr,loss\n" + "".join(f"{k},2\n" for k in range(50_000))).encode()))
    allow(25_000)
    with pytest.raises(BadInput, match="--max-bytes"):
        surface_from(str(path), meaning_of(**WANTED))
    allow(2_500_000)
    assert surface_from(str(path), meaning_of(**WANTED)).space.size == 50_000


def test_a_wide_parquet_file_is_judged_by_its_header(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    zeros = pa.array(np.zeros(3_000_000))
    table = pa.table({"x": zeros, "y": zeros})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(BadInput, match="unknown column 'lr'"):
        surface_from(str(tmp_path / "t.parquet"), meaning_of(**WANTED))
    allow(250_000)
    with pytest.raises(BadInput, match="--max-bytes"):
        surface_from(str(tmp_path / "t.parquet"), meaning_of(axes=["x"], value="y"))


def test_a_surface_for_each_optimizer(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(column("opt,lr,loss", "adam,0.1,1", "adam,0.2,2", "sgd,1,3", "sgd,10,4", "sgd,100,5"))
    made = surfaces_from(str(path), meaning_of(**WANTED), "opt")
    assert {name: surface.space.axes[0].values for name, surface in made.items()} == {
        "adam": (0.1, 0.2), "sgd": (1, 10, 100),
    }  # fmt: skip
    assert [surface.provenance.optimizer for surface in made.values()] == ["adam", "sgd"]


def test_one_factor_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(column("sweep,value,loss", "lr,0.1,1", "lr,0.2,2", "width,64,3", "width,128,4"))
    made = surfaces_from(str(path), meaning_of(axes=["value"], value="loss"), "sweep")
    assert [surface.space.names for surface in made.values()] == [("lr",), ("width",)]
    assert made["width"].value.ravel().tolist() == [3, 4]


def test_a_folder_with_one_file_for_each_run(tmp_path: Path) -> None:
    for rate in (0.1, 0.2, 0.4):
        place = tmp_path / "runs" / f"rate={rate}_seed=3"
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps({"loss": 10 * rate, "test": {"acc": rate}}))
    folder = str(tmp_path / "runs")
    surface = surface_from(folder, meaning_of(value="result.json:loss"))
    assert surface.space.names == ("rate",)
    assert surface.value.ravel().tolist() == [1, 2, 4]
    assert surface_from(folder, meaning_of(value="acc", maximize=True)).value.ravel().tolist() == [-0.1, -0.2, -0.4]
    with pytest.raises(BadInput, match="2 metrics: choose one with --value"):
        surface_from(folder, meaning_of(value=""))
    with pytest.raises(BadInput, match=r"no run holds a file 'other\.json'"):
        surface_from(folder, meaning_of(value="other.json:loss"))


def test_files_of_numpy_in_a_zip_are_no_table(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    (tmp_path / "t.npz").write_bytes(buffer.getvalue())
    with pytest.raises(BadInput, match="zip archive"):
        surface_from(str(tmp_path / "t.npz"), meaning_of(**WANTED))


BOMBS = {
    "one value many times": "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n"
    + "".join(f"{b}: &{b} [{', '.join(8 * [f'*{a}'])}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "one within itself": "a: &a [*a]\n",
    "a tag": "lr: !!python/object/apply:os.system [ls]\n",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_yaml_is_plain_and_bounded(tmp_path: Path, kind: str) -> None:
    (tmp_path / "version_0").mkdir()
    (tmp_path / "version_0" / "hparams.yaml").write_text(BOMBS[kind])
    with pytest.raises(BadInput, match=r"holds more than 100,000 values|no YAML of plain data|its content is not"):
        surface_from(str(tmp_path), meaning_of(value="loss"))


def test_trial_folders_with_settings_and_measurements(tmp_path: Path) -> None:
    for number, rate in enumerate((0.1, 0.2)):
        place = tmp_path / "study" / f"trial_{number}"
        place.mkdir(parents=True)
        (place / "hparams.json").write_text(json.dumps({"rate": rate, "opt": {"beta": 0.9}}))
        (place / "measured.csv").write_text(column("step,val/loss,note", f"1,{rate},a", f"2,{2 * rate},b"))
    options = meaning_of(value="measured.csv:val/loss", epoch="step")
    surface = surface_from(str(tmp_path / "study"), options)
    assert surface.space.names == ("rate",)
    assert surface.value.ravel().tolist() == [0.2, 0.4]
    assert surface.curve is not None
    assert surface.curve.reshape(2, 2).tolist() == [[0.1, 0.2], [0.2, 0.4]]


def test_a_file_of_one_run_that_was_cut_short_is_left_out_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.json").write_text(json.dumps({"config": {"lr": number}, "curve": [5, 4, number]}))
    (folder / "3.json").write_text('{"config": {"lr": 3}, "cur')
    surface = surface_from(str(folder), meaning_of(value="curve"))
    assert surface.value.ravel().tolist() == [0, 1, 2]
    assert any("1 file(s) cannot be read" in note for note in surface.provenance.data["notes"])


def test_two_studies_in_one_folder(tmp_path: Path) -> None:
    for study in ("one", "two"):
        for trial in ("a", "b"):
            place = tmp_path / "all" / study / trial
            place.mkdir(parents=True)
            (place / "params.json").write_text(json.dumps({"lr": len(study + trial) + (trial == "b")}))
            (place / "result.json").write_text('{"loss": 1, "training_iteration": 1}\n')
    with pytest.raises(BadInput, match=r"holds 2 studies of Ray Tune: give the folder of one \(one, two\)"):
        surface_from(str(tmp_path / "all"), meaning_of(value="loss"))
    assert surface_from(str(tmp_path / "all" / "one"), meaning_of(value="loss")).space.size == 2


def test_studies_of_two_tools_in_one_folder(tmp_path: Path) -> None:
    for name in ("ray-2.60.0", "keras-tuner-1.4.8"):
        shutil.copytree(Path(__file__).parents[2] / "data" / "stores" / name, tmp_path / name)
    with pytest.raises(BadInput, match="holds 2 studies of Ray Tune and KerasTuner: give the folder of one"):
        surface_from(tmp_path, meaning_of(value="loss"))


WITHOUT = {
    "MLflow": ("experiments(experiment_id, name)", "runs(run_uuid, experiment_id, status, lifecycle_stage)",
               "params(run_uuid, key, value)", "tags(run_uuid, key, value)",
               "metrics(run_uuid, key, value, step, timestamp, is_nan)"),
    "MLflow of another version": ("experiments(id)", "runs(a)", "params(a)", "tags(a)", "metrics(a)"),
    "NNI": ("TrialJobEvent(timestamp, trialJobId, event, data)", "MetricData(trialJobId, type, sequence, data)"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WITHOUT)
def test_a_database_without_trials_or_of_another_version(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as database:
        for table in WITHOUT[kind]:
            database.execute(f"create table {table}")
    database.close()
    message = "is of another version" if "version" in kind else "holds no trial"
    with pytest.raises(BadInput, match=message):
        surface_from(str(path), meaning_of(value="loss"))


def test_nni(tmp_path: Path) -> None:
    path = tmp_path / "nni.sqlite"
    with sqlite3.connect(path) as database:
        for table in WITHOUT["NNI"]:
            database.execute(f"create table {table}")
        for job, lr, event in (("a", 0.1, "SUCCEEDED"), ("b", 0.2, "SUCCEEDED"), ("c", 0.4, "FAILED")):
            given = json.dumps({"parameters": {"lr": lr}})
            database.execute("insert into TrialJobEvent values (1, ?, 'RUNNING', ?)", (job, given))
            database.execute("insert into TrialJobEvent values (2, ?, ?, null)", (job, event))
            for step in (0, 1):
                database.execute(
                    "insert into MetricData values (?, 'PERIODICAL', ?, ?)", (job, step, json.dumps(str(lr * step)))
                )
            database.execute(
                "insert into MetricData values (?, 'FINAL', 0, ?)", (job, json.dumps(json.dumps({"default": lr})))
            )
    database.close()
    surface = surface_from(str(path), meaning_of(value=""))
    assert surface.value.ravel().tolist() == [0.1, 0.2]
    assert surface.provenance.data["states"] == {"failed": 1}
    assert surface.curve is not None
    assert surface.curve.reshape(2, 2).tolist() == [[0, 0.1], [0, 0.2]]


def test_neps(tmp_path: Path) -> None:
    for number, (rate, state) in enumerate(((0.1, "success"), (0.2, "success"), (0.4, "crashed"))):
        place = tmp_path / "configs" / f"config_{number}"
        place.mkdir(parents=True)
        (place / "config.yaml").write_text(f"lr: {rate}\n")
        (place / "report.yaml").write_text(f"reported_as: {state}\nobjective_to_minimize: {10 * rate}\n")
    surface = surface_from(str(tmp_path), meaning_of(value=""))
    assert surface.value.ravel().tolist() == [1, 2]
    assert surface.provenance.data["states"] == {"failed": 1}
