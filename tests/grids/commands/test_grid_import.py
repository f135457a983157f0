"""`tunecost grid import` as a user types it: stores, several surfaces at once, and what is said of what came in."""

import json
import shutil
from pathlib import Path

import pytest

from grids import surface_file
from tuning.cli import run

STORES = Path(__file__).parents[2] / "data" / "stores"
TABLE = "opt,lr,status,loss\nadam,0.1,ok,1\nadam,0.2,ok,2\nadam,0.3,failed,0\nsgd,1,ok,3\nsgd,10,ok,4\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    return tmp_path


def call(words: str, code: int = 0) -> None:
    assert run(["grid", "import", *words.split()]) == code, words


def test_a_store_is_recognized_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(STORES / "ray-2.60.0", "exp")
    call("exp --value loss --missing worst --task t --optimizer o --metric m --out s.parquet")
    assert capsys.readouterr().err == (
        "s.parquet: 6 cells, 1 seed(s), curves of 3 points in 'training_iteration', 3 run(s) of 3 cell(s) filled with "
        "worst, of its trials, 1 failed, 1 unfinished, 1 without a value\n"
        "50% of the cells are filled in: means and quantiles speak of what fills them\n"
    )


def test_the_direction_is_said_and_where_it_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(STORES / "scikit-learn-1.9.1.csv", "cv.csv")
    call("cv.csv --value split*_test_score --labels gamma --out s.parquet")
    said = capsys.readouterr().err
    assert "s.parquet: 6 cells, 3 seed(s)" in said
    assert "higher is better, as its column 'rank_test_score' says" in said
    assert "are 3 seeds" in said


def test_a_surface_for_each_value(capsys: pytest.CaptureFixture[str]) -> None:
    call("t.csv --by opt --axes lr --value loss --task t --metric m --out made")
    said = capsys.readouterr().err
    assert "made/adam.parquet: 2 cells, 1 seed(s), 1 row(s) without a result left out (1 failed)" in said
    assert sorted(path.name for path in Path("made").iterdir()) == ["adam.parquet", "sgd.parquet"]
    assert surface_file.load("made/sgd.parquet").name == "t/sgd"
    assert (
        run(["replay", "made/sgd.parquet", "-s", "random", "--repeats", "3", "--jobs", "1", "--out", "r.parquet"]) == 0
    )


BAD = {
    "t.csv --by opt --axes lr --value loss --out made.parquet": "with --by it is the name of a folder",
    "t.csv --by op --axes lr --value loss --out made": "unknown column 'op'",
    "t.csv --axes opt,lr --value loss --labels loss --out s.parquet": "--labels loss: is none of the axes",
    "t.csv --axes opt,lr --value loss --seconds often --out s.parquet": "--seconds must be auto, sum or elapsed",
    "t.csv --axes opt,lr --value loss --missing often --out s.parquet": "--missing must be refuse, worst, last",
    "t.csv --axes opt,lr --value loss --max-bytes 10 --out s.parquet": "--max-bytes",
    "t.csv --axes opt,lr --value x*_y --out s.parquet": "unknown column 'x*_y'",
    "deep.json --axes lr --value loss --out s.parquet": "is no JSON",
    "two --by a --axes lr --value loss --out made": "cannot be read",
    "names.csv --by opt --axes lr --value loss --out made": "would have one file name",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deep.json").write_text("[" * 100_000)
    Path("names.csv").write_text("opt,lr,loss\na/b,1,2\na/b,2,2\na:b,1,2\na:b,3,2\n")
    before = sorted(folder.iterdir())
    call(words, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tunecost: ")
    assert err.count("\n") == 1
    assert BAD[words] in err
    assert sorted(folder.iterdir()) == before


def test_what_is_imported_can_be_read_back() -> None:
    Path("t.json").write_text(json.dumps([{"config": {"lr": r, "net": {"w": [1, r]}}, "loss": r} for r in (1, 2)]))
    call("t.json --value loss --pool --out s.parquet -q")
    assert surface_file.load("s.parquet").space.names == ("lr", "net.w")


def test_a_maximized_metric_is_shown_in_its_own_sign(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("words,acc\n5,0.7\n10,0.87\n20,0.8\n")
    call("a.csv --axes words --value acc --maximize --out s.parquet -q")
    assert run(["grid", "show", "s.parquet"]) == 0
    said = capsys.readouterr().out
    assert "highest: 0.87 (mean over seeds)" in said
    assert "imported: acc, 3 cells" in said
    assert "-0.8" not in said
    assert "0: 0.7, " in said
    assert "of the highest" in said


def test_names_of_axes_of_others_keep_their_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("alpha,solver,mse\n0.1,svd,3\n1,svd,2\n0.1,sag,2.5\n1,sag,1.5\n")
    call("a.csv --axes alpha,solver --value mse --out s.parquet -q")
    assert run(["figure", "1", "s.parquet", "--out", "f.svg", "-q"]) == 0
    assert "learning rate" not in Path("f.svg").read_text()


def test_equal_cells_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("a,b,loss\n" + "".join(f"{a},{b},3.5\n" for a in (1, 2) for b in (1, 2)))
    call("a.csv --axes a,b --value loss --out s.parquet -q")
    assert run(["exact", "s.parquet", "-s", "random"]) == 0
    out, err = capsys.readouterr()
    assert "all cells are equal" in out + err


def test_a_level_that_all_cells_pass_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("words,acc\n5,0.7\n10,0.87\n20,0.8\n")
    call("a.csv --axes words --value acc --maximize --out s.parquet -q")
    for level, said in (("-0.86", True), ("0.86", False)):
        assert run(["exact", "s.parquet", "-s", "random", "--level", level]) == 0
        assert ("every cell reaches the level" in capsys.readouterr().err) == said


def test_one_set_of_default_targets_for_a_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, far in (("flat", 1.01), ("steep", 5)):
        Path(f"{name}.csv").write_text(f"rate,loss\n1,1\n2,{far}\n4,{far}\n")
        options = f"--axes rate --value loss --task t --optimizer {name} --out {name}.parquet"
        call(f"{name}.csv {options}")
    capsys.readouterr()
    assert run(["exact", "flat.parquet", "steep.parquet", "-s", "random", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    rows = [line.split(",") for line in out.splitlines()]
    place = rows[0].index("target")
    assert sorted({float(row[place]) for row in rows[1:]}) == [0.0005, 0.001]
    assert "flat.parquet, steep.parquet: targets 0.0005 and 0.001" in err
    assert (
        run(
            [
                "replay",
                "flat.parquet",
                "steep.parquet",
                "-s",
                "random",
                "--repeats",
                "20",
                "--jobs",
                "1",
                "--out",
                "r.parquet",
            ]
        )
        == 0
    )
    capsys.readouterr()
    assert run(["cost", "r.parquet", "--format", "csv"]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    assert sorted({float(row[rows[0].index("target")]) for row in rows[1:]}) == [0.0005, 0.001]


def test_seconds_that_are_not_known_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gap.csv").write_text("rate,loss,seconds\n0.1,3,10\n0.01,2,\n0.001,1,12\n")
    call("gap.csv --axes rate --value loss --keep seconds --out gap.parquet")
    capsys.readouterr()
    assert (
        run(
            [
                "replay",
                "gap.parquet",
                "-s",
                "random",
                "--repeats",
                "5",
                "--jobs",
                "1",
                "--workers",
                "2",
                "--out",
                "r.parquet",
            ]
        )
        == 0
    )
    assert "the seconds of 1 of 3 runs are not known" in capsys.readouterr().err
