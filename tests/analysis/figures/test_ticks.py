"""Labels of a grid's axes."""

import numpy as np
import pytest

from analysis.figures.ticks import label_cells, scientific, ticks
from grids.space import PRESETS, Axis


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


def test_whole_numbers_are_written_whole() -> None:
    values = (32.0, 64.0, 128.0, 1024.0)
    assert [text for _, text in ticks(Axis("batch", values), 6)] == ["32", "64", "128", "1024"]


def test_a_dozen_words_are_all_shown() -> None:
    from matplotlib.figure import Figure

    words = ("cholesky", "lsqr", "svd", "a_name_that_is_too_long", "sag", "saga", "auto")
    panel = Figure().add_subplot()
    label_cells(panel.xaxis, Axis.labels("solver", words), 6)
    shown = [label.get_text() for label in panel.xaxis.get_ticklabels()]
    assert len(shown) == 7
    assert shown[3] == "a_name…_long"
