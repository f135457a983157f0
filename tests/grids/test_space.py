"""Spaces: their order, their presets, and what is no space."""

import numpy as np
import pytest
from hypothesis import given
from surfaces_made import spaces

from grids.errors import BadInput
from grids.space import PRESET_SUMMARIES, PRESETS, Axis, Space, natural_scale, parse_space, register_space


@given(spaces())
def test_cells_flat_numbers_columns_and_json_agree(space: Space) -> None:
    cells = list(space)
    assert len(cells) == space.size == len(set(cells))
    assert [space.flat(cell) for cell in cells] == list(range(space.size))
    assert [space.cell(number) for number in range(space.size)] == cells
    columns = space.columns()
    for number, cell in enumerate(cells):
        assert {name: columns[name][number] for name in space.names} == space.values(cell)
    assert Space.from_json(space.to_json()) == space


def test_the_papers_grids() -> None:
    cifar = PRESETS["paper-cifar"]
    alpha, epsilon = (axis.values for axis in cifar.axes)
    assert cifar.names == ("alpha", "epsilon")
    assert cifar.shape == (21, 21)
    assert alpha[:3] == (5e-7, 1e-6, 5e-6)
    assert alpha[-1] == 5000
    assert epsilon[:3] == (1e-8, 2e-8, 1e-7)
    assert epsilon[-1] == 100
    assert 0.1 in alpha
    ptb = PRESETS["paper-ptb"]
    assert [(axis.values[0], axis.values[1], axis.values[-1]) for axis in ptb.axes] == [
        (2e-4, 1e-3, 20.0),
        (1e-8, 5e-8, 100.0),
    ]
    gan = PRESETS["paper-gan"]
    assert gan.axes[0].values == (1e-5, 2e-5, 1e-4, 2e-4, 1e-3, 2e-3, 0.01, 0.02, 0.1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("alpha=1", [(1.0,)]),
        ("alpha=0.1,1,epsilon=1e-8,1e-4", [(0.1, 1.0), (1e-8, 1e-4)]),
        ("b=3,1,2", [(1.0, 2.0, 3.0)]),
        ("a=1e-2..1:3,b=0,5", [(0.01, 0.1, 1.0), (0.0, 5.0)]),
        (" a = [1, 2] , b = 3", [(1.0, 2.0), (3.0,)]),
    ],
)
def test_spaces_in_words(text: str, values: list[tuple[float, ...]]) -> None:
    assert [axis.values for axis in parse_space(text).axes] == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paper-cifer", r"unknown space 'paper-cifer'; did you mean 'paper-cifar'\?"),
        ("alpha=", "axis 'alpha' has no values"),
        ("alpha=1e-3,1e-3", "the value 0.001 is given twice"),
        ("alpha=1,x", "axis 'alpha': cannot read the values"),
        ("alpha=1,1", "the value 1 is given twice"),
        ("alpha=1,nan", "not finite"),
        ("alpha=1,alpha=2", "different names"),
        ("alpha=0..1:3", "a range needs 0 < low < high"),
        ("alpha=1..2:1", "a range needs"),
        ("=1,2", "an axis needs a name"),
        ("alpha=1e-3..1:99999999999", r"axis 'alpha': a space may have 10,000,000 cells, not 99,999,999,999"),
        ("alpha=1..9:4000,beta=1..9:4000", r"a space may have 10,000,000 cells, not 16,000,000"),
        (",".join(f"x{k}=1" for k in range(31)), r"a space may have 30 axes, not 31"),
    ],
)
def test_what_is_no_space(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_space(text)


def test_a_log_axis_needs_positive_values() -> None:
    with pytest.raises(BadInput, match="positive"):
        Axis("alpha", (0.0, 1.0), "log")


def test_a_cell_is_described_in_full() -> None:
    space = Space((Axis("alpha", (0.1, 0.1 + 1e-12)), Axis("epsilon", (1e-8,))))
    assert [space.describe(cell) for cell in space] == [
        "alpha=0.1, epsilon=1e-08",
        f"alpha={0.1 + 1e-12!r}, epsilon=1e-08",
    ]
    assert np.isclose(space.values((1, 0))["alpha"], 0.1)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_on_the_scale_that_suits_them(name: str) -> None:
    for axis in PRESETS[name].axes:
        assert natural_scale(axis.values) == axis.scale == "log"


def test_an_axis_without_a_scale_gets_one() -> None:
    axes = [{"name": "a", "values": [1, 10, 100]}, {"name": "b", "values": [0, 1, 10]}]
    assert [axis.scale for axis in Space.from_json(axes).axes] == ["log", "linear"]


def test_registered_spaces_have_a_summary_and_a_name_of_their_own() -> None:
    assert list(PRESET_SUMMARIES) == list(PRESETS)
    assert all(PRESET_SUMMARIES.values())
    with pytest.raises(ValueError, match="two spaces are called 'tiny'"):
        register_space("tiny", "another", PRESETS["tiny"])
