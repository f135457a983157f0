"""CSV in and out: every dialect people write, and every mistake named by row and column."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from surfaces_made import bowl, same, surfaces

from grids.errors import BadInput
from grids.surface import Surface
from grids.tables import exporting, files
from grids.tables.importing import Meaning, meaning_of

PLAIN = "alpha,epsilon,error\n0.1,1e-8,3\n0.1,1,4\n10,1e-8,5\n10,1,6.5\n"


def read(folder: Path, content: str | bytes, axes: Sequence[str] = ("alpha", "epsilon"), **options: Any) -> Surface:
    path = folder / "sweep.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return files.read(path, meaning_of(axes=axes, value=options.pop("value", "error"), **options))


def refused(folder: Path, content: str | bytes, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read(folder, content, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(folder / "sweep.csv") + ": ")
    return line.partition("sweep.csv: ")[2]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(surfaces())
def test_export_and_import_is_the_identity(tmp_path: Path, surface: Surface) -> None:
    path = tmp_path / "s.csv"
    exporting.write_csv(surface, path)
    back = files.read(path, Meaning(surface.space.names, "value", "seed"))
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


DIALECTS = {
    "byte order mark": "\ufeff" + PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR": PLAIN.replace("\n", "\r"),
    "semicolons": PLAIN.replace(",", ";"),
    "separators in quoted names": '"a,b,c,d,e";' + PLAIN.replace(",", ";").replace("\n", "\n;", 4),
    "tabs": PLAIN.replace(",", "\t"),
    "quoted": "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in PLAIN.splitlines()),
    "spaces": PLAIN.replace(",", " ,  ").replace("\n", " \n"),
    "quoted after spaces": PLAIN.replace(",1e-8", ', "1e-8"'),
    "blank lines": "\n\n" + PLAIN.replace("\n", "\n\n") + ",,\n",
    "other spellings of numbers": PLAIN.replace("1e-8", "0.00000001", 1).replace("10,", "1.0E+1,", 1),
    "other order of rows": "alpha,epsilon,error\n10,1,6.5\n0.1,1,4\n10,1e-8,5\n0.1,1e-8,3\n",
    "other order of columns": "error,epsilon,alpha\n3,1e-8,0.1\n4,1,0.1\n5,1e-8,10\n6.5,1,10\n",
    "further columns": 'note,alpha,epsilon,error,seconds\na,0.1,1e-8,3,\n,0.1,1,4,x\nb,10,1e-8,5,\n"c,d",10,1,6.5,\n',
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects(tmp_path: Path, dialect: str) -> None:
    surface = read(tmp_path, DIALECTS[dialect])
    assert surface.space.names == ("alpha", "epsilon")
    assert [axis.values for axis in surface.space.axes] == [(0.1, 10.0), (1e-8, 1.0)]
    assert [axis.scale for axis in surface.space.axes] == ["log", "log"]
    assert surface.value.tolist() == [[[3.0], [4.0]], [[5.0], [6.5]]]
    assert surface.seeds == (0,)
    assert not surface.diverged.any()


def test_axes_stand_in_the_order_asked_for(tmp_path: Path) -> None:
    surface = read(tmp_path, PLAIN, axes=("epsilon", "alpha"))
    assert surface.space.names == ("epsilon", "alpha")
    assert surface.value[..., 0].tolist() == [[3.0, 5.0], [4.0, 6.5]]


def test_one_axis_and_negative_and_extreme_numbers(tmp_path: Path) -> None:
    surface = read(tmp_path, "x,error\n-1e300,1e-308\n0,-1.5e300\n5e-324,0\n", axes=["x"])
    assert surface.space.axes[0].values == (-1e300, 0.0, 5e-324)
    assert surface.space.axes[0].scale == "linear"
    assert surface.value.ravel().tolist() == [1e-308, -1.5e300, 0.0]


def test_seeds(tmp_path: Path) -> None:
    content = "alpha,run,error\n1,7,3\n2,7,4\n2,-1,6\n1,-1,5.0\n"
    surface = read(tmp_path, content, axes=["alpha"], seed="run")
    assert surface.seeds == (-1, 7)
    assert surface.value.tolist() == [[5.0, 3.0], [6.0, 4.0]]


def test_maximize_negates_and_says_so(tmp_path: Path) -> None:
    surface = read(tmp_path, "lr,acc\n1,90\n2,0\n", axes=["lr"], value="acc", maximize=True, unit="%")
    assert surface.value.ravel().tolist() == [-90.0, 0.0]
    assert not np.signbit(surface.value[1, 0])
    assert surface.provenance.metric == "-acc"
    assert surface.provenance.fixed == {"maximize": True}


def test_names_come_from_the_file_unless_given(tmp_path: Path) -> None:
    surface = read(tmp_path, PLAIN)
    assert surface.name == "sweep/imported"
    assert surface.provenance.metric == "error"
    assert surface.provenance.data["rows"] == 4
    named = read(tmp_path, PLAIN, task="t", optimizer="o", metric="m", unit="s")
    assert (named.name, named.provenance.metric, named.provenance.unit) == ("t/o", "m", "s")


def test_diverged_runs_keep_their_mark_and_get_a_value(tmp_path: Path) -> None:
    content = "a,error,diverged\n1,3,false\n2,nan,TRUE\n3,,1\n4,inf,yes\n5,90,0\n6,12,true\n"
    surface = read(tmp_path, content, axes=["a"])
    assert surface.diverged.ravel().tolist() == [False, True, True, True, False, True]
    assert surface.value.ravel().tolist() == [3.0, 90.0, 90.0, 90.0, 90.0, 12.0]
    surface = read(tmp_path, content, axes=["a"], maximize=True)
    assert surface.value.ravel().tolist() == [-3.0, -3.0, -3.0, -3.0, -90.0, -12.0]


REFUSED = {
    "empty": ("", {}, "it is empty"),
    "only blank lines": ("\n \n\r\n", {}, "it is empty"),
    "only a header": ("alpha,epsilon,error\n", {}, "it has a header but no rows"),
    "missing cell": (
        PLAIN.replace("10,1,6.5\n", ""),
        {},
        "cell alpha=10, epsilon=1 is missing; --missing worst or --missing NUMBER fills",
    ),
    "doubled cell": (
        PLAIN + "0.1,0.00000001,3\n",
        {},
        "cell alpha=0.1, epsilon=1e-08 is given twice; no other column tells its rows apart: --number-seeds",
    ),
    "missing for one seed": (
        "alpha,seed,error\n1,0,1\n2,0,1\n1,5,1\n",
        {"axes": ["alpha"], "seed": "seed"},
        "cell alpha=2, seed 5 is missing",
    ),
    "seeds not asked for": (
        "alpha,seed,error\n1,0,1\n1,1,1\n",
        {"axes": ["alpha"]},
        "cell alpha=1 is given twice; its rows differ in column 'seed': --seed-column seed reads it",
    ),
    "an axis rounded in two ways": (
        PLAIN.replace("10,1,", "10.0000001,1,"),
        {},
        "--pool takes each row as a cell of its own; alpha is 10 in some rows and 10.0000001 in others",
    ),
    "text as value": (PLAIN.replace("6.5", "good"), {}, "row 4 (line 5), column 'error': 'good' is no number"),
    "text as axis": (PLAIN.replace("10,1,", "x,1,"), {}, "row 4 (line 5), column 'alpha': 'x' is no number"),
    "long text as value": (
        PLAIN.replace("6.5", 3000 * "x"),
        {},
        f"row 4 (line 5), column 'error': '{57 * 'x'}...' is no number",
    ),
    "underscored number": (PLAIN.replace("6.5", "1_0"), {}, "row 4 (line 5), column 'error': '1_0' is no number"),
    "two commas where one can only be a decimal comma": (
        PLAIN.replace(",", ";").replace("6.5", "6,5,5"),
        {},
        "row 4 (line 5), column 'error': '6,5,5' is no number",
    ),
    "blank value": (PLAIN.replace("6.5", ""), {}, "row 4 (line 5), column 'error' is blank where a number belongs"),
    "blank lines count": ("\n" + PLAIN.replace("6.5", "?"), {}, "row 4 (line 6), column 'error': '?' is no number"),
    "NaN value": (
        PLAIN.replace("6.5", "nan"),
        {},
        "row 4 (line 5), column 'error': 'nan' stands where a number is missing; mark the run in a column",
    ),
    "infinite value": (PLAIN.replace("6.5", "-inf"), {}, "row 4 (line 5), column 'error': -inf is not finite"),
    "overflowing value": (PLAIN.replace("6.5", "1e400"), {}, "row 4 (line 5), column 'error': 1e400 is not finite"),
    "infinite axis": (PLAIN.replace("10,1,", "inf,1,"), {}, "row 4 (line 5), column 'alpha': inf is not finite"),
    "half a seed": (
        PLAIN,
        {"seed": "error", "value": "alpha", "axes": ["epsilon"]},
        "row 4 (line 5), column 'error': 6.5 is no whole number",
    ),
    "no such axis": (
        PLAIN,
        {"axes": ["alpha", "epsilom"]},
        "unknown column 'epsilom'; did you mean 'epsilon'? (known: alpha, epsilon, error)",
    ),
    "no such value": (
        PLAIN.replace("6.5", "text"),
        {"value": "err"},
        "unknown column 'err'; did you mean 'error'? (known: alpha, epsilon, error)",
    ),
    "no such seed column": (PLAIN, {"seed": "zzz"}, "unknown column 'zzz' (known: alpha, epsilon, error)"),
    "two columns of a name": ("a,a,error\n1,2,3\n", {"axes": ["a"]}, "two columns are called 'a'"),
    "ragged": (PLAIN + "1,2\n", {}, "row 5 (line 6): 2 fields where the header has 3"),
    "not UTF-8": (
        PLAIN.replace("6.5", "6½").encode("latin-1"),
        {},
        "is not UTF-8 text (byte 56); save it as CSV in UTF-8",
    ),
    "cut short in UTF-16": (PLAIN.encode("utf-16")[:-1], {}, "is not UTF-16 text as its first bytes say"),
    "a zero byte": (PLAIN + "\0", {}, "is no text: it holds a zero byte"),
    "an open quote": (PLAIN + '"1,2,3\n', {}, 'a quote (") opens and is never closed'),
    "a value at the end of float64": (
        PLAIN.replace("6.5", "-1e308"),
        {},
        "row 4 (line 5), column 'error': -1e308 is beyond",
    ),
    "flag of another word": (
        "a,error,diverged\n1,2,maybe\n",
        {"axes": ["a"]},
        "row 1 (line 2), column 'diverged': 'maybe' is neither true nor false",
    ),
    "all diverged": (
        "a,error,diverged\n1,,true\n",
        {"axes": ["a"]},
        "every run diverged: there is no value to tell cells apart",
    ),
    "a search at random over many axes": (
        ",".join("abcdefghijklmnopqrst") + ",error\n" + "".join(",".join([str(k)] * 21) + "\n" for k in range(10)),
        {"axes": list("abcdefghijklmnopqrst")},
        "its axes span over 1e+20 cells and it has 10 rows: most cells are missing; --pool takes each row",
    ),
    "an axis called seed": (
        "seed,error\n1,2\n",
        {"axes": ["seed"]},
        "an axis cannot be called 'seed': a surface has a column of that name already",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_each_mistake_is_named(tmp_path: Path, fault: str) -> None:
    content, options, message = REFUSED[fault]
    assert message in refused(tmp_path, content, **options)


@pytest.mark.parametrize("columns", [("error", "error", None), ("a", "error", "a"), ("a", "error", "error")])
def test_one_column_cannot_be_two_things(tmp_path: Path, columns: tuple[str, str, str | None]) -> None:
    axis, value, seed = columns
    with pytest.raises(BadInput, match="must be different columns"):
        read(tmp_path, PLAIN, axes=[axis], value=value, seed=seed)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "directory")):
        with pytest.raises(BadInput, match=reason):
            files.read(path, Meaning(["a"], "b"))


def test_the_whole_way_round(tmp_path: Path) -> None:
    """Import, save, load, export, import: the same surface but for its file's name and date."""
    from grids import surface_file

    surface_file.save(read(tmp_path, PLAIN), tmp_path / "s.parquet")
    loaded = surface_file.load(tmp_path / "s.parquet")
    same(read(tmp_path, PLAIN), loaded)
    assert exporting.csv_text(
        read(tmp_path, exporting.csv_text(loaded), value="value", metric="error")
    ) == exporting.csv_text(loaded)
