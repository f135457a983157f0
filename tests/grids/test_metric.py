"""What a surface's values mean where its file says so, and where it is silent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from surfaces_made import bowl

from grids.errors import BadInput
from grids.library import list_surfaces, load_surface
from grids.metric import (
    Targets,
    binomial_deviation,
    common_unit,
    default_targets,
    derived_words,
    is_bounded,
    resolution,
)
from grids.space import Axis, Space
from grids.surface import Provenance, Surface
from grids.units import of_difference, with_unit


def line(values: list[float], **facts: object) -> Surface:
    space = Space((Axis("alpha", tuple(range(1, len(values) + 1))),))
    value = np.array(values)[:, None]
    return Surface(space, (0,), value, np.zeros(value.shape, bool), Provenance("t", "adam", **facts))  # type: ignore[arg-type]


def test_the_headers_targets_come_first() -> None:
    surface = line([1.0, 2.0], unit="%", targets=(0.1, 0.3, 2.0))
    assert default_targets(surface) == Targets((0.1, 0.3, 2.0))


def test_an_error_in_percent_whose_file_is_silent_is_that_of_the_first_round() -> None:
    assert default_targets(line([1.0, 2.0], unit="%")) == Targets((0.5, 1.0))
    assert is_bounded(Provenance("t", "adam", unit="%"))
    assert resolution(Provenance("t", "adam", unit="%", data={"validation": 500})) == 0.2
    assert resolution(Provenance("t", "adam", unit="%")) is None


def test_a_file_that_says_more_is_taken_at_its_word() -> None:
    own = Provenance("t", "adam", unit="%", failure=300.0, data={"validation": 500})
    assert not is_bounded(own)
    assert resolution(own) is None
    assert default_targets(line([1.0, 2.0], unit="%", failure=300.0)).derived


SHIPPED = [entry.name for entry in list_surfaces() if entry.shipped]
LANGUAGE = [name for name in SHIPPED if name.startswith(("kjv-", "ptb-"))]

GANS = [name for name in SHIPPED if name.startswith("digits-gan")]


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_shipped_character_model_is_judged_in_bits_and_fails_at_a_uniform_guess(name: str) -> None:
    surface = load_surface(name)
    about = surface.provenance
    assert (about.metric, about.unit) == ("bits per character", "bits")
    assert about.failure == math.log2(68 if name.startswith("kjv-") else 50)
    assert surface.value.max() <= about.failure
    assert default_targets(surface) == Targets((0.02, 0.05))
    assert not is_bounded(about)
    assert binomial_deviation(about, 2.0) is None


@pytest.mark.parametrize("name", GANS)
def test_a_shipped_gan_is_judged_by_a_distance_and_fails_at_that_of_the_untrained(name: str) -> None:
    surface = load_surface(name)
    about = surface.provenance
    assert (about.metric, about.unit) == ("Fréchet distance (digits classifier)", "")
    assert surface.value.max() <= about.failure < 300
    assert default_targets(surface) == Targets((5.0, 10.0))
    assert not is_bounded(about)
    assert binomial_deviation(about, 2.0) is None


@pytest.mark.parametrize("name", [name for name in SHIPPED if name not in LANGUAGE + GANS])
def test_every_shipped_surface_means_what_it_did(name: str) -> None:
    surface = load_surface(name)
    size = surface.provenance.data["validation"]
    assert default_targets(surface) == Targets((0.5, 1.0))
    assert is_bounded(surface.provenance)
    assert resolution(surface.provenance) == 100 / size
    expected = math.sqrt(10 * 90 / size)
    assert binomial_deviation(surface.provenance, 10.0) == pytest.approx(expected)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
def test_derived_targets_are_shares_of_the_way_to_the_median_of_the_others(values: list[float]) -> None:
    found = default_targets(line(values))
    assert found.derived
    assert all(math.isfinite(value) and value > 0 for value in found.values)
    assert list(found.values) == sorted(found.values)
    others = [value for value in values if value > min(values)]
    span = float(np.median(others)) - min(values) if others else 1.0
    if 1e-300 < span < 1e300:
        for value, share in zip(found.values, (0.05, 0.1), strict=True):
            assert abs(value - share * span) <= 0.5 * 10 ** math.floor(math.log10(value)) * 1.001
            assert float(f"{value:.0e}") == value


def test_derived_targets_follow_the_seed_statistic() -> None:
    surface = bowl((3, 3), seeds=3)
    value = surface.value * np.array([1.0, 1.0, 10.0])
    changed = Surface(surface.space, surface.seeds, value, surface.diverged, Provenance("t", "adam"))
    assert default_targets(changed, "worst").values[0] > default_targets(changed, "best").values[0]


def test_the_remark_names_as_many_shares_as_targets() -> None:
    assert derived_words(Targets((0.3,), derived=True), "").startswith("target 0.3, 5 % of the way")
    assert derived_words(Targets((0.3, 0.6), derived=True), "%").startswith("targets 0.3 and 0.6%, 5 % and 10 % of")


def test_units_are_one_or_refused() -> None:
    assert common_unit([("a", "%"), ("b", "%")], "it") == "%"
    assert common_unit([], "it") == ""
    with pytest.raises(BadInput, match=r"it needs values of one unit, not a in %, c without a unit; take them"):
        common_unit([("a", "%"), ("b", "%"), ("c", "")], "it")


def test_wording() -> None:
    assert with_unit("3", "bits per character") == "3 bits per character"
    assert of_difference("") == ""


def test_derived_targets_come_from_cells_with_a_value_of_their_own() -> None:
    values = np.array([2.0, 2.2, 2.4, 9e5, 9e5, 9e5, 9e5])[:, None]
    space = Space((Axis("alpha", tuple(range(1, 8))),))
    lost = np.arange(7)[:, None] > 2
    none = np.zeros((7, 1), bool)
    about = Provenance("t", "adam")
    for surface in (Surface(space, (0,), values, lost, about), Surface(space, (0,), values, none, about, filled=lost)):
        assert default_targets(surface) == Targets((0.01, 0.03), derived=True)
    assert default_targets(Surface(space, (0,), values, np.ones((7, 1), bool), about)).values[0] > 1e4
