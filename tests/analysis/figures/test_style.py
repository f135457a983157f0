"""How figures are saved and labelled."""

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.figures import style
from grids.errors import BadInput


@pytest.mark.parametrize("ending", style.ENDINGS)
def test_a_figure_and_its_numbers_are_written_whole(tmp_path: Path, ending: str) -> None:
    figure = style.sheet(3, 2)
    figure.subplots().plot([1, 2], [3, 4])
    rows = [{"a": 1, "b": np.nan}, {"a": 0.1, "c": "text"}]
    paths = style.save(figure, tmp_path / f"new/figure{ending}", rows)
    magic = {".pdf": b"%PDF", ".png": b"\x89PNG", ".svg": b"<?xml"}[ending]
    assert paths[0].read_bytes().startswith(magic)
    assert (tmp_path / "new/figure.csv").read_text() == "a,b,c\n1,,\n0.1,,text\n"
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted([f"figure{ending}", "figure.csv"])


def test_equal_numbers_give_equal_files(tmp_path: Path) -> None:
    for ending in (".pdf", ".svg"):
        contents = []
        for name in ("one", "two"):
            with style.styled():
                figure = style.sheet(3, 2)
                figure.subplots().plot([1, 2], [3, 4])
                contents.append(style.save(figure, tmp_path / f"{name}{ending}", [])[0].read_bytes())
        assert contents[0] == contents[1]


def test_a_png_has_200_dots_an_inch(tmp_path: Path) -> None:
    with style.styled():
        figure = style.sheet(3, 2)
        path, _ = style.save(figure, tmp_path / "figure.png", [])
    width, height = (int.from_bytes(path.read_bytes()[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (600, 400)


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.pdf.gz"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r"\.pdf, \.png, \.svg"):
        style.save(style.sheet(1, 1), tmp_path / name, [])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        style.save(style.sheet(1, 1), tmp_path / "file/figure.png", [])


def test_numbers_in_the_csv_are_exact(tmp_path: Path) -> None:
    value = np.float64(1) / 3
    (row,) = csv.DictReader(style.csv_text([{"x": value}]).splitlines())
    assert float(row["x"]) == value


def test_colours_are_told_apart() -> None:
    assert len(set(style.COLOURS)) == len(style.COLOURS) == 10


def test_long_names_are_folded() -> None:
    assert style.axis_label("weight_decay_of_all_layers_except_norms") == "weight_decay_of_all_\nlayers_except_norms"
    assert style.axis_label("beta2") == style.axis_symbol("beta2") == "beta2"
    assert style.axis_label("x" * 40) == "x" * 40
    assert style.axis_symbol("epsilon") == "ε"
