"""Figure 1: what is drawn for surfaces of any number of axes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure

from analysis.figures import figure1
from analysis.figures.style import styled
from grids.errors import BadInput
from grids.space import PRESETS, Space
from grids.surface import Provenance, Surface

Make = Callable[..., Surface]


def panels(figure: Figure) -> list:
    return [axes for axes in figure.axes if any(isinstance(c, PathCollection) for c in axes.collections)]


def stars(axes) -> set[tuple[int, int]]:  # type: ignore[no-untyped-def]
    (drawn,) = (c for c in axes.collections if isinstance(c, PathCollection))
    return {(int(y), int(x)) for x, y in np.asarray(drawn.get_offsets())}


def hatched(axes) -> int:  # type: ignore[no-untyped-def]
    return sum(len(c.get_paths()) for c in axes.collections if type(c) is PolyCollection)


@pytest.mark.parametrize("shape", [(1,), (21,), (3, 4), (5, 40), (1, 1), (3, 4, 2), (2, 3, 2, 3)])
def test_any_number_of_axes(make_surface: Make, shape: tuple[int, ...]) -> None:
    surface = make_surface(shape)
    figure, rows = figure1.draw([surface])
    figure.draw_without_rendering()
    (panel,) = panels(figure)
    assert len(rows) == int(np.prod(shape[:2]))
    assert stars(panel) == {(*surface.best_cell, 0)[:2]}
    assert sum(row["best"] for row in rows) == 1


def test_of_further_axes_the_best_is_shown(make_surface: Make) -> None:
    surface = make_surface((3, 4, 5))
    part = figure1.best_slice(surface)
    assert (part.suboptimality == surface.suboptimality.min(axis=2)).all()
    _, rows = figure1.draw([surface])
    values = surface.mean
    for row in rows:
        cell = tuple(axis.values.index(row[axis.name]) for axis in surface.space.axes)
        assert values[cell] == pytest.approx(row["value"])
        assert values[cell] == values[cell[:2]].min()


def test_all_ties_are_marked(make_surface: Make) -> None:
    surface = make_surface((4, 4))
    value = surface.value.copy()
    value[0, 1] = value[3, 2] = value.min()
    figure, _ = figure1.draw([replace(surface, value=value)])
    assert stars(panels(figure)[0]) >= {(0, 1), (3, 2)}


def test_diverged_cells_are_hatched_and_leave_the_colours_to_others(make_surface: Make) -> None:
    surface = make_surface((4, 5), seeds=2)
    diverged = surface.diverged.copy()
    diverged[0, :3] = True
    diverged[2, 2, 0] = True
    value = np.where(diverged, 90.0, surface.value)
    figure, rows = figure1.draw([replace(surface, value=value, diverged=diverged)])
    (panel,) = panels(figure)
    assert hatched(panel) == 4
    (mesh,) = (c for c in panel.collections if isinstance(c, QuadMesh))
    assert int(np.ma.getmaskarray(mesh.get_array()).sum()) == 3
    assert sum(row["diverged"] == 1 for row in rows) == 3
    said = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert said == ["best cell", "diverged", "diverged for some seeds"]


def test_values_that_are_not_finite_count_as_the_worst(make_surface: Make) -> None:
    surface = make_surface((3, 3))
    diverged, value = surface.diverged.copy(), surface.value.copy()
    diverged[0, 0], value[0, 0] = True, np.nan
    part = figure1.best_slice(replace(surface, value=value, diverged=diverged))
    assert part.suboptimality[0, 0] == part.suboptimality.max()


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6, 1e290])
def test_bands_are_fine_near_the_best(make_surface: Make, factor: float) -> None:
    surface = make_surface((9, 9))
    part = figure1.best_slice(replace(surface, value=surface.value * factor))
    edges = figure1.bounds([part])
    assert edges[0] == 0
    assert (np.diff(edges) > 0).all()
    ratios = edges[2:] / edges[1:-1]
    assert np.allclose(ratios, np.round(ratios, 1))
    assert set(np.round(ratios, 1)) <= {2.0, 2.5}
    near = np.sort(part.suboptimality[part.suboptimality > 0])
    assert edges[1] <= near[len(near) // 10]


def test_the_bands_show_half_a_point_and_one_on_errors_of_a_small_validation_set(make_surface: Make) -> None:
    surface = make_surface((21, 21))
    value = np.round(2 + 88 * np.random.default_rng(0).random((21, 21, 1)) ** 3 / 0.2) * 0.2
    edges = figure1.bounds([figure1.best_slice(replace(surface, value=value))])
    assert {0.5, 1.0} <= set(edges)


def test_constant_and_extreme_values_are_drawn(make_surface: Make) -> None:
    flat = make_surface((3, 3))
    extreme = np.array([-1e300, 0, 1e300, 1, 2, 3, 1e-300, -5, 1e10]).reshape(3, 3, 1)
    for value in (np.zeros((3, 3, 1)), extreme):
        figure, rows = figure1.draw([replace(flat, value=value)])
        figure.draw_without_rendering()
        assert len(rows) == 9


def test_a_sheet_holds_sixteen(make_surface: Make) -> None:
    surfaces = [make_surface((2, 2), optimizer=f"o{i}") for i in range(17)]
    figure, rows = figure1.draw(surfaces[:16])
    assert len(panels(figure)) == 16
    assert len(rows) == 64
    with pytest.raises(BadInput, match="1 to 16"):
        figure1.draw(surfaces)


def renamed(surface: Surface, name: str) -> Surface:
    """The same surface with another name of its second axis."""
    first, second, *rest = surface.space.axes
    return replace(surface, space=Space((first, replace(second, name=name), *rest)))


@pytest.mark.parametrize("count", [1, 3])
def test_long_names_stay_on_the_sheet(make_surface: Make, count: int, assert_legible: Callable[[Figure], None]) -> None:
    surface = renamed(make_surface((5, 40)), "weight_decay_of_all_layers_except_norms")
    with styled():
        figure, _ = figure1.draw([surface] * count)
        assert_legible(figure)
        canvas_width = figure.get_figwidth()
    widths = [panel.get_position().width * canvas_width for panel in panels(figure)]
    assert min(widths) > 1.8  # inches: the names have not squeezed the map


def test_the_sheet_says_its_task_and_seeds(make_surface: Make) -> None:
    def above(*surfaces: Surface) -> str:
        return figure1.draw(surfaces)[0].get_suptitle()

    one, three = make_surface((2, 2)), make_surface((2, 2), seeds=3)
    assert above(one) == "task: one seed"
    assert above(three, three) == "task: mean over 3 seeds"
    assert above(one, make_surface((2, 2), seeds=3, task="other")) == "mean over 1 to 3 seeds"
    figure, _ = figure1.draw([three], "worst", "best")
    assert figure.get_suptitle() == "task: worst over 3 seeds, best epoch of each run"


def test_the_best_cells_values_stand_as_a_user_types_them(make_surface: Make) -> None:
    figure, _ = figure1.draw([make_surface((3, 4))])
    (said,) = (text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in panels(figure)[0].texts)
    alpha, epsilon = (part.split(" = ")[1] for part in said.partition(" at ")[2].split(", "))
    assert {alpha, epsilon} <= {"1e-05", "0.0001", "0.001", "0.01"}


@pytest.mark.parametrize("count", [1, 2])
def test_labels_keep_out_of_each_others_way(count: int, assert_legible: Callable[[Figure], None]) -> None:
    space = PRESETS["paper-cifar"]
    value = np.random.default_rng(0).gamma(1.0, 20.0, (*space.shape, 1))
    surface = Surface(
        space, (0,), value, value > 150, Provenance("cifar10-convnet", "avagrad", "validation error", "%")
    )
    with styled():
        figure, _ = figure1.draw([surface] * count)
        assert_legible(figure)


def test_one_scale_has_one_unit(make_surface: Make) -> None:
    surface = make_surface((3, 3))
    nats = replace(surface, provenance=replace(surface.provenance, optimizer="mine", metric="loss", unit="nats"))
    figure, _ = figure1.draw([nats])
    assert figure.axes[-1].get_ylabel() == "loss above\nthe surface's lowest (nats)"
    with pytest.raises(BadInput, match=r"figure 1, .* not task/adam in %, task/mine in nats"):
        figure1.draw([surface, nats])


def test_each_metric_may_have_a_scale_of_its_own(make_surface: Make, assert_legible: Callable[[Figure], None]) -> None:
    surface = make_surface((3, 3))
    nats = replace(surface, provenance=replace(surface.provenance, task="text", metric="loss", unit="nats"))
    with styled():
        figure, rows = figure1.draw([surface, nats, surface], scale_each=True)
        assert_legible(figure)
    assert len(rows) == 27
    assert [panel.get_title() for panel in panels(figure)] == ["task: adam", "task: adam", "text: adam"]
    assert [axes.get_ylabel() for axes in figure.axes if "above" in axes.get_ylabel()] == [
        "error above\nthe surface's lowest (percentage points)",
        "loss above\nthe surface's lowest (nats)",
    ]
    first, below, right = (panel.get_window_extent() for panel in panels(figure))
    assert first.y0 > below.y1
    assert first.x1 < right.x0  # columns
    one, _ = figure1.draw([surface, surface], scale_each=True)
    assert len([axes for axes in one.axes if "above" in axes.get_ylabel()]) == 1


def test_grids_wider_than_high_take_a_lower_sheet(make_surface: Make, assert_legible: Callable[[Figure], None]) -> None:
    wide, square, strip = make_surface((4, 8)), make_surface((6, 6)), make_surface((6,))
    with styled():
        low, high, alone = (figure1.draw(some)[0] for some in ([wide, strip], [wide, square], [strip]))
        assert_legible(low)
    assert low.get_figheight() < high.get_figheight() == alone.get_figheight()
    wide_panel, strip_panel = (panel.get_window_extent() for panel in panels(low))
    assert strip_panel.height == pytest.approx(wide_panel.height, rel=0.05)


def test_a_panel_is_called_what_the_header_says(make_surface: Make) -> None:
    surface = make_surface((3, 3))
    named = replace(surface, provenance=replace(surface.provenance, optimizer_label="My Adam"))
    assert figure1.draw([named])[0].axes[0].get_title() == "My Adam"
    assert figure1.draw([surface])[0].axes[0].get_title() == "adam"
