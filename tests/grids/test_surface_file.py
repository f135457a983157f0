"""Surface files: what is written is what is read; anything else is refused with the reason."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from surfaces_made import bowl, same, surfaces
from tables_made import rich

from grids import surface_file
from grids.errors import BadInput
from grids.sealed import HEADER_KEY, columns_sha256
from grids.space import Axis, Space
from grids.surface import Provenance, Surface

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@quick
@given(surfaces())
def test_round_trip(tmp_path: Path, surface: Surface) -> None:
    surface_file.save(surface, tmp_path / "s.parquet")
    same(surface, surface_file.load(tmp_path / "s.parquet"))


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "s.parquet"
    surface_file.save(bowl((3, 2), seeds=2), path)
    return path.read_bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_byte_is_refused(tmp_path: Path, content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.integers(1, 255))
    refuses(tmp_path, bytes(changed))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_cut_or_tail_is_refused(tmp_path: Path, content: bytes, data: st.DataObject) -> None:
    refuses(tmp_path, content[: data.draw(st.integers(0, len(content) - 1))])
    refuses(tmp_path, content + data.draw(st.binary(min_size=1, max_size=9)))


def test_an_altered_number_is_called_altered_and_named(tmp_path: Path) -> None:
    """Of a file that another program wrote anew, only what is wrong with its rows is known."""
    path = tmp_path / "s.parquet"
    surface = bowl((2, 2))
    axes = (Axis("alpha", (1.0, 1234.5)), surface.space.axes[1])
    surface_file.save(Surface(Space(axes), (0,), surface.value, surface.diverged, surface.provenance), path)
    content = path.read_bytes()
    number = np.float64(1234.5).tobytes()
    assert number in content
    path.write_bytes(content.replace(number, np.float64(1234.25).tobytes()))
    with pytest.raises(BadInput, match=r": altered since it was written: row 3: alpha=1234\.25 is not a value"):
        surface_file.load(path)


@pytest.mark.slow
def test_every_flipped_bit_and_every_cut_is_refused(tmp_path: Path, content: bytes) -> None:
    for place in range(len(content)):
        refuses(tmp_path, content[:place])
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            refuses(tmp_path, bytes(changed))


def refuses(folder: Path, content: bytes) -> None:
    path = folder / "altered.parquet"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"altered\.parquet: "):
        surface_file.load(path)


def rewrite(path: Path, change: Callable[[pa.Table, dict[str, Any]], pa.Table | None]) -> None:
    """Read a surface's file as anyone could, change its table or header, and write it with a digest that fits."""
    table = pq.read_table(path)
    header = json.loads(table.schema.metadata[HEADER_KEY])
    table = table.replace_schema_metadata(None)
    changed = change(table, header)
    table = table if changed is None else changed
    if "sha256" in header:
        header["sha256"] = columns_sha256(table)
    pq.write_table(table.replace_schema_metadata({HEADER_KEY: json.dumps(header).encode()}), path)


def put(table: pa.Table, name: str, values: Any) -> pa.Table:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return table.set_column(table.column_names.index(name), name, array)


def set_header(**items: Any) -> Callable[[pa.Table, dict[str, Any]], None]:
    return lambda table, header: header.update(items)


def nan_value(table: pa.Table, header: dict[str, Any]) -> pa.Table:
    return put(table, "value", [*table["value"].to_pylist()[:-1], float("nan")])


