"""Surfaces as the report's page holds them: the file's numbers, nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.report.surfaces import MOST_POINTS, packed, scales
from grids.surface import Fidelity, Surface

NAMES = ("plane", "line", "words", "deep", "filled", "pool")


@pytest.mark.parametrize("name", NAMES)
def test_holds_every_value_of_the_surface(kinds: dict[str, Surface], name: str) -> None:
    surface = kinds[name]
    page = packed(name, surface, [0.0, 1.0], "abc")
    seeds = len(surface.seeds)
    assert np.array_equal(np.reshape(page["value"], surface.value.shape), surface.value)
    assert page["mean"] == surface.mean.ravel().tolist()
    assert page["above"] == surface.suboptimality.ravel().tolist()
    states = np.array(list(page["state"])).reshape(surface.value.shape)
    assert np.array_equal(states == "d", surface.diverged)
    if surface.filled is not None:
        assert np.array_equal(states == "f", surface.filled)
    assert len(page["state"]) == surface.space.size * seeds
    for axis, held in zip(surface.space.axes, page["axes"], strict=True):
        assert held["texts"] == [axis.text(index) for index in range(len(axis))]
    assert page["summary"]["lowest"] == surface.mean.min()
    assert page["summary"]["best"] == surface.space.describe(surface.best_cell)
    assert ("sha256 of the file", "abc") in page["facts"]


def test_curves_are_means_over_seeds_in_four_digits(kinds: dict[str, Surface]) -> None:
    surface = kinds["deep"]
    assert surface.curve is not None
    curve = packed("deep", surface, [0.0, 1.0])["curve"]
    assert curve["name"] == "step"
    assert curve["at"] == [1.0, 4.0, 9.0]
    means = np.reshape(curve["means"], (surface.space.size, 3))
    expected = surface.curve.mean(axis=-2).reshape(-1, 3)
    np.testing.assert_allclose(means, expected, rtol=5e-4)
    assert packed("line", kinds["line"], [0.0, 1.0])["curve"] is None


def test_long_curves_keep_their_first_and_last_point(kinds: dict[str, Surface]) -> None:
    surface = kinds["line"]
    points = 500
    curve = np.broadcast_to(np.arange(points, dtype=float), (*surface.value.shape, points)).copy()
    long = packed("line", replace(surface, curve=curve, fidelity=Fidelity.epochs(points)), [0.0, 1.0])["curve"]
    assert len(long["at"]) == MOST_POINTS
    assert (long["at"][0], long["at"][-1]) == (1.0, 500.0)
    assert long["means"][:MOST_POINTS] == [place - 1 for place in long["at"]]


def test_surfaces_of_one_task_and_unit_share_their_colours(kinds: dict[str, Surface]) -> None:
    other = kinds["plane"]
    other = replace(other, value=1000 * other.value, provenance=replace(other.provenance, unit="%"))
    edges = scales({**kinds, "other": other})
    assert all(edges[name] == edges["plane"] for name in NAMES)
    near = np.concatenate([one.suboptimality[~one.never_trained] for one in kinds.values()])
    assert edges["plane"][-1] >= near.max() or len(edges["plane"]) == 11
    assert edges["other"] != edges["plane"]
