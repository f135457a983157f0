"""The figure of expected bests: what a crowd of curves looks like, and what the caption says of it."""

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from analysis.figures.style import styled
from analysis.figures.tunability import draw
from analysis.tunability import Contestant, Curve


def contestants(count: int, seeds: int) -> list[Contestant]:
    mean = 10 / np.arange(1, 31)
    return [
        Contestant(
            f"task/rule{number}",
            f"rule{number}",
            "task",
            f"Rule {number}",
            "error",
            "%",
            False,
            Curve(number + mean, (number + mean + np.linspace(-1, 1, seeds)[:, None])[: seeds if seeds > 1 else 0]),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "seeds", "beside", "bands"), [(2, 3, False, True), (12, 3, True, False), (2, 1, False, False)]
)
def test_a_crowd_has_its_legend_beside_it_and_no_bands(count: int, seeds: int, beside: bool, bands: bool) -> None:
    with styled():
        figure, _ = draw(contestants(count, seeds), repetition=False, statistic="mean")
        figure.draw_without_rendering()
        axes = figure.axes[0]
        legend = axes.get_legend()
        assert legend is not None
        assert len(legend.get_texts()) == count
        box = legend.get_window_extent()
        assert (Bbox.intersection(box, axes.get_window_extent()) is None) == beside
        assert box.x1 <= figure.bbox.x1
        assert bool(axes.collections) == bands
        caption = " ".join(text.get_text() for text in figure.texts) + figure.get_supxlabel()
        assert ("bands: lowest to highest" in caption.replace("\n", " ")) == bands


def test_the_frame_holds_what_is_drawn() -> None:
    from matplotlib.figure import Figure

    from analysis.figures.tunability import _frame

    axes = Figure().add_subplot()
    flat = np.array([[0.97, 0.974, 0.975, *[0.9752] * 57]])
    _frame(axes, flat, [])
    assert axes.get_xlim() == (1, 4)
    low, high = axes.get_ylim()
    assert 0.969 < low < 0.9752 < high < 0.976
    _frame(axes, np.array([[0.85, 0.87, 0.88, 0.9], [0.5, 0.7, 0.9, 0.95]]), [0.85, 0.87, 0.9])
    assert axes.get_ylim()[0] < 0.85
