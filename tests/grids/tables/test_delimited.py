"""Delimited text in every dialect that people write."""

from pathlib import Path

import pytest
from tables_made import GRID, PLAIN, column, read, refused

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


LAYOUTS = {
    "surplus blank fields": column(GRID[0], *(row + ",," for row in GRID[1:])),
    "surplus names too": column(*(row + "," for row in GRID)),
    "a comment": "# exported 2026\n#\n" + column(*GRID),
    "sep=": "sep=;\n" + column(*GRID).replace(",", ";"),
    "sep= in quotes, commas": '"sep=,"\n' + column(*GRID),
    "sep= of a tab": "sep=\t\n" + column(*GRID).replace(",", "\t"),
    "bars": column(*GRID).replace(",", "|"),
    "a header in a comment": "# lr,mom,error\n" + column(*GRID[1:]),
    "an index column": column("," + GRID[0], *(f"{i},{row}" for i, row in enumerate(GRID[1:]))),
    "UTF-16": column(*GRID).encode("utf-16"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path: Path, layout: str) -> None:
    surface = read(tmp_path, LAYOUTS[layout], "lr,mom")
    assert surface.value[..., 0].tolist() == [[5, 4], [6, 7]]


def test_quotes_over_lines_that_do_not_pair(tmp_path: Path) -> None:
    message = refused(tmp_path, 'é, "opt": "a"},": 2}\n{"config": {"lr": 2, "opt": null},,', "lr")
    assert message
    surface = read(tmp_path, 'lr,note,error\n1,"a,\nb,c,d",2\n2,x,3\n', "lr")
    assert surface.value.ravel().tolist() == [2, 3]
