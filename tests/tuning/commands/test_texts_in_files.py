"""Texts out of files that a terminal, a spreadsheet, Markdown, LaTeX or Matplotlib would obey: shown, never obeyed."""

import csv
import io
import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from planted_files import OF_REPLAYS, OF_SURFACE, labelled, lines, make_files, plant, plant_all

from grids import surface_file
from grids.sealed import SealedFile
from tuning.cli import run

Captured = pytest.CaptureFixture[str]
TEXTS = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;title\x07",
    "c1": "\x9b31m\x85",
    "controls": "a\rb\bc\x00d\x7f",
    "order": "\u202egnp.exe\u2066",
    "formula": "=1+1",
    "sign": "-2+3",
    "at": "@SUM(1)",
    "mathtext": r"$\foo$",
    "dollar": "a $ b",
    "markup": "<b>bold</b> [red]x[/] :smile:",
    "link": "![x](http://localhost/x.png)",
    "table": r"\<i>" + "a|b & c \\ d % e # f _ g {h} ~ ^",
    "xml": "--> ]]> & <",
    "lines": "one\ntwo\u2028three",
    "long": "x" * 20_000,
}
TEXTS["all"] = "=1+1 " + " ".join(text for name, text in TEXTS.items() if name != "long")
FORMS = ("table", "csv", "json", "markdown", "latex", "sheet")
PRINTS = ("grid list", "exact", "separability", "tunability", "cost", "compare", "claims")


def obeyed(text: str) -> set[str]:
    """The characters that a terminal obeys, or that cannot be seen."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"}


def check(words: list[str], text: str, capsys: Captured) -> None:
    code = run(words)
    out, err = capsys.readouterr()
    assert code in (0, 2, 3), (words, err)
    if words[0] == "figure":
        assert code == 0, (words, err)
    assert not obeyed(err), words
    assert max(map(len, err.splitlines() or [""])) < 4000
    form = words[-1] if words[-2:-1] == ["--format"] else "table"
    if form != "csv" and "-" not in words:  # as in the file, for programs, where it goes to no terminal
        assert not obeyed(out), words
    if form == "markdown":
        plain = out.replace(r"\\", "")
        assert not re.search(r"(?<!\\)<", plain)
        assert "](" not in plain
    if form == "sheet":
        cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row if cell]
        assert not [cell for cell in cells if cell[0] in "=+-@" and not cell[1:2].isdigit()]
    for path in Path().glob("*.svg"):
        ElementTree.parse(path)
        path.unlink()


def printed(commands: str, file: str) -> list[list[str]]:
    """The commands but those that train, in every form in which they print rows; figures in all formats."""
    found = []
    for words in lines(commands, file):
        line = " ".join(words)
        if words[0] in ("transfer", "tune", "claims"):
            continue
        forms = FORMS if line.startswith(PRINTS) and "--live" not in line else [None]
        found += [[*words, *([] if form is None else ["--format", form])] for form in forms]
        if words[0] == "figure":
            found += [[word.replace(".svg", ending) for word in words] for ending in (".png", ".pdf")]
    return found


@pytest.mark.parametrize(
    "name", ["all", *(pytest.param(name, marks=pytest.mark.slow) for name in TEXTS if name != "all")]
)
def test_no_text_is_obeyed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    make_files()
    text = TEXTS[name]
    plant("surface.parquet", "all.parquet", plant_all(SealedFile("surface.parquet").header, text))
    surface_file.save(labelled(text), "labels.parquet")
    Path("surfaces/toy").mkdir(parents=True)
    Path("surfaces/toy/all.parquet").write_bytes(Path("all.parquet").read_bytes())
    for file in ("all.parquet", "labels.parquet"):
        for words in printed(OF_SURFACE.replace("out.", f"{file}-out."), file):
            if not (file == "labels.parquet" and words[:2] == ["grid", "merge"]):
                check(words, text, capsys)
        for made in ("o.db", "out"):
            Path(made).rename(f"{file}-{made}")
    header = plant_all(SealedFile("replays.parquet").header, text)
    plant("replays.parquet", "played.parquet", header, optimizer=text, task=text, searcher=text, surface=text)
    for words in printed(OF_REPLAYS, "played.parquet"):
        check(words, text, capsys)
