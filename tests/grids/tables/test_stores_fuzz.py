"""Mutated stores: each is a surface or one line, whatever goes wrong in it, and nothing changes or stays behind."""

import random
import shutil
import warnings
from pathlib import Path

import pytest

from grids.errors import BadInput
from grids.surface import Surface
from grids.tables.meaning import meaning_of
from grids.tables.sources import surface_from

STORES = sorted((Path(__file__).parents[2] / "data" / "stores").iterdir())
PIECES = [
    *(
        b"",
        b"null",
        b"NaN",
        b"Infinity",
        b"-1e308",
        b"1e999",
        b'"x"',
        b"[]",
        b"{}",
        b"[[]]",
        b"{",
        b"}",
        b",",
        b"\n",
        b"\0",
    ),
    *(b"\xff", b"\x80", b"true", b"x" * 300, b"9" * 400, b"1" + b"0" * 20, b"#", b"%", b"\xc3\xa9", b"\x80\x04\x95"),
]
OPTIONS = [
    *({}, {"missing": "worst"}, {"missing": "last"}, {"pool": True}, {"missing": "3", "maximize": True}),
    *({"value": "loss"}, {"value": "loss", "missing": "worst"}, {"axes": ["lr"], "value": "loss", "pool": True}),
]


def mutated(rng: random.Random, content: bytes) -> bytes:
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            content = content[:place] + rng.choice(PIECES) + content[place:]
        elif kind == 1:
            content = content[:place] + content[place + rng.randrange(40) :]
        elif kind == 2:
            content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
        elif kind == 3:
            words = content.split(b",")
            words[rng.randrange(len(words))] = rng.choice(PIECES)
            content = b",".join(words)
        else:
            content = content[:place]
    return content


def one(rng: random.Random, folder: Path) -> bool:
    """One mutated store; whether it was taken."""
    store = rng.choice(STORES)
    place = folder / store.name
    shutil.copytree(store, place) if store.is_dir() else shutil.copy(store, place)
    file = rng.choice(sorted(path for path in place.rglob("*") if path.is_file())) if place.is_dir() else place
    if rng.random() < 0.05:
        file.unlink()
    else:
        file.write_bytes(mutated(rng, file.read_bytes()))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    try:
        found = surface_from(str(place), meaning_of(**{"value": "", **rng.choice(OPTIONS)}))
        assert isinstance(found, Surface)
        said = ""
    except BadInput as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 2000
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    return not said


SIZES = [
    pytest.param(150, id="few"),
    pytest.param(1000, marks=pytest.mark.slow, id="a part"),
    pytest.param(10_000, marks=[pytest.mark.fuzz, pytest.mark.timeout(7200)], id="all"),
]


@pytest.mark.parametrize("count", SIZES)
def test_mutated_stores(count: int, tmp_path: Path) -> None:
    rng = random.Random(count)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        taken = sum(one(rng, tmp_path) for _ in range(count))
    assert count // 20 < taken < count
