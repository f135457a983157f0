"""Records of transfers, read from files that somebody altered."""

import json
from pathlib import Path
from typing import Any

import pytest

from grids.errors import BadInput
from trainers.transfer import record

RECORD = {
    "format": 1,
    "task": "digits-mlp",
    "to": "digits-mlp-wide",
    "optimizer": "adam",
    "hyperparameters": {"alpha": 0.1, "epsilon": 1e-8},
    "seeds": [0, 1],
    "values": [2.0, 4.0],
    "mean": 3.0,
    "std": 2.0**0.5,
    "metric": "test error",
    "unit": "%",
}


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record.write(tmp_path / "one.json", [RECORD])
    one_seed = {**RECORD, "seeds": [0], "values": [3.0], "std": None}
    record.write(tmp_path / "two.json", [RECORD, one_seed])
    assert record.read(tmp_path / "one.json") == [RECORD]
    assert record.read(tmp_path / "two.json") == [RECORD, one_seed]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("mean", 1.0, "its mean is 1.0, and that of its values 3.0"),
        ("mean", True, "its mean is True"),
        ("std", -1, "its std is -1, and that of its values 1.41"),
        ("std", "x", "its std is 'x'"),
        ("std", None, "its std is None"),
        ("to", ["x"], "its to is ['x'], not a text"),
        ("metric", None, "its metric is None, not a text"),
        ("values", [2.0], "its values are not one number for each of its 2 seed(s)"),
        ("values", [7.0, 9.0], "its mean is 3.0, and that of its values 8.0"),
        ("values", [2.0, "4"], "its values are not one number"),
        ("seeds", 3, "its seeds are 3, not a list of whole numbers"),
        ("seeds", [], "its seeds are [], not a list"),
        ("hyperparameters", {"alpha": "x"}, "its hyperparameters are not numbers by name"),
    ],
)
def test_an_altered_record_is_refused(tmp_path: Path, key: str, value: Any, told: str) -> None:
    file = tmp_path / "t.json"
    file.write_text(json.dumps({**RECORD, key: value}))
    with pytest.raises(BadInput) as caught:
        record.read(file)
    assert str(caught.value).startswith(f"{file}: {told}")
    assert str(caught.value).endswith("; the file was altered: transfer again")


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "3", "[3]", "[]"], ids=["deep", "cut", "number", "list", "empty"])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(BadInput, match="`tunecost transfer` writes such files"):
        record.read(tmp_path / "t.json")
