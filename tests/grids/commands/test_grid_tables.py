"""Tables of the shapes seen in public, from import to figures, and what commands say of pools, parts and targets."""

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids import surface_file
from tuning.cli import run

SHAPES: dict[str, tuple[dict[str, list[object]], str, list[str]]] = {
    # words, None and booleans; an accuracy of 0 to 1
    "360": (
        {
            "lr": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
            "optimizer": ["adam", "adamw", "sgd"],
            "scheduler": [None, "cosine", "step"],
            "nesterov": [True, False],
            "batch": [32, 64, 128, 256],
        },
        "val_acc",
        ["--maximize", "--unit", "fraction"],
    ),
    # numbers alone, a loss
    "588": (
        {
            "lr": [10.0**-k for k in range(14)],
            "wd": [0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1],
            "mom": [0, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99],
        },
        "loss",
        [],
    ),
    # a depth that may be None; negative errors, as scikit-learn scores them
    "72": (
        {"max_depth": [None, 2, 4, 8], "criterion": ["gini", "entropy", "log_loss"], "leaf": [1, 2, 4, 8, 16, 32]},
        "neg_error",
        ["--maximize"],
    ),
    # words alone
    "27": (
        {
            "act": ["relu", "tanh", "gelu"],
            "norm": ["none", "batch", "layer"],
            "init": ["xavier", "he", "lecun"],
        },
        "err",
        ["--unit", "%"],
    ),
    # five axes
    "108": (
        {
            "lr": [0.01, 0.1, 1],
            "a": [1, 2, 3],
            "flag": ["yes", "no"],
            "drop": [0, 0.5],
            "kind": ["x", "y", "z"],
        },
        "err",
        [],
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(words: str, code: int = 0) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert run(words.split()) == code, words


def table(shape: str, seeds: int = 2) -> pd.DataFrame:
    axes, value, _ = SHAPES[shape]
    rng = np.random.default_rng(len(shape))
    rows = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
    score = rng.random(len(rows))
    sign = -1 if value == "neg_error" else 1
    frames = [
        pd.DataFrame(rows).assign(seed=seed, **{value: sign * (score + 0.01 * rng.random(len(rows)))})
        for seed in range(seeds)
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_real_grids_from_import_to_figures(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    axes, value, options = SHAPES[shape]
    table(shape).to_csv("t.csv", index=False)
    names = ",".join(axes)
    call(f"grid import t.csv --axes {names} --value {value} --seed-column seed {' '.join(options)} --out s.parquet -q")
    surface = surface_file.load("s.parquet")
    assert surface.space.size == int(shape)
    assert surface.space.shape == tuple(len(values) for values in axes.values())
    call("grid show s.parquet")
    call("replay s.parquet --repeats 6 --max-trials 30 --jobs 1 --out r.parquet -q")
    call("cost r.parquet --format json")
    rows = json.loads(capsys.readouterr().out.partition("[")[2].join(["[", ""]))
    assert {row["searcher"] for row in rows} == {"random", "tpe", "cmaes", "gld", "cgld"}
    call("exact s.parquet -s random -s random-unique -s cgld --format markdown")
    call("separability s.parquet --format latex")
    for figure in ("1 s.parquet", "2 r.parquet --exact", "ecdf r.parquet", "profile r.parquet"):
        call(f"figure {figure} --out f.png -q")
    call(f"figure 1 s.parquet --axes {names.split(',')[1]},{names.split(',')[0]} --out g.png -q")
    call("grid export s.parquet --out back.csv")
    column = pd.read_csv("back.csv").columns
    assert value in column or "value" in column


POOL = "lr,opt,err\n" + "".join(
    f"{0.001 * 1.37**k},{('adam', 'sgd', '')[k % 3]},{abs(k - 9) + k % 3}\n" for k in range(20)
)


def made_pool() -> None:
    Path("p.csv").write_text(POOL)
    call("grid import p.csv --axes lr,opt --value err --pool --out p.parquet -q")


@pytest.mark.parametrize("searcher", ["tpe", "cmaes", "gld", "cgld", "optuna:TPESampler"])
def test_what_needs_neighbours_is_refused_on_a_pool_by_name(searcher: str, capsys: pytest.CaptureFixture[str]) -> None:
    made_pool()
    call(f"replay p.parquet -s {searcher} --repeats 2 --jobs 1 --out r.parquet", 2)
    said = capsys.readouterr().err
    assert said.startswith(f"tunecost: searcher '{searcher}' ")
    assert "--nearest" in said
    assert not Path("r.parquet").exists()


def test_lists_and_laws_on_a_pool(capsys: pytest.CaptureFixture[str]) -> None:
    made_pool()
    Path("listed.py").write_text(
        "class First:\n    from_list = True\n    def __init__(self, space, rng): self.n, self.size = -1, space.size\n"
        "    def ask(self):\n        self.n += 1\n        return (self.n % self.size,)\n"
        "    def tell(self, cell, value): pass\n"
    )
    words = "-s random -s random-unique -s optuna:RandomSampler -s listed:First"
    call(f"replay p.parquet {words} --repeats 400 --jobs 1 --out r.parquet -q")
    call("cost r.parquet --target 1 --format json")
    costs = {row["searcher"]: row["mean"] or row["ert"] for row in json.loads(capsys.readouterr().out)}
    call("exact p.parquet --target 1 --format json")
    out, err = capsys.readouterr()
    assert "left out gld, cgld" in err
    for law in json.loads(out):
        assert costs[law["searcher"]] == pytest.approx(law["mean"], rel=0.25)
    assert costs["listed:First"] == 10.0
    call("figure 1 p.parquet", 2)
    call("separability p.parquet", 2)


def test_nearest_is_said_in_every_output(capsys: pytest.CaptureFixture[str]) -> None:
    made_pool()
    call("replay p.parquet --nearest --repeats 20 --jobs 1 --out r.parquet -q")
    for words in ("cost r.parquet", "cost r.parquet --format csv", "compare random tpe r.parquet"):
        call(words)
        assert "nearest" in capsys.readouterr().out
    call("figure 2 r.parquet --out f.svg -q")
    assert "nearest configuration" in Path("f.svg").read_text() or "nearest" in Path("f.csv").read_text()
    frame = pd.read_parquet("r.parquet")
    pool = surface_file.load("p.parquet")
    assert set(frame["best"]) <= set(pool.value.ravel())
    assert frame.groupby("searcher")["unique"].max().max() <= pool.space.size


def test_a_part_of_a_space(capsys: pytest.CaptureFixture[str]) -> None:
    table("108", seeds=1).to_csv("t.csv", index=False)
    call("grid import t.csv --axes lr,a,flag,drop,kind --value err --out s.parquet -q")
    surface = surface_file.load("s.parquet")
    far = ["lr=0.01..0.1", "kind=x,y", "lr=0.1..,flag=no"]
    for within in far:
        from grids.within import within as narrowed

        part = narrowed(surface, within)
        call(f"replay s.parquet --within {within} -s random -s tpe --repeats 30 --jobs 1 --out r.parquet -q")
        frame = pd.read_parquet("r.parquet")
        assert np.allclose(frame["best"] - frame["suboptimality"], surface.mean.min())
        assert frame["best"].min() >= part.mean.min()
        call("cost r.parquet --target 0 --format json")
        assert within in capsys.readouterr().out
        call("cost r.parquet --target 0 --lowest within --format json")
        hits = {row["searcher"]: row["hits"] for row in json.loads(capsys.readouterr().out)}
        assert hits["random"] > 10
        call(f"exact s.parquet --within {within} --lowest within -s random --target 0 --format json")
        (law,) = json.loads(capsys.readouterr().out)
        assert law["mean"] == part.space.size
    call("exact s.parquet --within lr=5..6", 2)
    call("exact s.parquet --lowest within", 2)


def test_relative_targets_of_maximised_surfaces(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("lr,acc\n0.001,91\n0.01,92\n0.1,60\n1,91.5\n")
    call("grid import t.csv --axes lr --value acc --maximize --unit % --out s.parquet -q")
    call("exact s.parquet -s random --relative --target 1.2 --format json")
    (row,) = json.loads(capsys.readouterr().out)
    assert row["mean"] == pytest.approx(4 / 3)
    call("replay s.parquet -s random -s gld --repeats 20 --jobs 1 --out r.parquet -q")
    for words in ("cost r.parquet", "compare random gld r.parquet", "figure ecdf r.parquet --out e.png"):
        call(f"{words} --relative")
    call("figure 2 r.parquet --relative --exact --out f.png -q")


def test_ties_but_for_rounding(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        "a,0,0.1",
        "a,1,0.2",
        "a,2,0.3",
        "b,0,0.3",
        "b,1,0.2",
        "b,2,0.1",
        "c,0,0.2",
        "c,1,0.2",
        "c,2,0.2",
        "d,0,0.9",
        "d,1,0.9",
        "d,2,0.9",
    ]
    Path("t.csv").write_text("x,seed,err\n" + "\n".join(rows) + "\n")
    call("grid import t.csv --axes x --value err --seed-column seed --out s.parquet -q")
    call("exact s.parquet -s random --target 0 --format json")
    assert json.loads(capsys.readouterr().out)[0]["mean"] == 4 / 3
    call("replay s.parquet -s random --repeats 500 --max-trials 60 --jobs 1 --out r.parquet -q")
    call("cost r.parquet --target 0 --format json")
    (row,) = json.loads(capsys.readouterr().out)
    assert row["hits"] == 500
    assert row["mean"] == pytest.approx(4 / 3, rel=0.1)


def test_wide_values_raise_no_warning() -> None:
    Path("t.csv").write_text("lr,mom,loss\n1,0,0.7\n1,0.9,0.5\n2,0,0.45\n2,0.9,12.5\n3,0,3.4e38\n3,0.9,1.5e300\n")
    call("grid import t.csv --axes lr,mom --value loss --out s.parquet -q")
    call("replay s.parquet --repeats 8 --jobs 1 --out r.parquet -q")
    for words in (
        "cost r.parquet",
        "grid show s.parquet",
        "exact s.parquet",
        "separability s.parquet",
        "figure 1 s.parquet --out f.png -q",
    ):
        call(words)


def test_exports_for_other_tools_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    table("27").to_csv("t.csv", index=False)
    call("grid import t.csv --axes act,norm,init --value err --seed-column seed --out s.parquet -q")
    call("grid export s.parquet --to optuna:sqlite:///s.db")
    call("grid import optuna:sqlite:///s.db --out a.parquet -q")
    call("grid export s.parquet --to syne-tune bb")
    call("grid import bb --out b.parquet -q")
    first, *others = (surface_file.load(f"{name}.parquet") for name in "sab")
    for other in others:
        assert other.space == first.space
        np.testing.assert_array_equal(other.value, first.value)
    call("grid export s.parquet --to nothing", 2)
    call("grid export s.parquet", 2)
    call("replay s.parquet -s random -s gld --repeats 5 --jobs 1 --out r.parquet -q")
    call("export r.parquet --to ioh ioh")
    capsys.readouterr()
    call("export r.parquet --to ioh ioh", 2)
    assert "is there already" in capsys.readouterr().err
    found = sorted(Path("ioh").rglob("*.json"))
    assert len(found) == 2
    about = json.loads(found[0].read_text())
    assert len(about["scenarios"][0]["runs"]) == 5
    data = (found[0].parent / about["scenarios"][0]["path"]).read_text()
    assert data.count("evaluations raw_y") == 5
    iohinspector = pytest.importorskip("iohinspector")
    manager = iohinspector.DataManager()
    manager.add_folder("ioh")
    assert len(manager.overview) == 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("cost r.parquet --target 0,5", "'0,5' is not a number; decimals are written with a point"),
        ("compare imported imported r.parquet", "cannot be compared with itself"),
        ("compare t random r.parquet", "'t' is a task"),
        ("grid import t.csv --axes lr --value err --missing wurst --out x.parquet", "--missing must be refuse, worst"),
        ("grid import t.csv --axes lr --value err --seeds some --out x.parquet", "--seeds must be all or common"),
        ("grid import t.csv --value err --out x.parquet", "which columns make a cell?"),
        ("replay s.parquet --nearest --out x.parquet", "--nearest is for pools"),
        ("figure 1 s.parquet --axes lr,lr", "one axis or two different ones"),
        ("grid merge s.parquet --out x.parquet", "joins two surfaces or more"),
    ],
)
def test_messages(words: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("lr,err\n1,2\n2,3\n")
    call("grid import t.csv --axes lr --value err --out s.parquet -q")
    call("replay s.parquet -s random --repeats 3 --jobs 1 --out r.parquet -q")
    before = set(folder.iterdir())
    call(words, 2)
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert set(folder.iterdir()) == before


def test_a_file_of_the_users_replaces_no_package(folder: Path) -> None:
    import os
    import subprocess
    import sys

    Path("t.csv").write_text("lr,err\n" + "".join(f"{k},{(k - 5) ** 2}\n" for k in range(1, 12)))
    call("grid import t.csv --axes lr --value err --out s.parquet -q")
    Path("cma.py").write_text("raise RuntimeError('not the package')\n")
    Path("mine.py").write_text("from tuning.searchers.random import RANDOM as Mine\n")
    words = "replay s.parquet -s mine:Mine -s cmaes --repeats 3 --max-trials 9 --jobs 2 --out r.parquet"
    done = subprocess.run(
        [sys.executable, "-m", "tuning", *words.split()], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
