"""Surfaces as flat tables, and back again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from surfaces_made import bowl, same, surfaces
from tables_made import PLAIN, TABLE, WHAT, alike, read, rich

from grids import surface_file
from grids.surface import Surface
from grids.tables import exporting
from grids.tables.importing import Meaning
from grids.tables.sources import surface_from


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(surfaces())
def test_export_and_import_is_the_identity(tmp_path: Path, surface: Surface) -> None:
    path = tmp_path / "s.csv"
    surface = replace(surface, value=np.where(surface.diverged, surface.value.max(), surface.value))
    exporting.write_csv(surface, path)
    back = surface_from(path, Meaning(surface.space.names, "value", "seed"))
    assert back.space == surface.space
    assert back.seeds == surface.seeds
    np.testing.assert_array_equal(back.value, surface.value)
    np.testing.assert_array_equal(back.diverged, surface.diverged)


def test_export_says_train_loss_and_seconds_too() -> None:
    surface = bowl((2,))
    loss = np.array([[0.1], [1 / 3]])
    full = Surface(surface.space, (7,), surface.value, surface.diverged, surface.provenance, None, loss, 2 * loss)
    assert exporting.csv_text(full) == (
        "alpha,seed,value,diverged,train_loss,seconds\n"
        "1.0,7,1.0,false,0.1,0.2\n"
        "10.0,7,0.0,false,0.3333333333333333,0.6666666666666666\n"
    )


def test_the_whole_way_round(tmp_path: Path) -> None:
    """Import, save, load, export, import: the same surface but for its file's name and date."""

    surface_file.save(read(tmp_path, PLAIN), tmp_path / "s.parquet")
    loaded = surface_file.load(tmp_path / "s.parquet")
    same(read(tmp_path, PLAIN), loaded)
    assert exporting.csv_text(
        read(tmp_path, exporting.csv_text(loaded), value="value", metric="error")
    ) == exporting.csv_text(loaded)


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_csv_and_a_frame(tmp_path: Path, pool: bool) -> None:
    surface = rich(pool)
    exporting.write_csv(surface, tmp_path / "s.csv")
    options = {"seed": "seed", "epoch": "step", "maximize": True, "keep": ["flops"], "pool": pool}
    back = surface_from(tmp_path / "s.csv", Meaning(surface.space.names, "acc", **options))  # type: ignore[arg-type]
    framed = Surface.from_frame(surface.to_frame(), surface.space.names, "acc", **options)
    for found in (back, framed):
        if pool:  # a pool's axes hold the values that occur
            assert found.space.size == surface.space.size
            np.testing.assert_array_equal(found.value, surface.value)
        else:
            alike(surface, found)
            np.testing.assert_array_equal(found.diverged, surface.diverged)
            np.testing.assert_array_equal(found.extra["flops"], surface.extra["flops"])


def test_an_export_is_in_the_metrics_own_sense() -> None:
    surface = Surface.from_frame(TABLE, WHAT.axes, "acc", maximize=True)
    frame = surface.to_frame()
    assert frame["acc"].tolist() == TABLE["acc"].tolist()
    plain = bowl((2, 2))
    assert plain.to_frame().columns.tolist() == ["alpha", "epsilon", "seed", "value", "diverged"]
