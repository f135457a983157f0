"""JSON of any content: a value, or one kind of error."""

import json
from pathlib import Path

import pytest

from grids import json_text, limits
from grids.errors import BadInput


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "byte 1 is not UTF-8"),
        (b"[" * 10**5, "nested too deeply"),
        (b"[NaN]", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e999]", "1e999 is too large"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b"{", "Expecting"),
        (b"1" * 5000, "limit"),
    ],
)
def test_refuses(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        json_text.parse(content)


def test_reads_what_json_reads() -> None:
    held = {"a": [1, 2.5, None, True, "α\u2028 \U0001f600", "\\ud800"], "b": {}}
    for ascii_only in (True, False):
        assert json_text.parse(json.dumps(held, ensure_ascii=ascii_only).encode()) == held
    assert json_text.parse(b"[1e999]", finite=False) == [float("inf")]


def test_a_file_is_no_longer_than_what_fits_as_values(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" + "[]," * 20_000 + "[]]")
    assert len(json_text.read(path)) == 20_001
    before = limits.most_bytes()
    limits.allow(1_000_000)
    try:
        with pytest.raises(BadInput, match="would take 1,440"):
            json_text.read(path)
    finally:
        limits.allow(before)
