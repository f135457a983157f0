"""What the columns of a table mean, and every mistake named by row and column."""

from pathlib import Path

import numpy as np
import pytest
from tables_made import PLAIN, column, read, refused

from grids.errors import BadInput
from grids.tables.importing import meaning_of
from grids.tables.sources import surface_from


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
    assert surface.value.ravel().tolist() == [3.0, 90.0, 90.0, 90.0, 90.0, 90.0]
    surface = read(tmp_path, content, axes=["a"], maximize=True)
    assert surface.value.ravel().tolist() == [-3.0, -12.0, -12.0, -12.0, -90.0, -12.0]


@pytest.mark.parametrize("maximize", [False, True], ids=["lowest", "highest"])
@pytest.mark.parametrize("told", [("0", "0"), ("-1", ""), ("0.01", "1000000"), ("0.01", "1e306")])
def test_the_value_of_a_diverged_run_does_not_count(tmp_path: Path, maximize: bool, told: tuple[str, str]) -> None:
    sign = "-" if maximize else ""
    given = [f"{sign}{value}".replace("--", "") if value else "" for value in told]
    content = column("a,err,diverged", f"1,{sign}5,no", f"2,{sign}6,no", f"3,{given[0]},yes", f"4,{given[1]},yes")
    surface = read(tmp_path, content, "a", value="err", maximize=maximize)
    assert surface.value.ravel().tolist() == [5, 6, 6, 6]


def test_a_diverged_run_ends_its_curve_at_the_worst_value(tmp_path: Path) -> None:
    rows = ("1,1,5,no", "1,2,4,no", "2,1,3,no", "2,2,0,yes", "3,1,9,no", "3,2,8,no")
    surface = read(tmp_path, column("lr,epoch,error,diverged", *rows), "lr", epoch="epoch")
    assert surface.value.ravel().tolist() == [4, 8, 8]
    assert surface.curve is not None
    assert surface.curve.reshape(3, 2).tolist() == [[5, 4], [3, 8], [9, 8]]


def test_what_diverged_runs_are_worth_is_kept(tmp_path: Path) -> None:
    content = column("a,err,diverged", "1,5,no", "2,95,no", "3,90,yes", "4,90,yes", "5,,yes", "6,7,no")
    assert read(tmp_path, content, "a", value="err").value.ravel().tolist() == [5, 95, 90, 90, 90, 7]


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


def test_a_column_with_a_comma_in_its_name(tmp_path: Path) -> None:
    from grids.tables.importing import split_names

    names = split_names('"lr, base",mom')
    path = tmp_path / "t.csv"
    path.write_text('"lr, base",mom,error\n1,2,3\n')
    assert surface_from(path, meaning_of(axes=names, value="error")).space.names == ("lr, base", "mom")


MISSING = ["nan", "NaN", "", "NA", "N/A", "None", "null", "inf", "-inf", "#DIV/0!"]


@pytest.mark.parametrize("word", MISSING)
def test_a_missing_value_is_refused_with_a_way_out_or_filled(tmp_path: Path, word: str) -> None:
    content = column("a,error", "1,5", f"2,{word}", "3,7")
    message = refused(tmp_path, content, "a")
    assert message.startswith("row 2 (line 3), column 'error'")
    assert "'diverged'" in message
    assert "--missing worst" in message
    for how, value in (("worst", 7), ("50", 50), ("-1e3", -1000)):
        surface = read(tmp_path, content, "a", missing=how)
        assert surface.value.ravel().tolist() == [5, value, 7]
        assert surface.filled is not None
        assert surface.filled.ravel().tolist() == [False, True, False]
        assert not surface.diverged.any()
        assert dict(surface.provenance.filled)["runs"] == 1


def test_a_missing_number_is_in_the_tables_own_sense(tmp_path: Path) -> None:
    surface = read(tmp_path, column("a,acc", "1,90", "2,", "3,50"), "a", value="acc", maximize=True, missing="10")
    assert surface.value.ravel().tolist() == [-90, -10, -50]
    assert surface.provenance.filled["with"] == "10"
    worst = read(tmp_path, column("a,acc", "1,90", "2,", "3,50"), "a", value="acc", maximize=True, missing="worst")
    assert worst.value.ravel().tolist() == [-90, -50, -50]


