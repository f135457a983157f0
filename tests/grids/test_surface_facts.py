"""What a replay table's header holds of a surface: written, read again, and refused where it is nonsense."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from surfaces_made import bowl

from grids.errors import BadInput
from grids.surface import Fidelity
from grids.surface_facts import SurfaceFacts, surface_facts
from grids.surface_file import load, save


def test_facts_survive_a_header(tmp_path: Path) -> None:
    surface = bowl((3, 3), seeds=2)
    about = replace(
        surface.provenance, unit="nats", failure=9.0, targets=(0.25,), resolution=0.1, optimizer_label="ADAM"
    )
    curve = surface.value[..., None].repeat(2, axis=-1)
    save(replace(surface, provenance=about, curve=curve, fidelity=Fidelity("step", (1.0, 5.0))), tmp_path / "s.parquet")
    facts = SurfaceFacts.of(load(tmp_path / "s.parquet"), tmp_path / "s.parquet", "best")
    assert facts.lowest == 0.0
    assert (facts.targets, facts.targets_derived, facts.seeds) == ((0.25,), False, (0, 1))
    assert facts.fidelity == {"name": "step", "values": [1.0, 5.0]}
    assert facts.sha256 == hashlib.sha256((tmp_path / "s.parquet").read_bytes()).hexdigest()
    header = json.loads(json.dumps({"surfaces": {"s.parquet": facts.to_json()}}))
    assert surface_facts(header) == {"s.parquet": facts}


@pytest.mark.parametrize("header", [{}, {"surfaces": ["digits-mlp/adam"]}, {"surfaces": None}])
def test_tables_of_the_first_round_name_surfaces_alone(header: dict) -> None:
    assert surface_facts(header) == {}
    assert SurfaceFacts().targets == (0.5, 1.0)
    assert SurfaceFacts().unit == ""


@pytest.mark.parametrize(
    ("key", "item"),
    [
        ("unit", 3),
        ("targets", []),
        ("targets", [-1.0]),
        ("targets", "0.5"),
        ("bounded", "yes"),
        ("failure", "nan"),
        ("seeds", 3),
        ("sha256", 7),
    ],
)
def test_nonsense_is_named(key: str, item: object) -> None:
    with pytest.raises(BadInput, match=f"the header's '{key}' of surface 'x/adam' is not what it should be"):
        surface_facts({"surfaces": {"x/adam": {key: item}}})