FAULTS: dict[str, tuple[Callable[[pa.Table, dict[str, Any]], Any], str]] = {
    "a future format": (set_header(format=2), r"is of format 2, this program reads up to 1"),
    "no format": (lambda table, header: header.pop("format") and None, r"no valid format number"),
    "a format that is no number": (set_header(format=True), r"no valid format number"),
    "a missing row": (lambda table, header: table.slice(1), r"cell alpha=1, epsilon=1, seed 0 is missing$"),
    "missing rows": (
        lambda table, header: table.slice(0, 6),
        r"alpha=10, epsilon=100, seed 0 is missing \(and 13 more\)",
    ),
    "a doubled row": (
        lambda table, header: pa.concat_tables([table, table.slice(19)]),
        r"cell alpha=10000, epsilon=1000, seed 0 is given twice$",
    ),
    "no rows": (lambda table, header: table.slice(0, 0), r"it has no rows"),
    "a value off its axis": (lambda table, header: put(table, "alpha", [0.5] * 20), r"row 1: alpha=0.5 is not a value"),
    "NaN in a run that did not diverge": (nan_value, r"alpha=10000, epsilon=1000, seed 0 is nan but .* not marked"),
    "nothing finite": (
        lambda table, header: put(put(table, "value", [float("inf")] * 20), "diverged", [True] * 20),
        r"not one of its values is finite",
    ),
    "no value column": (lambda table, header: table.drop_columns(["value"]), r"no column 'value'"),
    "two value columns": (lambda table, header: table.append_column("value", table["value"]), r"two columns .*'value'"),
    "text as value": (lambda table, header: put(table, "value", ["a"] * 20), r"column 'value' holds string"),
    "broken seeds": (lambda table, header: put(table, "seed", [0.5] * 20), r"column 'seed' holds double"),
    "a blank flag": (
        lambda table, header: put(table, "diverged", [False, None] + [False] * 18),
        r"column 'diverged' is blank in row 2",
    ),
    "curves of different lengths": (
        lambda table, header: table.append_column("curve", pa.array([[1.0]] * 19 + [[1.0, 2.0]])),
        r"lists of different lengths",
    ),
    "a blank curve": (
        lambda table, header: table.append_column("curve", pa.array([None] + [[1.0]] * 19)),
        r"lists of different lengths",
    ),
    "curves that are no lists": (
        lambda table, header: table.append_column("curve", table["value"]),
        r"column 'curve' holds double",
    ),
    "a replay table": (set_header(kind="replays"), r"is a replay table, not a surface"),
    "no axes": (lambda table, header: header.pop("axes") and None, r"header's axes are missing or wrong"),
    "axes that are none": (set_header(axes="alpha"), r"header's axes are missing or wrong"),
    "axes of text": (set_header(axes=[{"name": "alpha", "values": ["x"]}]), r"column 'alpha' holds double, not text"),
    "axes of words and numbers": (set_header(axes=[{"name": "alpha", "values": ["x", 1]}]), r"labels must be text"),
    "falling axes": (set_header(axes=[{"name": "alpha", "values": [2, 1]}]), r"'alpha': values must be strictly incr"),
    "no task": (lambda table, header: header.pop("task") and None, r"names no task"),
    "a task that is no text": (set_header(task=3), r"header's 'task' is not a text"),
    "schedule that is no object": (set_header(fixed=[1]), r"header's 'fixed' is not an object"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(tmp_path: Path, fault: str) -> None:
    change, message = FAULTS[fault]
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(), path)
    rewrite(path, change)
    with pytest.raises(BadInput, match=message) as caught:
        surface_file.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_changed_value_is_seen_by_the_columns_digest(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(), path)
    table = pq.read_table(path)
    changed = put(table, "value", [9.0, *table["value"].to_pylist()[1:]])
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(BadInput, match="altered since it was written"):
        surface_file.load(path)


def test_a_file_written_anew_by_another_program_is_read(tmp_path: Path) -> None:
    """Rows in another order, further columns, fewer facts in the header, another compression: still a surface."""
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(seeds=2), path)

    def change(table: pa.Table, header: dict[str, Any]) -> pa.Table:
        for name in ("sha256", "software", "device", "created", "command"):
            header.pop(name)
        rows = np.random.default_rng(0).permutation(table.num_rows)
        return table.take(pa.array(rows)).append_column("note", pa.array(["x"] * table.num_rows))

    rewrite(path, change)
    same(bowl(seeds=2), surface_file.load(path))


def test_a_file_written_anew_keeps_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(), path)
    pq.write_table(pq.read_table(path), path)
    same(bowl(), surface_file.load(path))


