"""A surface over a part of its space."""

import numpy as np
import pytest
from tables_made import rich

from grids.errors import BadInput
from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from grids.within import within


def test_within() -> None:
    whole = rich()
    part = within(whole, "lr=1e-3..0.01,clip=None,5.0")
    assert [axis.values for axis in part.space.axes] == [(1e-3, 1e-2), ("", "5.0"), (0.0, 0.9)]
    np.testing.assert_array_equal(part.value, whole.value[:2][:, [0, 2]])
    for text, message in {
        "lr": "AXIS=LOW..HIGH",
        "rl=1..2": "did you mean 'lr'",
        "lr=2..3": "no value of axis 'lr'",
        "lr=0.01,0.02": "axis 'lr' has no value 0.02; lr=LOW..HIGH takes a range",
        "clip=1..2": "holds labels",
        "clip=six": "unknown value of axis clip 'six'",
        "lr=a..b": "'a' is not a number",
        "lr=1..,lr=..1": "twice",
    }.items():
        with pytest.raises(BadInput, match=message):
            within(whole, text)
    pool = within(rich(pool=True), "lr=..0.1")
    assert pool.space.size == 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("wd=a,b", ["a,b"]),
        ("wd=b,a", ["a", "b"]),
        ("wd=a,b,b", ["a,b", "b"]),
        ("wd= a , x..y", ["a", "x..y"]),
        ("wd=None,a,b,lr=1", ["a,b", ""]),
    ],
)
def test_labels_may_hold_commas_and_dots(text: str, kept: list[str]) -> None:
    axes = (Axis("lr", (1.0, 2.0)), Axis.labels("wd", ("a,b", "a", "b", "x..y", "")))
    value = np.arange(10.0).reshape(2, 5, 1)
    surface = Surface(Space(axes), (0,), value, np.zeros(value.shape, bool), Provenance("task", "opt"))
    assert list(within(surface, text).space.axis("wd").values) == kept


def test_conditional_numbers_of_a_pool_have_ranges() -> None:
    axes = (Axis.labels("eps", ("", "1e-8", "1e-4")), Axis.labels("opt", ("adam", "sgd")))
    space = Pool(axes, np.array([[1, 0], [2, 0], [0, 1]]))
    value = np.array([[1.0], [2.0], [3.0]])
    whole = Surface(space, (0,), value, value > 9, Provenance("t", "o"))
    assert within(whole, "eps=1e-6..").value.ravel().tolist() == [2]
    assert within(whole, "eps=..1").value.ravel().tolist() == [1, 2]
    assert within(whole, "eps=None").value.ravel().tolist() == [3]
    with pytest.raises(BadInput, match="holds labels"):
        within(whole, "opt=a..b")
