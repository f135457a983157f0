"""Surfaces by name: local ones first, shipped ones else, and a hint for a name that is neither."""

from pathlib import Path

import pytest
from surfaces_made import bowl, same

from grids import library, surface_file
from grids.errors import BadInput
from grids.library import find_surface, list_surfaces, load_surface


@pytest.fixture(autouse=True)
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and shipped surfaces of our own: toy/adam and toy/sgd."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(library, "SHIPPED", tmp_path / "data")
    surface_file.save(bowl((2, 2)), tmp_path / "data/toy/adam.parquet")
    surface_file.save(bowl((2, 3), optimizer="sgd"), tmp_path / "data/toy/sgd.parquet")
    return tmp_path


def test_shipped_surfaces_have_names() -> None:
    assert [(entry.name, entry.shipped) for entry in list_surfaces()] == [("toy/adam", True), ("toy/sgd", True)]
    same(load_surface("toy/sgd"), bowl((2, 3), optimizer="sgd"))


def test_a_local_surface_hides_a_shipped_one_of_its_name() -> None:
    surface_file.save(bowl((3, 3)), "surfaces/toy/adam.parquet")
    surface_file.save(bowl((3, 3)), "surfaces/toy/.writing-x.parquet")
    Path("surfaces/toy/adam.shards").mkdir()
    assert [(entry.name, entry.shipped) for entry in list_surfaces()] == [("toy/adam", False), ("toy/sgd", True)]
    assert load_surface("toy/adam").space.shape == (3, 3)


def test_a_path_is_a_path(shelves: Path) -> None:
    surface_file.save(bowl((4, 4)), "mine.parquet")
    assert load_surface("mine.parquet").space.shape == (4, 4)
    assert find_surface(str(shelves / "data/toy/adam.parquet")) == shelves / "data/toy/adam.parquet"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("toy/adm", r"unknown surface 'toy/adm'; did you mean 'toy/adam'\? \(known: toy/adam, toy/sgd\)"),
        ("toy", r"unknown surface 'toy'"),
        ("none.parquet", r"none\.parquet: no such file"),
        ("folder.parquet", r"folder\.parquet: is a folder"),
        ("sweep.csv", r"sweep\.csv: a surface is a \.parquet file; `tunecost grid import` makes one"),
    ],
)
def test_what_has_no_surface(text: str, message: str) -> None:
    Path("folder.parquet").mkdir()
    with pytest.raises(BadInput, match=message):
        load_surface(text)