def test_a_diverged_run_without_a_value_counts_as_the_worst() -> None:
    surface = bowl((3,), seeds=2)
    value, diverged = surface.value.copy(), surface.diverged.copy()
    value[0, 0], diverged[0, 0] = np.nan, True
    holed = Surface(surface.space, surface.seeds, value, diverged, surface.provenance)
    np.testing.assert_array_equal(holed.mean, [1.125, 0.0625, 1.0625])
    assert holed.best_cell == (1,)


@pytest.mark.parametrize("name", ["seed", "value", "diverged", "curve", "seconds"])
def test_an_axis_cannot_take_a_columns_name(name: str) -> None:
    with pytest.raises(BadInput, match=f"cannot be called '{name}'"):
        Surface(Space((Axis(name, (1, 2)),)), (0,), np.zeros((2, 1)), np.zeros((2, 1), bool), Provenance("t", "o"))


@pytest.mark.parametrize("what", ["not parquet", "no header", "folder", "nothing"])
def test_what_is_no_surface(tmp_path: Path, what: str) -> None:
    path = tmp_path / "s.parquet"
    if what == "not parquet":
        path.write_text("alpha,value\n1,2\n")
    elif what == "no header":
        pq.write_table(pa.table({"alpha": [1.0]}), path)
    elif what == "folder":
        path.mkdir()
    with pytest.raises(BadInput, match=r"s\.parquet: "):
        surface_file.load(path)


