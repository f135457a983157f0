"""Tables as real owners bring them: each kind with several inputs, and what must come of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids.errors import BadInput
from grids.surface import Fidelity, Surface
from grids.tables import files
from grids.tables.importing import meaning_of


def read(folder: Path, content: str | bytes, axes: str, value: str = "err", **options: Any) -> Surface:
    path = folder / options.pop("name", "t.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return files.read(path, meaning_of(axes=[n for n in axes.split(",") if n], value=value, **options))


def refused(folder: Path, content: str | bytes, axes: str, value: str = "err", **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read(folder, content, axes, value, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value).partition("t.csv: ")[2]


def column(header: str, *rows: str) -> str:
    return "\n".join((header, *rows)) + "\n"


LABELS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "words in order of appearance": (("relu", "tanh", "gelu"), ("relu", "tanh", "gelu")),
    "None among numbers": (("None", "1.0", "5.0"), ("", "1.0", "5.0")),
    "a blank among numbers": (("1", "", "5"), ("1", "", "5")),
    "null in lower case": (("0.5", "null"), ("0.5", "")),
    "NaN as pandas writes it": (("nan", "0.5"), ("", "0.5")),
    "a blank among words": (("", "cosine"), ("", "cosine")),
    "true and false": (("True", "False"), ("True", "False")),
    "booleans of any case": (("FALSE", "true"), ("FALSE", "true")),
    "booleans and None": (("true", "None", "false"), ("true", "", "false")),
    "lists": (("[64, 64]", "[32]"), ("[64, 64]", "[32]")),
    "words that begin with numbers": (("7B", "13B"), ("7B", "13B")),
    "words with accents": (("α", "β"), ("α", "β")),
}


@pytest.mark.parametrize("kind", LABELS)
def test_an_axis_of_labels(tmp_path: Path, kind: str) -> None:
    given, labels = LABELS[kind]
    rows = [f'{lr},"{word}",{10 * lr + place}' for lr in (1, 2) for place, word in enumerate(given)]
    surface = read(tmp_path, column("lr,what,err", *rows), "lr,what")
    assert surface.space.axis("what").values == tuple(labels)
    assert surface.space.axis("what").scale == "label"
    assert surface.value[..., 0].tolist() == [[10 * lr + place for place in range(len(given))] for lr in (1, 2)]


def test_one_number_or_boolean_is_one_label_however_it_is_spelled(tmp_path: Path) -> None:
    surface = read(tmp_path, column("a,b,err", "None,True,1", "1.0,true,2", "none,FALSE,3", "1,False,4"), "a,b")
    assert surface.space.axis("a").values == ("", "1.0")
    assert surface.space.axis("b").values == ("True", "FALSE")
    assert surface.value[..., 0].tolist() == [[1, 3], [2, 4]]


NUMBERS = {
    "a decimal comma": ("a;err", "0,5;1,25", [0.5], 1.25),
    "a point beside semicolons": ("a;err", "0.5;1.25", [0.5], 1.25),
    "thousands in English": ("a,err", '"1,000","1,234.5"', [1000], 1234.5),
    "thousands in German": ("a;err", "1.000,5;2.000.000", [1000.5], 2e6),
    "thousands in Swiss": ("a,err", "1'000,2'500.5", [1000], 2500.5),
    "thousands with a narrow space": ("a;err", "1\u202f000;3,5", [1000], 3.5),
    "a decimal comma in a quoted field": ("a,err", '"0,25",3', [0.25], 3),
    "a percent sign": ("a,err", "1,91.5%", [1], 91.5),
    "a typographic minus": ("a,err", "1,−0.5", [1], -0.5),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_as_spreadsheets_write_them(tmp_path: Path, kind: str) -> None:
    header, row, axis, value = NUMBERS[kind]
    surface = read(tmp_path, column(header, row), "a")
    assert list(surface.space.axes[0].values) == axis
    assert surface.value.ravel().tolist() == [value]


UNCLEAR = {
    "one thousand or one": (
        "a\terr",
        ["1,000\t1", "2,000\t2"],
        "'1,000' is no number, as others there are (of thousands or of decimals?",
    ),
    "thousands among decimal commas": ("a;err", ["1;1.234", "2;5,18"], "'1.234' is no number (of thousands"),
    "numbers among words": ("a,err", ["relu,1", "0.5,2"], "row 1 (line 2), column 'a': 'relu' is no number, as others"),
    "a word among numbers": ("a,err", ["1,1", "2,2", "big,3"], "row 3 (line 4), column 'a': 'big' is no number"),
    "a percent sign here and there": ("a,err", ["1,90%", "2,80"], "'90%' is no number (a percent sign"),
}


@pytest.mark.parametrize("kind", UNCLEAR)
def test_numbers_are_never_taken_for_labels(tmp_path: Path, kind: str) -> None:
    header, rows, message = UNCLEAR[kind]
    assert message in refused(tmp_path, column(header, *rows), "a")


GRID = ("lr,mom,err", "0.1,0,5", "0.1,0.9,4", "1,0,6", "1,0.9,7")
LAYOUTS = {
    "surplus blank fields": column(GRID[0], *(row + ",," for row in GRID[1:])),
    "surplus names too": column(*(row + "," for row in GRID)),
    "a comment": "# exported 2026\n#\n" + column(*GRID),
    "sep=": "sep=;\n" + column(*GRID).replace(",", ";"),
    "sep= in quotes, commas": '"sep=,"\n' + column(*GRID),
    "sep= of a tab": "sep=\t\n" + column(*GRID).replace(",", "\t"),
    "bars": column(*GRID).replace(",", "|"),
    "a header in a comment": "# lr,mom,err\n" + column(*GRID[1:]),
    "an index column": column("," + GRID[0], *(f"{i},{row}" for i, row in enumerate(GRID[1:]))),
    "UTF-16": column(*GRID).encode("utf-16"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path: Path, layout: str) -> None:
    surface = read(tmp_path, LAYOUTS[layout], "lr,mom")
    assert surface.value[..., 0].tolist() == [[5, 4], [6, 7]]


def test_a_column_with_a_comma_in_its_name(tmp_path: Path) -> None:
    from grids.tables.importing import split_names

    names = split_names('"lr, base",mom')
    path = tmp_path / "t.csv"
    path.write_text('"lr, base",mom,err\n1,2,3\n')
    assert files.read(path, meaning_of(axes=names, value="err")).space.names == ("lr, base", "mom")


MISSING = ["nan", "NaN", "", "NA", "N/A", "None", "null", "inf", "-inf", "#DIV/0!"]


@pytest.mark.parametrize("word", MISSING)
def test_a_missing_value_is_refused_with_a_way_out_or_filled(tmp_path: Path, word: str) -> None:
    content = column("a,err", "1,5", f"2,{word}", "3,7")
    message = refused(tmp_path, content, "a")
    assert message.startswith("row 2 (line 3), column 'err'")
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
    surface = read(tmp_path, column("a,acc", "1,90", "2,", "3,50"), "a", "acc", maximize=True, missing="10")
    assert surface.value.ravel().tolist() == [-90, -10, -50]
    assert surface.provenance.filled["with"] == "10"
    worst = read(tmp_path, column("a,acc", "1,90", "2,", "3,50"), "a", "acc", maximize=True, missing="worst")
    assert worst.value.ravel().tolist() == [-90, -50, -50]


def test_a_missing_cell(tmp_path: Path) -> None:
    content = column(*GRID[:-1])
    message = refused(tmp_path, content, "lr,mom")
    assert "cell lr=1, mom=0.9 is missing" in message
    assert "--missing" in message
    assert "--pool" in message
    surface = read(tmp_path, content, "lr,mom", missing="worst")
    assert surface.value[..., 0].tolist() == [[5, 4], [6, 6]]
    assert dict(surface.provenance.filled) == {"cells": 1, "runs": 1, "with": "worst", "value": 6.0}


@pytest.mark.parametrize("flag", ["True", "1", "1.0", "yes", "YES", "t", "Y"])
@pytest.mark.parametrize("value", ["None", "", "nan", "crashed", "1e400"])
def test_a_diverged_run_is_excused_whatever_its_value_says(tmp_path: Path, flag: str, value: str) -> None:
    surface = read(tmp_path, column("a,err,diverged", "1,5,no", f"2,{value},{flag}", "3,9,0.0"), "a")
    assert surface.diverged.ravel().tolist() == [False, True, False]
    assert surface.value.ravel().tolist() == [5, 9, 9]


RAGGED = column("lr,seed,err", "1,0,5", "1,1,5.5", "1,2,6", "2,0,7", "2,2,8")


def test_seeds_that_not_every_cell_has(tmp_path: Path) -> None:
    assert "--seeds common" in refused(tmp_path, RAGGED, "lr", seed="seed")
    surface = read(tmp_path, RAGGED, "lr", seed="seed", seeds="common")
    assert surface.seeds == (0, 2)
    assert surface.value.tolist() == [[5, 6], [7, 8]]
    none = column("lr,seed,err", "1,0,5", "2,1,7")
    assert "leaves none" in refused(tmp_path, none, "lr", seed="seed", seeds="common")


def test_repeats_that_nothing_tells_apart(tmp_path: Path) -> None:
    content = column("lr,time,err", "1,0.11,3", "1,0.12,4", "1,0.13,5", "2,0.14,6", "2,0.15,7", "2,0.16,8")
    message = refused(tmp_path, content, "lr")
    assert "is given 3 times (and 1 more cell more than once)" in message
    assert "--number-seeds" in message
    surface = read(tmp_path, content, "lr", number_seeds=True)
    assert surface.value.tolist() == [[3, 4, 5], [6, 7, 8]]


TOLD_APART = {
    "words": ("opt", ("adam", "sgd"), "--where opt=adam"),
    "words with a space": ("data set", ("a b", "c d"), "--where 'data set=a b'"),
    "epochs": ("epoch", ("1", "2"), "--epoch-column epoch"),
    "steps": ("global_step", ("100", "200"), "--epoch-column global_step"),
    "seeds": ("seed", ("0", "7"), "--seed-column seed"),
    "folds": ("fold", ("0", "1"), "--seed-column fold"),
    "another hyperparameter": ("wd", ("0.0", "0.01"), "--axes takes it as an axis"),
}


@pytest.mark.parametrize("kind", TOLD_APART)
def test_the_column_that_tells_doubled_rows_apart_is_named(tmp_path: Path, kind: str) -> None:
    name, levels, way = TOLD_APART[kind]
    rows = [f"{lr},{level},{lr}.{place}{i}" for lr in (1, 2, 3) for i, level in enumerate(levels) for place in (3,)]
    message = refused(tmp_path, column(f"lr,{name},err", *rows), "lr")
    assert "cell lr=1 is given twice (and 2 more cells more than once)" in message
    assert f"its rows differ in column '{name}'" in message
    assert way in message
    assert "--pool" in message


def test_where_keeps_rows(tmp_path: Path) -> None:
    content = column("opt,lr,nest,err", "adam,1,True,3", "adam,2,True,4", "sgd,1,,5", "sgd,2,,6", "sgd,1,false,7")
    assert read(tmp_path, content, "lr", where=["opt=adam"]).value.ravel().tolist() == [3, 4]
    assert read(tmp_path, content, "lr", where=["opt=sgd", "nest=None"]).value.ravel().tolist() == [5, 6]
    assert read(tmp_path, content, "opt", where=["lr=1.0", "nest=true", "nest="]).value.ravel().tolist() == [3, 5]
    assert "did you mean 'adam'?" in refused(tmp_path, content, "lr", where=["opt=adma"])
    assert "no row has" in refused(tmp_path, content, "lr", where=["opt=adam", "nest="])
    assert "COLUMN=VALUE" in refused(tmp_path, content, "lr", where=["opt"])


def curve_table(**at: str) -> str:
    rows = [f"{lr},{step},{at.get(f'r{lr}_{step}', str(lr * 10 + step))}" for lr in (1, 2) for step in (10, 30, 90)]
    return column("lr,step,err", *(row for row in rows if not row.endswith(",-")))


def test_learning_curves(tmp_path: Path) -> None:
    surface = read(tmp_path, curve_table(), "lr", epoch="step")
    assert surface.fidelity == Fidelity("step", (10.0, 30.0, 90.0))
    assert surface.curve is not None
    assert surface.curve.dtype == np.float64
    assert surface.curve[:, 0].tolist() == [[20, 40, 100], [30, 50, 110]]
    assert surface.value.ravel().tolist() == [100, 110]
    assert surface.judged_by("best").value.ravel().tolist() == [20, 30]
    missing = curve_table(r2_90="-")
    assert "cell lr=2 has no row for step 90" in refused(tmp_path, missing, "lr", epoch="step")
    filled = read(tmp_path, missing, "lr", epoch="step", missing="worst")
    assert filled.value.ravel().tolist() == [100, 100]
    assert filled.filled is not None
    assert filled.filled.ravel().tolist() == [False, True]


def test_a_diverged_run_may_end_early(tmp_path: Path) -> None:
    content = column("lr,epoch,err,diverged", "1,1,5,no", "1,2,4,no", "2,1,nan,yes")
    surface = read(tmp_path, content, "lr", epoch="epoch")
    assert surface.diverged.ravel().tolist() == [False, True]
    assert surface.value.ravel().tolist() == [4, 5]


@pytest.mark.parametrize("name", ["seed", "value", "diverged", "curve", "seconds", "filled"])
def test_names_that_an_axis_cannot_have(tmp_path: Path, name: str) -> None:
    content = column(f"{name},lr,err", "0,1,5", "0,2,4", "1,1,3", "1,2,2")
    assert refused(tmp_path, content, f"{name},lr").startswith(f"an axis cannot be called '{name}'")


def test_values_at_the_end_of_float64(tmp_path: Path) -> None:
    for value in ("1e308", "-1e308", "1.7e308"):
        assert "is beyond 1e+305" in refused(tmp_path, column("a,err", "1,0", f"2,{value}"), "a")
    assert read(tmp_path, column("a,err", "1,3.4e38", "2,1.5e300"), "a").value.max() == 1.5e300


def test_prefixes_of_trackers(tmp_path: Path) -> None:
    content = column(
        "Name,State,config.lr,config.opt,config.batch,summary.acc",
        "a,finished,0.1,adam,64,90",
        "b,finished,1,adam,64,91",
        "c,crashed,0.1,sgd,64,",
        "d,finished,0.1,sgd,64,92",
        "e,finished,1,sgd,64,93",
    )
    surface = read(tmp_path, content, "", "acc", maximize=True)
    assert surface.space.names == ("lr", "opt")
    assert surface.value[..., 0].tolist() == [[-90, -92], [-91, -93]]
    assert surface.provenance.fixed["batch"] == "64"
    same = read(tmp_path, content.replace("c,crashed,0.1,sgd,64,\n", ""), "lr,opt", "acc", maximize=True)
    assert same.space == surface.space
    assert "which columns make a cell?" in refused(tmp_path, column("a,err", "1,2"), "")


def test_keep_stores_further_numbers(tmp_path: Path) -> None:
    content = column("lr,err,flops,seconds", "1,5,10,0.5", "2,4,,0.25")
    surface = read(tmp_path, content, "lr", keep=["flops", "seconds"])
    assert surface.seconds is not None
    assert surface.seconds.ravel().tolist() == [0.5, 0.25]
    np.testing.assert_array_equal(surface.extra["flops"].ravel(), [10, np.nan])


def test_pools(tmp_path: Path) -> None:
    content = column("lr,opt,err", "0.1,adam,5", "0.3,sgd,4", "0.1,adam,6", "0.7,,3")
    surface = read(tmp_path, content, "lr,opt", pool=True)
    assert surface.space.is_pool
    assert surface.space.size == 4
    assert surface.value.ravel().tolist() == [5, 4, 6, 3]
    assert surface.space.describe((3,)) == "lr=0.7, opt=None"
    seeds = column("lr,seed,err", "0.1,0,5", "0.3,0,4", "0.1,1,6", "0.3,1,7")
    both = read(tmp_path, seeds, "lr", seed="seed", pool=True)
    assert (both.space.size, both.seeds) == (2, (0, 1))
    assert both.value.tolist() == [[5, 6], [4, 7]]
    numbered = read(tmp_path, column("lr,err", "1,5", "2,3", "1,6", "2,4"), "lr", pool=True, number_seeds=True)
    assert numbered.value.tolist() == [[5, 6], [3, 4]]


def test_quotes_over_lines_that_do_not_pair(tmp_path: Path) -> None:
    message = refused(tmp_path, 'é, "opt": "a"},": 2}\n{"config": {"lr": 2, "opt": null},,', "lr")
    assert message
    surface = read(tmp_path, 'lr,note,err\n1,"a,\nb,c,d",2\n2,x,3\n', "lr")
    assert surface.value.ravel().tolist() == [2, 3]
