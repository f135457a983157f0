"""How figures are saved, labelled, and kept legible."""

import csv
from pathlib import Path

import numpy as np
import pytest

from analysis.figures import style
from analysis.figures.ticks import scientific, ticks
from grids.errors import BadInput
from grids.space import PRESETS, Axis


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


def test_values_are_written_in_scientific_notation() -> None:
    assert scientific(1e-8) == "$10^{-8}$"
    assert scientific(5e-7) == r"$5{\times}10^{-7}$"
    assert scientific(1.25e3) == r"$1.25{\times}10^{3}$"
    assert scientific(9.999e-4) == "$10^{-3}$"


def test_values_of_a_short_range_are_written_plainly() -> None:
    near, far = Axis("lr", (0.05, 1.0, 20.0)), Axis("lr", (1e-4, 1.0))
    assert ticks(near, 6) == [(0, "0.05"), (1, "1"), (2, "20")]
    assert ticks(far, 6) == [(0, "$10^{-4}$"), (1, "$10^{0}$")]
    assert ticks(Axis("x", (0.0, 1e-8, 1.0), "linear"), 6)[1] == (1, "$10^{-8}$")
    assert [text for _, text in ticks(Axis("lr", tuple(0.01 * 2.0**k for k in range(16))), 6)] == [
        "0.01",
        "0.1",
        "1",
        "10",
        "100",
    ]


def test_long_names_are_folded() -> None:
    assert style.axis_label("weight_decay_of_all_layers_except_norms") == "weight_decay_of_all_\nlayers_except_norms"
    assert style.axis_label("beta2") == style.axis_symbol("beta2") == "beta2"
    assert style.axis_label("x" * 40) == "x" * 40
    assert style.axis_symbol("epsilon") == "ε"


def test_the_papers_axes_are_labelled_at_decades() -> None:
    alpha, epsilon = PRESETS["paper-cifar"].axes
    for axis, most in ((alpha, 11), (epsilon, 6)):
        marks = ticks(axis, most)
        assert 3 <= len(marks) <= most
        for place, text in marks:
            assert place == int(place)
            assert text == scientific(axis.values[int(place)])
            assert text.startswith("$10^")


def test_decades_between_cells_are_put_between_them() -> None:
    axis = Axis("lr", tuple(3 * 10.0 ** (k / 4) for k in range(-20, 1)))
    for place, text in ticks(axis, 6):
        exponent = float(text.removeprefix("$10^{").removesuffix("}$"))
        assert np.interp(place, range(21), np.log10(axis.values)) == pytest.approx(exponent)


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 40])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_no_axis_has_too_many_labels(length: int, scale: str) -> None:
    axis = Axis("x", tuple(1.0 + i for i in range(length)), scale)  # type: ignore[arg-type]
    assert 1 <= len(ticks(axis, 6)) <= 6