def test_nothing_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "s.parquet", tmp_path, Path("/dev/null")):
        with pytest.raises(BadInput, match="cannot be written"):
            surface_file.save(bowl(), target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
    assert not Path("/dev/null").is_file()


def test_a_file_of_a_program_that_stores_no_arrow_schema_is_held_to_the_columns_digest(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(), path)
    table = pq.read_table(path)
    header = table.schema.metadata[HEADER_KEY]
    write_as_a_stranger(path, table, header)
    same(bowl(), surface_file.load(path))
    write_as_a_stranger(path, put(table, "value", [9.0, *table["value"].to_pylist()[1:]]), header)
    with pytest.raises(BadInput, match="the columns' sha256 does not match"):
        surface_file.load(path)


def write_as_a_stranger(path: Path, table: pa.Table, header: bytes) -> None:
    bare = table.replace_schema_metadata(None)
    with pq.ParquetWriter(path, bare.schema, store_schema=False) as writer:
        writer.write_table(bare)
        writer.add_key_value_metadata({HEADER_KEY: header})


OTHER_TYPES: dict[str, Callable[[pa.Table, dict[str, Any]], Any]] = {
    "whole numbers": lambda table, header: put(table, "alpha", table["alpha"].cast(pa.int32()).combine_chunks()),
    "decimals": lambda table, header: put(table, "alpha", table["alpha"].cast(pa.decimal128(9, 1)).combine_chunks()),
    "a dictionary": lambda table, header: put(table, "value", table["value"].combine_chunks().dictionary_encode()),
    "chunks": lambda table, header: pa.concat_tables([table.slice(7), table.slice(0, 7)]),
    "curves of fixed size": lambda table, header: with_curve(table, pa.list_(pa.float64(), 2)),
    "large curves": lambda table, header: with_curve(table, pa.large_list(pa.float32())),
    "curves of whole numbers": lambda table, header: with_curve(table, pa.list_(pa.int64())),
    "a note here and there": lambda table, header: table.append_column("n", pa.array(["x"] + 19 * [None])),
    "a large note": lambda table, header: table.append_column("n", pa.array(["x"] + 19 * [None], pa.large_string())),
    "a record": lambda table, header: table.append_column("n", pa.array([{"a": 1}] + 19 * [None])),
    "nothing in seconds": lambda table, header: table.append_column("seconds", pa.nulls(20)),
    "nulls in the header": set_header(device=None, fixed=None, unit=None),
    "words in the header": set_header(software="by hand", data="none"),
}


def with_curve(table: pa.Table, kind: pa.DataType) -> pa.Table:
    return table.append_column("curve", pa.array([[1, 2]] * 20, kind))


@pytest.mark.parametrize("other", OTHER_TYPES)
def test_other_hands_may_use_other_types(tmp_path: Path, other: str) -> None:
    path = tmp_path / "s.parquet"
    surface_file.save(bowl(), path)
    rewrite(path, OTHER_TYPES[other])
    surface = surface_file.load(path)
    np.testing.assert_array_equal(surface.value, bowl().value)
    if "curve" in other:
        assert surface.curve is not None
        assert surface.curve.tolist() == np.broadcast_to([1.0, 2.0], (5, 4, 1, 2)).tolist()


def strings(*items: str | None) -> str:
    return columns_sha256(pa.table({"a": pa.array(items, pa.string())}))


def test_the_digest_tells_strings_apart_however_they_lie_in_memory() -> None:
    different = [("a", "b"), ("ab", ""), ("", "ab"), ("a", "c"), ("a",), (), (None, "ab"), ("a", None)]
    assert len({strings(*items) for items in different}) == len(different)
    long = pa.table({"a": pa.array(["x", "a", "é", "y"], pa.string())})
    assert columns_sha256(long.slice(1, 2)) == strings("a", "é")
    assert columns_sha256(pa.concat_tables([long.slice(1, 1), long.slice(2, 1)])) == strings("a", "é")


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_the_digest_is_of_values_however_another_program_stores_them(kind: pa.DataType) -> None:
    try:
        column = pa.array(["x", None, "é"]).cast(kind)
    except pa.ArrowNotImplementedError:
        pytest.skip(f"this pyarrow has no {kind}")
    assert columns_sha256(pa.table({"a": column})) == strings("x", None, "é")


@pytest.mark.parametrize(
    ("key", "item", "said"),
    [
        ("failure", "guessing", "'failure' is not a finite number"),
        ("resolution", True, "'resolution' is not a finite number"),
        ("targets", [0.5] * 1001, "'targets' must be a list"),
        ("targets", [-1], "'targets' must be a list"),
        ("targets", 0.5, "'targets' must be a list"),
        ("bounded", "yes", "'bounded' is neither"),
        ("fidelity", {"name": "epoch"}, "'fidelity' has no name and list"),
        ("fidelity", {"name": "epoch", "values": [1, 2]}, "curves have 3 points"),
        ("fidelity", {"name": "epoch", "values": [1, 3, 2]}, "ascending"),
        ("extra", "loss", "'extra' is not a list"),
    ],
)
def test_a_header_with_a_wrong_fact_about_the_metric_is_refused(tmp_path: Path, key: str, item: Any, said: str) -> None:
    surface = bowl((2, 2))
    curve = np.repeat(surface.value[..., None], 3, axis=-1)
    path = tmp_path / "s.parquet"
    surface_file.save(replace(surface, curve=curve), path)
    table = pq.read_table(path)
    header = json.loads(pq.read_metadata(path).metadata[HEADER_KEY]) | {key: item}
    pq.write_table(table.replace_schema_metadata({HEADER_KEY: json.dumps(header).encode()}), path)
    with pytest.raises(BadInput, match=said):
        surface_file.load(path)


def test_curves_without_a_named_fidelity_are_of_epochs() -> None:
    surface = bowl((2, 2))
    found = replace(surface, curve=np.repeat(surface.value[..., None], 3, axis=-1)).fidelity
    assert found is not None
    assert (found.name, found.values) == ("epoch", (1.0, 2.0, 3.0))
    assert surface.fidelity is None


@pytest.mark.parametrize("pool", [False, True], ids=["grid", "pool"])
def test_round_trip_through_the_surface_file(tmp_path: Path, pool: bool) -> None:
    surface_file.save(rich(pool), tmp_path / "s.parquet")
    same(rich(pool), surface_file.load(tmp_path / "s.parquet"))