@pytest.mark.parametrize("flag", ["True", "1", "1.0", "yes", "YES", "t", "Y"])
@pytest.mark.parametrize("value", ["None", "", "nan", "crashed", "1e400"])
def test_a_diverged_run_is_excused_whatever_its_value_says(tmp_path: Path, flag: str, value: str) -> None:
    surface = read(tmp_path, column("a,error,diverged", "1,5,no", f"2,{value},{flag}", "3,9,0.0"), "a")
    assert surface.diverged.ravel().tolist() == [False, True, False]
    assert surface.value.ravel().tolist() == [5, 9, 9]


def test_where_keeps_rows(tmp_path: Path) -> None:
    content = column("opt,lr,nest,error", "adam,1,True,3", "adam,2,True,4", "sgd,1,,5", "sgd,2,,6", "sgd,1,false,7")
    assert read(tmp_path, content, "lr", where=["opt=adam"]).value.ravel().tolist() == [3, 4]
    assert read(tmp_path, content, "lr", where=["opt=sgd", "nest=None"]).value.ravel().tolist() == [5, 6]
    assert read(tmp_path, content, "opt", where=["lr=1.0", "nest=true", "nest="]).value.ravel().tolist() == [3, 5]
    assert "did you mean 'adam'?" in refused(tmp_path, content, "lr", where=["opt=adma"])
    assert "no row has" in refused(tmp_path, content, "lr", where=["opt=adam", "nest="])
    assert "COLUMN=VALUE" in refused(tmp_path, content, "lr", where=["opt"])


@pytest.mark.parametrize("name", ["seed", "value", "diverged", "curve", "seconds", "filled"])
def test_names_that_an_axis_cannot_have(tmp_path: Path, name: str) -> None:
    content = column(f"{name},lr,error", "0,1,5", "0,2,4", "1,1,3", "1,2,2")
    assert refused(tmp_path, content, f"{name},lr").startswith(f"an axis cannot be called '{name}'")


def test_values_at_the_end_of_float64(tmp_path: Path) -> None:
    for value in ("1e308", "-1e308", "1.7e308"):
        assert "is beyond 1e+305" in refused(tmp_path, column("a,error", "1,0", f"2,{value}"), "a")
    assert read(tmp_path, column("a,error", "1,3.4e38", "2,1.5e300"), "a").value.max() == 1.5e300


def test_prefixes_of_trackers(tmp_path: Path) -> None:
    content = column(
        "Name,State,config.lr,config.opt,config.batch,summary.acc",
        "a,finished,0.1,adam,64,90",
        "b,finished,1,adam,64,91",
        "c,crashed,0.1,sgd,64,",
        "d,finished,0.1,sgd,64,92",
        "e,finished,1,sgd,64,93",
    )
    surface = read(tmp_path, content, "", value="acc", maximize=True)
    assert surface.space.names == ("lr", "opt")
    assert surface.value[..., 0].tolist() == [[-90, -92], [-91, -93]]
    assert surface.provenance.fixed["batch"] == "64"
    same = read(tmp_path, content.replace("c,crashed,0.1,sgd,64,\n", ""), "lr,opt", value="acc", maximize=True)
    assert same.space == surface.space
    assert "which columns make a cell?" in refused(tmp_path, column("a,error", "1,2"), "")


def test_keep_stores_further_numbers(tmp_path: Path) -> None:
    content = column("lr,error,flops,seconds", "1,5,10,0.5", "2,4,,0.25")
    surface = read(tmp_path, content, "lr", keep=["flops", "seconds"])
    assert surface.seconds is not None
    assert surface.seconds.ravel().tolist() == [0.5, 0.25]
    np.testing.assert_array_equal(surface.extra["flops"].ravel(), [10, np.nan])
