"""Replay tables: sealed as surfaces are, and welcome from other programs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids import replay_table, surface_file
from grids.errors import BadInput
from grids.replay_header import Judged, ReplayHeader
from grids.sealed import HEADER_KEY
from grids.surface_facts import SurfaceFacts


def table() -> pd.DataFrame:
    rows = [
        ("digits-mlp/adam", "adam", "digits-mlp", "gld:radius_max=10", 0, 1, 1, 5.0, 3.0, False),
        ("digits-mlp/adam", "adam", "digits-mlp", "gld:radius_max=10", 0, 4, 3, 2.0, 0.0, False),
        ("digits-mlp/adam", "adam", "digits-mlp", "gld:radius_max=10", 0, 4, 3, 2.0, 0.0, True),
    ]
    return pd.DataFrame(rows, columns=replay_table.SCHEMA.names)


def test_round_trip_with_header(tmp_path: Path) -> None:
    replay_table.save(table(), tmp_path / "r.parquet", {"seed": 3, "searchers": ["gld"]})
    frame, header = replay_table.load(tmp_path / "r.parquet")
    pd.testing.assert_frame_equal(frame, table(), check_dtype=False)
    assert header["seed"] == 3
    assert header["format"] == 1
    assert [str(kind) for kind in frame.dtypes[4:]] == ["int64"] * 3 + ["float64"] * 2 + ["bool"]


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    replay_table.save(table().iloc[:0], tmp_path / "r.parquet", {})
    assert len(replay_table.load(tmp_path / "r.parquet")[0]) == 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_byte_or_cut_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "r.parquet"
    replay_table.save(table(), path, {"seed": 3})
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(content), bytes(content[:place])):
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"r\.parquet: "):
            replay_table.load(path)


def test_a_table_that_pandas_wrote(tmp_path: Path) -> None:
    """Without our header, in narrower integers, strings of another kind, columns in another order, one more."""
    frame = table().astype({"repeat": "int32", "trial": "int16", "searcher": "category"}).assign(note="x")
    frame[frame.columns[::-1]].to_parquet(tmp_path / "r.parquet")
    loaded, header = replay_table.load(tmp_path / "r.parquet")
    pd.testing.assert_frame_equal(loaded, table(), check_dtype=False)
    assert header == {}


def test_how_a_table_was_judged_is_read_from_its_header() -> None:
    assert ReplayHeader.of({}).judged == ReplayHeader.of({"noise": None}).judged == Judged()
    header = {"seed_statistic": "best", "value_of": "best", "noise": "seed", "repeats": 5}
    assert ReplayHeader.of(header).judged == Judged("best", "best", "seed")


def test_a_header_is_written_and_read_again() -> None:
    header = ReplayHeader(seed=3, max_trials={"s": 9}, noise="seed", searchers=["gld"], surfaces={"s": SurfaceFacts()})
    content = json.loads(json.dumps(header.to_json()))
    assert ReplayHeader.of(content) == header
    assert content["workers"] is None
    assert "live" not in content
    assert "workers" not in ReplayHeader(live={"trials": 4}).to_json()
    odd = {"seed": "3", "repeats": True, "max_trials": {"s": "9"}, "noise": 7, "searchers": "gld", "live": 1}
    assert ReplayHeader.of(odd) == ReplayHeader()
    assert ReplayHeader.of({"max_trials": 5, "surfaces": ["s"]}).max_trials == {"s": 5}


def broken(change: str) -> pa.Table:
    whole = pa.Table.from_pandas(table(), preserve_index=False)
    number = whole.column_names.index
    return {
        "a column missing": lambda: whole.drop_columns(["best"]),
        "text for a number": lambda: whole.set_column(number("trial"), "trial", pa.array(["one"] * 3)),
        "half a trial": lambda: whole.set_column(number("trial"), "trial", pa.array([0.5, 1, 2])),
        "a blank": lambda: whole.set_column(number("best"), "best", pa.array([1.0, None, 2.0])),
        "a newer format": lambda: whole.replace_schema_metadata({HEADER_KEY: json.dumps({"format": 2}).encode()}),
    }[change]()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("a column missing", "not a replay table .no column 'best'"),
        ("text for a number", "column 'trial' holds string, not int64"),
        ("half a trial", "column 'trial' holds double, not int64"),
        ("a blank", "column 'best' is blank in row 2"),
        ("a newer format", "is of format 2, this program reads up to 1"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, change: str, message: str) -> None:
    pq.write_table(broken(change), tmp_path / "r.parquet")
    with pytest.raises(BadInput, match=message):
        replay_table.load(tmp_path / "r.parquet")


def test_a_surface_is_no_replay_table(tmp_path: Path) -> None:
    from surfaces_made import bowl

    surface: Any = bowl((2, 2))
    surface_file.save(surface, tmp_path / "s.parquet")
    with pytest.raises(BadInput, match="not a replay table"):
        replay_table.load(tmp_path / "s.parquet")


def test_parts_make_the_same_file_as_their_frame(tmp_path: Path) -> None:
    rows = {
        "repeat": np.array([0, 0, 1]),
        "trial": np.array([1, 3, 1]),
        "unique": np.array([1, 2, 1]),
        "best": np.array([2.5, 2.0, np.inf]),
        "suboptimality": np.array([0.5, 0.0, np.inf]),
        "end": np.array([False, True, True]),
    }
    parts = [
        replay_table.Part(("a/ä", "ä", "a", "random"), rows),
        replay_table.Part(("a/ä", "ä", "a", "sha:eta=3"), rows | {"spent": np.array([1.0, np.nan, 9.0])}),
    ]
    replay_table.save_parts(parts, tmp_path / "parts.parquet", {"seed": 3})
    frame = replay_table.frame_of(parts)
    replay_table.save(frame, tmp_path / "frame.parquet", {"seed": 3})
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "frame.parquet").read_bytes()
    assert list(frame) == [*replay_table.SCHEMA.names, "spent"]
    assert frame["spent"].isna().tolist() == [True] * 3 + [False, True, False]
