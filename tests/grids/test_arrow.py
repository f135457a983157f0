"""Numbers from and to Arrow's buffers, against Arrow's own conversions."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grids.arrow import array_of, flattened, lengths_of, numbers_of, repeated

ARRAYS = {
    "floats": pa.array([0.5, -1.0, float("inf"), 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
    "narrow floats": pa.array(range(10), pa.float32()),
    "half floats": pa.array(np.arange(10, dtype=np.float16)),
    "integers": pa.array(range(10), pa.int64()),
    "bytes": pa.array(range(10), pa.uint8()),
    "flags": pa.array([True, False, False, True, True, False, True, False, True, True]),
    "blanks": pa.array([1.0, None, 3.0] * 3),
    "decimals": pa.array(range(10)).cast(pa.decimal128(25, 2)),
    "none": pa.array([], pa.float64()),
    "no flags": pa.array([], pa.bool_()),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_numbers_are_arrows(name: str) -> None:
    array = ARRAYS[name]
    for part in (array, array[3:], array[1:9], array[:0]):
        wanted = part.to_numpy(zero_copy_only=False)
        for column in (part, pa.chunked_array([part]), pa.chunked_array([part, array, part[1:]])):
            found = numbers_of(column)
            theirs = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
            assert found.dtype == theirs.dtype
            np.testing.assert_array_equal(found, theirs)
        assert len(wanted) == len(part)
    nothing = pa.chunked_array([], array.type)
    assert len(numbers_of(nothing)) == 0


@given(st.lists(st.floats(width=64)), st.lists(st.booleans()), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_arrays_are_arrows(floats: list[float], flags: list[bool], whole: list[int]) -> None:
    for values in (np.array(floats, float), np.array(flags, bool), np.array(whole, np.int64)):
        found = array_of(values)
        found.validate(full=True)
        assert found.equals(pa.array(values, from_pandas=True))


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.integers(0, 5))))
def test_texts_are_arrows(pairs: list[tuple[str, int]]) -> None:
    texts, counts = [text for text, _ in pairs], [count for _, count in pairs]
    found = repeated(texts, counts)
    found.validate(full=True)
    assert found.equals(pa.array([text for text, count in pairs for _ in range(count)], pa.string()))


@pytest.mark.parametrize("nulls", [False, True])
def test_lengths_are_arrows(nulls: bool) -> None:
    more = [None] if nulls else []
    texts = pa.array(["a", "", "über", "xyz", *more, "b"])
    lists = pa.array([[1.0], [], [2.0, 3.0], [4.0], *more, []])
    for array, measure in ((texts, pc.binary_length), (lists, pc.list_value_length)):
        for part in (array, array[1:], array[2:4], array[:0]):
            for column in (part, pa.chunked_array([part]), pa.chunked_array([part, array, part])):
                found = lengths_of(column)
                found.validate(full=True)
                wanted = measure(column)
                assert found.equals(wanted.combine_chunks() if isinstance(column, pa.ChunkedArray) else wanted)
    for part in (lists, lists[1:], lists[2:4], lists[:0]):
        assert flattened(part).equals(part.flatten())
