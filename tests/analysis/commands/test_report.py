"""`tunecost report` as a user meets it, without a browser."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from analysis.claims import Finding, Verdict
from analysis.claims.finding import Estimate
from analysis.report.script import vega_script
from grids import replay_table
from grids.errors import BadInput
from grids.sealed import REPLAYS, write_sealed
from grids.space import PRESETS
from grids.surface import Provenance, Surface
from grids.surface_file import save
from tuning.cli import run

pytest.importorskip("vl_convert")
Captured = pytest.CaptureFixture[str]


def tunecost(line: str) -> int:
    return run(line.split())


def content(path: str) -> dict[str, Any]:
    """What a page holds."""
    found = re.search(r'id="data">([^<]*)<', Path(path).read_text())
    assert found
    return dict(json.loads(gzip.decompress(base64.b64decode(found[1]))))


def save_surface(path: str, optimizer: str = "adam", task: str = "toy") -> None:
    rng = np.random.default_rng(len(optimizer))
    value = np.round(rng.gamma(1.0, 4.0, (3, 3, 2)), 2)
    save(Surface(PRESETS["tiny"], (0, 1), value, value > 12, Provenance(task, optimizer, "error", "%")), path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for optimizer in ("adam", "avagrad"):
        save_surface(f"{optimizer}.parquet", optimizer)
    line = "replay adam.parquet avagrad.parquet -s random -s gld --repeats 20 --jobs 1 --out replays.parquet --quiet"
    assert run(line.split()) == 0
    return tmp_path


def test_writes_one_page_and_says_what_is_on_it(folder: Path, capsys: Captured) -> None:
    before = set(folder.iterdir())
    assert tunecost("report adam.parquet avagrad.parquet replays.parquet --paths 3 --out a/page.html") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"wrote a/page.html: 2 surfaces, 12 paths, 0\.\d\d MB\n", captured.err)
    assert set(folder.iterdir()) - before == {folder / "a"}
    assert [path.name for path in (folder / "a").iterdir()] == ["page.html"]
    shown = content("a/page.html")
    assert [one["name"] for one in shown["surfaces"]] == ["adam.parquet", "avagrad.parquet"]
    assert shown["replays"]["searchers"] == {"random": "random", "gld": "GLD"}
    assert [(group["place"], len(group["paths"])) for group in shown["replays"]["groups"]] == [(0, 3)] * 2 + [
        (1, 3)
    ] * 2
    assert shown["claims"] == []


def test_equal_files_give_an_equal_page(folder: Path) -> None:
    for out in ("one.html", "two.html"):
        assert tunecost(f"report adam.parquet replays.parquet --out {out} --quiet") == 0
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_costs_are_those_of_the_cost_command(folder: Path, capsys: Captured) -> None:
    for options in ("", "--target 0.25 --target 2", "--count unique"):
        assert tunecost(f"report replays.parquet --out p.html --quiet {options}") == 0
        assert tunecost(f"cost replays.parquet --format json {options}") == 0
        assert content("p.html")["replays"]["rows"] == json.loads(capsys.readouterr().out)


def test_a_table_alone_brings_its_surfaces(folder: Path) -> None:
    assert tunecost("report replays.parquet --out p.html --quiet") == 0
    shown = content("p.html")
    assert [one["name"] for one in shown["surfaces"]] == ["adam.parquet", "avagrad.parquet"]
    assert shown["absent"] == []


def test_a_surface_is_known_by_its_file_whatever_it_is_called(folder: Path) -> None:
    Path("adam.parquet").rename("renamed.parquet")
    assert tunecost("report renamed.parquet replays.parquet --out p.html --quiet") == 0
    shown = content("p.html")
    assert [one["name"] for one in shown["surfaces"]] == ["renamed.parquet", "avagrad.parquet"]
    assert [group["place"] for group in shown["replays"]["groups"]] == [0, 0, 1, 1]


def test_what_is_gone_or_changed_is_said(folder: Path, capsys: Captured) -> None:
    Path("adam.parquet").unlink()
    save_surface("avagrad.parquet", "another")
    assert tunecost("report replays.parquet --out p.html") == 0
    said = capsys.readouterr().err
    assert "adam.parquet, which replays.parquet was made from, is not here, so no path is shown" in said
    assert "avagrad.parquet has changed since replays.parquet was made from it, so no path is shown" in said
    shown = content("p.html")
    assert shown["surfaces"] == []
    assert len(shown["absent"]) == 2
    assert all(group["said"] and not group["paths"] for group in shown["replays"]["groups"])
    assert len(shown["replays"]["rows"]) == 8


def test_a_path_that_cannot_be_played_is_said_and_the_rest_is_shown(folder: Path) -> None:
    frame, header = replay_table.load("replays.parquet")
    replay_table.save(frame, "other.parquet", {**header, "seed": 99})
    assert tunecost("report adam.parquet other.parquet --out p.html --quiet") == 0
    groups = content("p.html")["replays"]["groups"]
    assert "run again gave other trials" in groups[0]["said"]
    assert groups[0]["paths"] == []


def test_live_studies_stand_beside_replays(folder: Path) -> None:
    frame, header = replay_table.load("replays.parquet")
    live = {**header, "live": {"trials": 9}, "noise": "live"}
    replay_table.save(frame, "live.parquet", live)
    assert tunecost("report adam.parquet replays.parquet live.parquet --out p.html --quiet") == 0
    shown = content("p.html")["replays"]
    assert list(shown["searchers"]) == ["random", "gld", "random, live", "gld, live"]
    assert [row["ert"] for row in shown["rows"][:8]] == [row["ert"] for row in shown["rows"][8:]]
    assert "stores no cells" in shown["groups"][4]["said"]


def test_live_studies_walk_over_the_cells_that_their_table_stores(folder: Path) -> None:
    frame, header = replay_table.load("replays.parquet")
    asked = [list(range(trial)) if end else None for trial, end in zip(frame["trial"], frame["end"], strict=True)]
    stored = pa.Table.from_pandas(frame.assign(cell=3, asked=asked), preserve_index=False).replace_schema_metadata(None)
    write_sealed("live.parquet", stored, {"format": 1, "kind": REPLAYS, **header, "live": {"trials": 9}})
    assert tunecost("report live.parquet --out p.html --quiet") == 0
    shown = content("p.html")["replays"]
    assert list(shown["searchers"]) == ["random", "gld"]
    for group in shown["groups"]:
        assert (group["said"], group["chosen"]) == ("", False)
        for path in group["paths"]:
            assert path["cells"] == list(range(path["best"][-1][0]))


def test_without_inputs_the_surfaces_trained_here_are_shown(folder: Path, capsys: Captured) -> None:
    (folder / "surfaces" / "toy").mkdir(parents=True)
    Path("adam.parquet").rename("surfaces/toy/adam.parquet")
    assert run(["report"]) == 0
    assert capsys.readouterr().err.startswith("showing toy/adam\nwrote report.html: 1 surface, 0 paths")
    assert [one["name"] for one in content("report.html")["surfaces"]] == ["toy/adam"]


def test_without_inputs_or_training_those_that_ship_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "--no-claims", "--quiet"]) == 0
    names = [one["name"] for one in content("report.html")["surfaces"]]
    assert {"digits-mlp/adam", "digits-mlp/avagrad", "digits-mlp/sgd"} <= set(names)
    assert all(name.startswith("digits-mlp/") for name in names)


def test_claims_are_judged_where_the_pair_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[dict[str, Any]] = []

    def findings(tasks: dict[str, Any], **options: Any) -> dict[str, list[Finding]]:
        asked.append(tasks)
        one = Finding("a", "b", "1", None, Estimate(0.5), "rule", Verdict.holds, "why")
        return {task: [one] for task in tasks}

    monkeypatch.setattr("analysis.commands.claims.findings", findings)
    assert tunecost("report digits-mlp/adam digits-mlp/avagrad digits-conv/adam --out p.html --quiet") == 0
    (row,) = content("p.html")["claims"]
    assert (row["task"], row["verdict"]) == ("digits-mlp", "holds")
    assert [list(tasks) for tasks in asked] == [["digits-mlp"]]
    assert {"adam", "avagrad", "sgd"} <= set(asked[0]["digits-mlp"])
    assert tunecost("report digits-mlp/adam digits-mlp/avagrad --no-claims --out p.html --quiet") == 0
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("adam.parquet --out page.pdf", "page.pdf: the name of a report must end in .html, not in '.pdf'"),
        ("adma.parquet", "adma.parquet: no such file"),
        ("toy/adma", "unknown surface 'toy/adma'"),
        ("adam.parquet adam.parquet", "'adam.parquet' is given twice"),
        ("replays.parquet replays.parquet", "'replays.parquet' is given twice"),
        ("notes.txt", "notes.txt"),
        ("adam.parquet --target -1", "at least 0"),
        ("replays.parquet --count seconds", "--count seconds"),
        ("adam.parquet --paths -1", "--paths"),
        ("adam.parquet --out adam.parquet/p.html", "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: Captured, line: str, says: str) -> None:
    Path("notes.txt").write_text("hello")
    before = {path.name for path in folder.iterdir()}
    assert run(["report", *line.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert captured.err.count("\n") == 1
    assert {path.name for path in folder.iterdir()} == before


def test_the_missing_library_is_said_before_anything_is_done(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise BadInput("pip install 'tunecost[report]'")

    monkeypatch.setattr("analysis.report.script.vega_script", missing)
    assert tunecost("report nowhere.parquet") == 2
    assert "pip install 'tunecost[report]'" in capsys.readouterr().err
    assert vega_script is not missing
