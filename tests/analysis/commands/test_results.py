"""The page of results: what commands print, laid out; and that it is of the surfaces that ship."""

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grids import library
from grids.library import SHIPPED
from tuning.cli import run

PAGE = Path(__file__).parents[3] / "analysis" / "results" / "README.md"


@pytest.fixture(scope="module")
def one_surface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The program as if `kjv-lstm/sgd` were all that ships: a page of few commands."""
    shipped = tmp_path_factory.mktemp("shipped")
    (shipped / "kjv-lstm").mkdir()
    shutil.copy(SHIPPED / "kjv-lstm/sgd.parquet", shipped / "kjv-lstm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "SHIPPED", shipped)
        yield


@pytest.fixture(scope="module")
def page(one_surface: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page")
    assert run(["results", "--out", str(out), "--task", "kjv-lstm", "--repeats", "5", "--quiet"]) == 0
    return out


def test_each_table_says_what_its_command_prints(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (page / "README.md").read_text()
    commands = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("    tunecost ")]
    monkeypatch.chdir(tmp_path)
    found = {}
    for words in commands:
        capsys.readouterr()
        form = ["--json"] if words[:2] == ["grid", "show"] else ["--format", "json"]
        assert run([*words, *(form if words[0] not in ("figure", "replay") else [])]) == 0
        found[words[0]] = capsys.readouterr().out
    assert {"grid", "replay", "cost", "tunability", "figure", "table"} <= found.keys()
    shown = json.loads(found["grid"])
    assert f"| {shown['best'][0]['value']:.4g} |" in text
    for row in json.loads(found["tunability"]):
        assert f"| {row['expected_best']:.4g} " in text
    for row in json.loads(found["cost"]):
        assert row["ert"] is None or f"| {row['ert']:.4g}" in text


def test_every_figure_is_there_and_a_second_run_changes_nothing(page: Path, tmp_path: Path) -> None:
    text = (page / "README.md").read_text()
    figures = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert figures
    assert {path.name for path in page.iterdir()} == {"README.md", *figures}
    assert run(["results", "--out", str(tmp_path), "--task", "kjv-lstm", "--repeats", "5", "--quiet"]) == 0
    for path in page.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_the_page_is_of_the_surfaces_that_ship() -> None:
    """Fails where a surface was added or changed since: `make results` writes the page anew."""
    told = dict(re.findall(r"^\| (\S+/\S+) \| ([0-9a-f]{64}) \|$", PAGE.read_text(), re.MULTILINE))
    files = {f"{path.parent.name}/{path.stem}": path for path in SHIPPED.glob("*/*.parquet")}
    assert told == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_bad_input(one_surface: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["results", "--out", str(tmp_path / "page"), "--task", "kjv-lsmt"]) == 2
    assert "unknown task with shipped surfaces 'kjv-lsmt'; did you mean 'kjv-lstm'" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run(["results", "--out", str(tmp_path / "file"), "--task", "kjv-lstm"]) == 2
    assert "the folder cannot be created" in capsys.readouterr().err
