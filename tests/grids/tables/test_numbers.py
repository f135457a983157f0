"""Numbers as spreadsheets write them."""

from pathlib import Path

import pytest
from tables_made import column, read, refused

NUMBERS = {
    "a decimal comma": ("a;error", "0,5;1,25", [0.5], 1.25),
    "a point beside semicolons": ("a;error", "0.5;1.25", [0.5], 1.25),
    "thousands in English": ("a,error", '"1,000","1,234.5"', [1000], 1234.5),
    "thousands in German": ("a;error", "1.000,5;2.000.000", [1000.5], 2e6),
    "thousands in Swiss": ("a,error", "1'000,2'500.5", [1000], 2500.5),
    "thousands with a narrow space": ("a;error", "1\u202f000;3,5", [1000], 3.5),
    "a decimal comma in a quoted field": ("a,error", '"0,25",3', [0.25], 3),
    "a percent sign": ("a,error", "1,91.5%", [1], 91.5),
    "a comma as another column proves it": ("a,error", '"0,25","1,234"', [0.25], 1.234),
    "thousands as Python writes them": ("a,error", "10_000,5", [10_000], 5),
    "thousands in India": ("a,error", '"1,00,000","12,34,567.5"', [100_000], 1234567.5),
    "a list in quotes proves nothing": ("a,error,layers", '1,1.234,"16,32"', [1], 1.234),
    "a typographic minus": ("a,error", "1,−0.5", [1], -0.5),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_as_spreadsheets_write_them(tmp_path: Path, kind: str) -> None:
    header, row, axis, value = NUMBERS[kind]
    surface = read(tmp_path, column(header, row), "a")
    assert list(surface.space.axes[0].values) == axis
    assert surface.value.ravel().tolist() == [value]


UNCLEAR = {
    "one thousand or one": (
        "a\terror",
        ["1,000\t1", "2,000\t2"],
        "'1,000' is no number, as others there are (of thousands or of decimals?",
    ),
    "thousands among decimal commas": ("a;error", ["1;1.234", "2;5,18"], "'1.234' is no number (of thousands"),
    "points where another column has decimal commas": ("a;error", ["0,1;1.234", "0,2;987"], "'1.234' is no number (of"),
    "an axis of points beside decimal commas": ("a;error", ["1.000;12,5", "2.000;13"], "'1.000' is no number, as"),
    "numbers among words": (
        "a,error",
        ["relu,1", "0.5,2"],
        "row 1 (line 2), column 'a': 'relu' is no number, as others",
    ),
    "a word among numbers": ("a,error", ["1,1", "2,2", "big,3"], "row 3 (line 4), column 'a': 'big' is no number"),
    "a percent sign here and there": ("a,error", ["1,90%", "2,80"], "'90%' is no number (a percent sign"),
}


@pytest.mark.parametrize("kind", UNCLEAR)
def test_numbers_are_never_taken_for_labels(tmp_path: Path, kind: str) -> None:
    header, rows, message = UNCLEAR[kind]
    assert message in refused(tmp_path, column(header, *rows), "a")
